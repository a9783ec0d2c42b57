// Checks a playback against the promises, by the frames in its clip.
import { copyFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { download, type PlaybackFacts } from '../support/app/playbacks.ts';
import { type CountedFrame, readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings, strictBoxes } from '../support/media/judges.ts';
import { type Cut, interruptsFootage } from './cuts.ts';
import type { TortureEvent } from './world.ts';

/** docs/design.md 1, G3. */
const mayBeLostMs = 1_000;
/** The shortest gap that needs a cut as its reason. The camera sends a frame every 67 ms. */
const holeMs = 400;
/** After a cut, the feed has to reconnect, wait for a keyframe, and settle its clock. */
const reconnectMs = 12_000;
/** A server that was paused notices within this time that the camera has closed the connection. */
const silenceMs = 6_000;

/** Two clips of one event may share this much: a keyframe interval of the cameras here, and 1.7 s (decision 27). */
const mayOverlapMs = 1_000 + 1_700;

export interface Verdict {
  readonly breaches: string[];
  /** Footage lost at each cut during this event, in milliseconds. */
  readonly lostMs: number[];
  /** From the last frame before a cut to the first one after it, if there is one. */
  readonly holesMs: number[];
  /** From each cut after which the event went on in another playback to the first frame there. */
  readonly wentOnMs: number[];
  /** How much each clip shares with the one before. */
  readonly overlapsMs: number[];
}

/** FAILED is right only if there was nothing to record. */
export function judgeFailure(event: TortureEvent, playback: PlaybackFacts, cuts: readonly Cut[]): string[] {
  const { code } = playback.failure!;
  const isFurther = playback.id !== event.playbackIds[0];
  const wasNothing = event.liveSince === undefined || isFurther || wasInterrupted(event, cuts);
  if (wasNothing && (code === 'NOT_RECORDED' || code === 'CAMERA_UNREACHABLE')) return [];
  return [`${playback.id} FAILED with ${code}, though there was footage: ${playback.failure!.message}`];
}

/** Whether the camera may have been unavailable while the event was requested. */
const wasInterrupted = (event: TortureEvent, cuts: readonly Cut[]) => {
  const { askedAt, answeredAt = Number.POSITIVE_INFINITY, camera } = event;
  return cuts.some(
    (cut) => interruptsFootage(cut, camera) && cut.untilMs >= askedAt && cut.atMs <= answeredAt,
  );
};

/**
 * Converts the server's times to this machine's clock.
 * @param aheads by how much the server's clock may have been ahead at that time; the one that gives the time nearest to
 * `nearMs` is used
 */
export const asOurs = (serversMs: number, nearMs: number, aheads: readonly number[]): number =>
  aheads
    .map((ahead) => serversMs - ahead)
    .reduce((best, ms) => (Math.abs(ms - nearMs) < Math.abs(best - nearMs) ? ms : best));

/** Judges the clips of an event, in the order in which they were recorded, and together what they show of it. */
export async function judgeClips(
  event: TortureEvent,
  clips: readonly PlaybackFacts[],
  cuts: readonly Cut[],
  aheads: readonly number[],
  dir: string,
): Promise<Verdict> {
  const breaches: string[] = [];
  const shown: number[][] = [];
  for (const clip of clips) {
    const say = (text: string) => breaches.push(`${event.camera.name} ${clip.id}: ${text}`);
    const mayHaveUnusedPayload = cuts.some(({ lost }) => lost.some(({ id }) => id === clip.id));
    const frames = await framesOf(clip, { dir, mayHaveUnusedPayload, say });
    if (!frames) return { breaches, lostMs: [], holesMs: [], wentOnMs: [], overlapsMs: [] };
    const sent = sentTimes(event, clip, frames, aheads);
    if (sent.some((at, i) => i > 0 && at <= sent[i - 1]!)) say('frames are doubled or out of order');
    shown.push(sent);
  }
  const overlapsMs = shown.slice(1).map((sent, i) => Math.max(0, shown[i]!.at(-1)! - sent[0]!));
  for (const [i, ms] of overlapsMs.entries())
    if (ms > mayOverlapMs) breaches.push(`${clips[i]!.id} and the next one share ${Math.round(ms)} ms`);
  const coverage = judgeCoverage(event, clips, shown, cuts, aheads);
  return { ...coverage, breaches: [...breaches, ...coverage.breaches], overlapsMs };
}

interface Judging {
  readonly dir: string;
  /** Whether the clip may be made from the bucket: the parts of its upload cannot be cut (offsite/restore.ts). */
  readonly mayHaveUnusedPayload: boolean;
  readonly say: (text: string) => void;
}

/** @returns the frames of a clip that plays; undefined if it cannot be had */
async function framesOf(
  clip: PlaybackFacts,
  { dir, mayHaveUnusedPayload, say }: Judging,
): Promise<CountedFrame[] | undefined> {
  const file = await download(clip, dir).catch((error: Error) => error);
  if (file instanceof Error) {
    say(`COMPLETED, but its object cannot be had: ${error(file)}`);
    return undefined;
  }
  // A picture that begins between two ticks of the null muxer is not a fault of the file.
  const isMuxers = (line: string) => /non monotonically increasing dts to muxer|Last message/.test(line);
  const warnings = (await ffprobeWarnings(file)).split('\n').filter((line) => !isMuxers(line));
  const problems = [
    warnings.join('\n'),
    await strictBoxes(file, { mayHaveUnusedPayload }).then(() => '', error),
  ];
  const frames = await readFrames(file);
  if (problems.some(Boolean)) {
    const kept = path.join(os.tmpdir(), `flashback-torture-${clip.id}.mp4`);
    await copyFile(file, kept);
    for (const problem of problems.filter(Boolean))
      say(`does not play (see ${kept}): ${problem.slice(0, 300)}`);
  }
  await rm(file);
  return frames;
}

/**
 * Judges whether the clips show the whole time of their event, except for what cuts explain.
 * @param shown when the frames of each clip were sent, in epoch ms
 */
function judgeCoverage(
  event: TortureEvent,
  clips: readonly PlaybackFacts[],
  shown: readonly (readonly number[])[],
  cuts: readonly Cut[],
  aheads: readonly number[],
): Omit<Verdict, 'overlapsMs'> {
  const { camera } = event;
  const breaches: string[] = [];
  const say = (text: string) =>
    breaches.push(`${camera.name} ${clips.map(({ id }) => id).join(' + ')}: ${text}`);
  const verdict = { breaches, lostMs: [] as number[], holesMs: [] as number[], wentOnMs: [] as number[] };
  const sent = [...new Set(shown.flat())].sort((a, b) => a - b);
  const first = sent[0]!;
  const interruptions = cuts.filter((cut) => interruptsFootage(cut, camera));
  const endedAt = asOurs(Date.parse(clips.at(-1)!.endedAt!), event.endAskedAt ?? sent.at(-1)!, aheads);

  if (event.liveSince !== undefined && !wasInterrupted(event, cuts)) {
    const startedAt = asOurs(Date.parse(clips[0]!.startedAt), event.askedAt, aheads);
    const latest = Math.max(startedAt - camera.preRollSec * 1_000, event.liveSince) + 500;
    if (first > latest) say(`begins ${Math.round(first - latest)} ms later than the ring allowed`);
  }
  for (const cut of interruptions.filter(({ atMs }) => atMs > first && atMs < endedAt)) {
    const before = sent.findLast((at) => at <= cut.atMs)!;
    verdict.lostMs.push(cut.atMs - before);
    const copiedUntil = cut.lost.find(({ id }) => event.playbackIds.includes(id))?.copiedUntil?.getTime();
    if (before < Math.min(cut.atMs - mayBeLostMs, (copiedUntil ?? Number.POSITIVE_INFINITY) - holeMs))
      say(
        `${Math.round(cut.atMs - before)} ms of footage lost at the cut '${cut.kind}'` +
          (copiedUntil === undefined ? '' : `, ${Math.round(copiedUntil - before)} ms of them in the bucket`),
      );
    const behind = sent.find((at) => at > cut.atMs);
    if (behind !== undefined) verdict.holesMs.push(behind - before);
    const further = shown.slice(1).find(([at]) => at! > before && at === behind);
    if (further) verdict.wentOnMs.push(further[0]! - cut.atMs);
  }
  for (const [i, at] of sent.entries()) {
    if (i === 0 || at - sent[i - 1]! < holeMs) continue;
    const from = sent[i - 1]!;
    const isExplained = interruptions.some(
      ({ atMs, untilMs, lost }) =>
        Math.min(atMs, ...lost.map(({ copiedUntil }) => copiedUntil!.getTime())) <= from + reconnectMs &&
        from <= untilMs + (untilMs > atMs ? silenceMs : 0),
    );
    if (!isExplained) say(`a hole of ${Math.round(at - from)} ms that no cut explains`);
  }
  const last = interruptions.findLast(({ atMs }) => atMs < endedAt);
  const wasWhole = !last || last.untilMs + reconnectMs < endedAt;
  if (wasWhole && endedAt - sent.at(-1)! > mayBeLostMs)
    say(`ends ${Math.round(endedAt - sent.at(-1)!)} ms early`);
  return verdict;
}

/**
 * When the camera sent the frames, in epoch ms. If the server's clock was set meanwhile, frames that another process
 * recorded may be placed by another clock: a frame keeps the clock of the previous one unless that is wrong by more
 * than a second.
 */
function sentTimes(
  { camera, askedAt }: TortureEvent,
  playback: PlaybackFacts,
  frames: readonly CountedFrame[],
  aheads: readonly number[],
): number[] {
  const clipStart = Date.parse(playback.clipStartedAt!);
  let ahead = clipStart - asOurs(clipStart, askedAt, aheads);
  return frames.map(({ counter, time }) => {
    const by = (it: number) => {
      const claimed = clipStart + time * 1_000 - it;
      const at = camera.source.sentAt(counter, claimed);
      return { it, at, offMs: Math.abs(at - claimed) };
    };
    let found = by(ahead);
    if (found.offMs > 1_000) found = aheads.map(by).reduce((a, b) => (b.offMs < a.offMs ? b : a), found);
    ahead = found.it;
    return found.at;
  });
}

const error = (reason: unknown) => (reason as Error).message;
