// Whether a clip holds what the event asked for, judged by the pictures' numbers.
import { readFrames } from '../../support/media/frames.ts';
import { packets } from '../../support/media/judges.ts';
import { figure, spread } from '../figures.ts';
import { type BenchCamera, frameMs } from './cameras.ts';

/** How many clips are examined concurrently. */
const sideBySide = 8;
const loopFrames = 64 * 15;
const keyframesApartMs = 2_000;

/** When (epoch ms) the camera sent the first and the last picture of a clip. */
export interface Seen {
  readonly firstAt: number;
  readonly lastAt: number;
  /** Whether every picture between them is there, once. */
  readonly isWhole: boolean;
}

/** @returns undefined if there is no playable clip */
export async function see(file: string, camera: BenchCamera, nearMs: number): Promise<Seen | undefined> {
  const counters = (await readFrames(file).catch(() => [])).map(({ counter }) => counter);
  if (counters.length === 0) return undefined;
  return {
    firstAt: camera.sentAt(counters[0]!, nearMs),
    lastAt: camera.sentAt(counters.at(-1)!, nearMs),
    isWhole: counters.every((counter, i) => counter === (counters[0]! + i) % loopFrames),
  };
}

export interface EventTimes {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Milliseconds from the event's start to the first picture sent; without a picture, the event's length. */
export function firstMs(seen: Seen | undefined, { startedAt, endedAt }: EventTimes): number {
  return (seen?.firstAt ?? endedAt) - startedAt;
}

/** What is wrong with a clip: no picture may be missing, from the pre-roll to the end. */
export function faultOf(seen: Seen | undefined, { startedAt, endedAt }: EventTimes, preRollSec: number) {
  if (!seen) return 'it does not play';
  if (!seen.isWhole) return 'pictures are missing';
  const early = startedAt - seen.firstAt;
  const preRollMs = preRollSec * 1_000;
  if (early < preRollMs - frameMs || early > preRollMs + keyframesApartMs + 3 * frameMs)
    return `it begins ${early.toFixed(0)} ms before the event, not ${preRollMs}`;
  const late = endedAt - seen.lastAt;
  return late > 2 * frameMs ? `it ends ${late.toFixed(0)} ms too soon` : undefined;
}

/** How many pictures are missing in a clip, judged by the times of those that are there. */
export async function missingFrames(file: string): Promise<number> {
  const times = (await packets(file))
    .filter(({ stream_index }) => stream_index === 0)
    .map(({ pts }) => pts * 1_000);
  return Math.round((times.at(-1)! - times[0]!) / frameMs) + 1 - times.length;
}

export const lookAtEach = <Item, Result>(items: readonly Item[], look: (item: Item) => Promise<Result>) =>
  inTurns(items, sideBySide, look);

/** Runs so many concurrently. @returns the results in the order of the items */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  sideBySide: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let i = 0; i < items.length; i += sideBySide) {
    results.push(...(await Promise.all(items.slice(i, i + sideBySide).map(act))));
  }
  return results;
}

/** @param ours when the first pictures of Flashback's clips were sent (firstMs) */
export function tellBeginnings(ours: readonly number[], reference: readonly number[], target?: string): void {
  const lost = (firsts: readonly number[]) => `${firsts.filter((ms) => ms > 0).length} of ${firsts.length}`;
  figure('first picture, ms after the event: least / median / most', spread(ours), target);
  figure('the reference’s', spread(reference));
  figure('events with a lost beginning', lost(ours), '0');
  figure('the reference’s', lost(reference));
}
