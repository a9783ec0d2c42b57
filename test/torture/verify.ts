// Whether a playback is what was promised, by the frames in its clip.
import { copyFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readFrames } from '../support/frames.ts';
import { ffprobeWarnings, strictBoxes } from '../support/judges.ts';
import { download, type PlaybackFacts } from '../support/playbacks.ts';
import type { Cut, TortureEvent } from './world.ts';

/** DESIGN 1, G3. */
const mayBeLostMs = 1_000;
/** A hole that no cut explains. The camera sends a frame every 67 ms. */
const holeMs = 400;
/** After a cut the feed has to connect again, find a keyframe, and settle its clock. */
const reconnectMs = 12_000;

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
  const wasCold = event.liveSince === undefined;
  const cutBefore = cuts.some(({ atMs }) => atMs < (event.acknowledgedAt ?? Number.POSITIVE_INFINITY));
  const wasNothing = (wasCold || event.acknowledgedAt === undefined) && cutBefore;
  const isExpected = code === 'NOT_RECORDED' || code === 'CAMERA_UNREACHABLE';
  if (isExpected && (wasNothing || wasCold)) return [];
  return [`${playback.id} FAILED with ${code}, though there was footage: ${playback.failure!.message}`];
}

export async function judgeClip(
  event: TortureEvent,
  playback: PlaybackFacts,
  cuts: readonly Cut[],
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

  const clipStart = Date.parse(playback.clipStartedAt ?? playback.startedAt);
  const sent = frames.map(({ counter, time }) =>
    event.camera.source.sentAt(counter, clipStart + time * 1_000),
  );
  if (sent.some((at, i) => i > 0 && at <= sent[i - 1]!)) say('frames are doubled or out of order');
  const first = sent[0]!;
  const endedAt = Date.parse(playback.endedAt!);

  if (event.acknowledgedAt !== undefined && event.liveSince !== undefined) {
    const asked = Date.parse(playback.startedAt) - event.camera.preRollSec * 1_000;
    const latest = Math.max(asked, event.liveSince) + 500;
    if (first > latest) say(`begins ${Math.round(first - latest)} ms later than the ring allowed`);
  }
  for (const cut of cuts.filter(({ atMs }) => atMs > first && atMs < endedAt)) {
    if (cut.victim === 'postgres') continue;
    const before = sent.findLast((at) => at <= cut.atMs)!;
    verdict.lostMs.push(cut.atMs - before);
    if (cut.atMs - before > mayBeLostMs) {
      say(`${Math.round(cut.atMs - before)} ms of footage lost at the cut of ${cut.victim}`);
    }
    const behind = sent.find((at) => at > cut.atMs);
    if (behind !== undefined) verdict.holesMs.push(behind - before);
  }
  for (const [i, at] of sent.entries()) {
    if (i === 0 || at - sent[i - 1]! < holeMs) continue;
    const from = sent[i - 1]!;
    const isExplained = cuts.some(
      ({ atMs, victim }) => victim !== 'postgres' && atMs >= from && atMs <= from + reconnectMs,
    );
    if (!isExplained) say(`a hole of ${Math.round(at - from)} ms that no cut explains`);
  }
  const lastCut = cuts.findLast(({ victim, atMs }) => victim !== 'postgres' && atMs < endedAt);
  const wasWhole = !lastCut || lastCut.atMs + reconnectMs < endedAt;
  if (wasWhole && endedAt - sent.at(-1)! > mayBeLostMs)
    say(`ends ${Math.round(endedAt - sent.at(-1)!)} ms early`);
  return verdict;
}

const error = (reason: unknown) => (reason as Error).message;
