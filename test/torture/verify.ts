// Whether a playback is what was promised, by the frames in its clip.
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
/** A hole that no cut explains. The camera sends a frame every 67 ms. */
const holeMs = 400;
/** After a cut the feed has to connect again, find a keyframe, and settle its clock. */
const reconnectMs = 12_000;
/** Who was paused finds after this at the latest that the camera's connection is over. */
const silenceMs = 6_000;

export interface Verdict {
  readonly breaches: string[];
  /** Footage lost at each cut that this clip has seen, in milliseconds. */
  readonly lostMs: number[];
  /** From the last frame before a cut to the first one behind it, where there is one. */
  readonly holesMs: number[];
}

/** A FAILED playback is right only where there was nothing to record. */
export function judgeFailure(event: TortureEvent, playback: PlaybackFacts, cuts: readonly Cut[]): string[] {
  const { code } = playback.failure!;
  const wasNothing = event.liveSince === undefined || wasInterrupted(event, cuts);
  if (wasNothing && (code === 'NOT_RECORDED' || code === 'CAMERA_UNREACHABLE')) return [];
  return [`${playback.id} FAILED with ${code}, though there was footage: ${playback.failure!.message}`];
}

/** Whether the camera may have been away while it was asked for. */
const wasInterrupted = (
  { askedAt, answeredAt = Number.POSITIVE_INFINITY }: TortureEvent,
  cuts: readonly Cut[],
) => cuts.some((cut) => interruptsFootage(cut) && cut.untilMs >= askedAt && cut.atMs <= answeredAt);

/**
 * The server's times as this machine's clock tells them.
 * @param aheads by how much the server's clock may have been ahead when it told them; the one that brings the time
 * nearest to `nearMs` is meant
 */
export const asOurs = (serversMs: number, nearMs: number, aheads: readonly number[]): number =>
  aheads
    .map((ahead) => serversMs - ahead)
    .reduce((best, ms) => (Math.abs(ms - nearMs) < Math.abs(best - nearMs) ? ms : best));

export async function judgeClip(
  event: TortureEvent,
  playback: PlaybackFacts,
  cuts: readonly Cut[],
  aheads: readonly number[],
  dir: string,
): Promise<Verdict> {
  const breaches: string[] = [];
  const say = (text: string) => breaches.push(`${event.camera.name} ${playback.id}: ${text}`);
  const verdict = { breaches, lostMs: [] as number[], holesMs: [] as number[] };
  const file = await download(playback, dir).catch((error: Error) => error);
  if (file instanceof Error) {
    say(`COMPLETED, but its object cannot be had: ${error(file)}`);
    return verdict;
  }
  // A picture that begins between two ticks of the muxer that throws everything away is no fault of the file.
  const isMuxers = (line: string) => /non monotonically increasing dts to muxer|Last message/.test(line);
  const warnings = (await ffprobeWarnings(file)).split('\n').filter((line) => !isMuxers(line));
  const problems = [warnings.join('\n'), await strictBoxes(file).then(() => '', error)];
  const frames = await readFrames(file);
  if (problems.some(Boolean)) {
    const kept = path.join(os.tmpdir(), `flashback-torture-${playback.id}.mp4`);
    await copyFile(file, kept);
    for (const problem of problems.filter(Boolean))
      say(`does not play (see ${kept}): ${problem.slice(0, 300)}`);
  }
  await rm(file);

  const sent = sentTimes(event, playback, frames, aheads);
  if (sent.some((at, i) => i > 0 && at <= sent[i - 1]!)) say('frames are doubled or out of order');
  const first = sent[0]!;
  const interruptions = cuts.filter(interruptsFootage);
  const endedAt = asOurs(Date.parse(playback.endedAt!), event.endAskedAt ?? sent.at(-1)!, aheads);

  if (event.liveSince !== undefined && !wasInterrupted(event, cuts)) {
    const startedAt = asOurs(Date.parse(playback.startedAt), event.askedAt, aheads);
    const latest = Math.max(startedAt - event.camera.preRollSec * 1_000, event.liveSince) + 500;
    if (first > latest) say(`begins ${Math.round(first - latest)} ms later than the ring allowed`);
  }
  for (const cut of interruptions.filter(({ atMs }) => atMs > first && atMs < endedAt)) {
    const before = sent.findLast((at) => at <= cut.atMs)!;
    verdict.lostMs.push(cut.atMs - before);
    if (cut.atMs - before > mayBeLostMs)
      say(`${Math.round(cut.atMs - before)} ms of footage lost at the cut '${cut.kind}'`);
    const behind = sent.find((at) => at > cut.atMs);
    if (behind !== undefined) verdict.holesMs.push(behind - before);
  }
  for (const [i, at] of sent.entries()) {
    if (i === 0 || at - sent[i - 1]! < holeMs) continue;
    const from = sent[i - 1]!;
    const isExplained = interruptions.some(
      ({ atMs, untilMs }) => atMs <= from + reconnectMs && from <= untilMs + (untilMs > atMs ? silenceMs : 0),
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
 * When the camera sent the frames, in epoch ms. Where the server's clock was set meanwhile, those recorded by another
 * process may be placed by another clock: each is as the one before it unless that is more than a second off.
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
