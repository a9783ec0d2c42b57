import type { SampleTimes } from '../mp4/build-moof.ts';
import { type FeedUnit, timeOf } from '../recording/feed/feed-unit.ts';

/** The timescale of live pictures: ticks per second. */
export const timescale = 90_000;
const perMs = timescale / 1_000;

/** How long a picture lasts (ticks) as long as no other has come. */
const unknownStep = timescale / 15;
const longestStep = timescale;
/** At a keyframe, decode times that are so far behind (ticks) are set right. */
const lagToForget = timescale;

/** Where a picture is in the live time of its camera. */
export interface PlacedPicture {
  readonly unit: FeedUnit;
  readonly ticks: number;
}

/** When a picture is shown, if another one of the camera has that place. Ticks with fractions. */
export function ticksBeside(place: PlacedPicture, unit: FeedUnit): number {
  const { run, ticks } = place.unit.stamp;
  const isSameRun = run.effective === unit.stamp.run.effective;
  const ms = isSameRun ? run.msBetween(ticks, unit.stamp.ticks) : timeOf(unit) - timeOf(place.unit);
  return place.ticks + ms * perMs;
}

/**
 * The times of a camera's live pictures: when they were taken, in ticks since 1970. From the first one on, they follow the camera's timestamps exactly, because a browser would show each
 * correction of a clock as a jerk. They never go back, whatever the timestamps do.
 *
 * A browser takes a step between decode times that is longer than expected for a cut, and then shows nothing up to the
 * next keyframe (Media Source Extensions, coded frame processing). But a fragment is sent before it is known how long
 * its last picture lasts. So decode times continue without a step, and may lag behind the times of showing.
 */
export class PictureTimes {
  readonly #toWall: (steadyMs: number) => number;
  #newest: PlacedPicture | undefined;
  /** When the newest picture is shown. */
  #latest = Number.NEGATIVE_INFINITY;
  /** Where the decode times of the next fragment begin. */
  #end: number | undefined;
  #step = unknownStep;

  /** @param toWall steady milliseconds to epoch milliseconds */
  constructor(toWall: (steadyMs: number) => number) {
    this.#toWall = toWall;
  }

  /**
   * Gives the pictures of the next fragment their times.
   * @param pictures in decoding order; none of them is shown before a picture of an earlier fragment
   */
  next(pictures: readonly FeedUnit[]): SampleTimes & { readonly shown: readonly number[] } {
    const shown = pictures.map((unit) => this.#placeNext(unit));
    return this.place(shown, pictures[0]!.isSync);
  }

  #placeNext(unit: FeedUnit): number {
    const before = this.#newest;
    const ticks = before ? this.#after(before, unit) : this.#toWall(timeOf(unit)) * perMs;
    this.#newest = { unit, ticks };
    return ticks;
  }

  /** After a jump of the timestamps, the picture is shown when it arrived, and after all others. */
  #after(before: PlacedPicture, unit: FeedUnit): number {
    const ticks = ticksBeside(before, unit);
    const isSameRun = before.unit.stamp.run.effective === unit.stamp.run.effective;
    return isSameRun ? ticks : Math.max(ticks, before.ticks + this.#step);
  }

  /**
   * @param times when the pictures are shown, in decoding order
   * @param isStart whether a decoder can begin with the first one
   * @param until the last one is shown up to this time at most
   */
  place(
    times: readonly number[],
    isStart: boolean,
    until = Number.POSITIVE_INFINITY,
  ): SampleTimes & { readonly shown: readonly number[] } {
    const floor = this.#latest;
    const shown = times.map((ticks) => Math.round(Math.max(ticks, floor + 1)));
    const inOrder = increasing(shown);
    const first = inOrder[0]!;
    const newest = inOrder.at(-1)!;
    const before = inOrder.at(-2) ?? floor;
    if (Number.isFinite(before)) this.#step = Math.min(longestStep, Math.max(1, newest - before));
    const end = this.#end ?? first;
    const lag = isStart && Math.abs(first - end) > lagToForget ? 0 : first - end;
    const decoded = inOrder.map((ticks) => ticks - lag);
    const last = Math.max(1, Math.min(this.#step, until - newest));
    this.#latest = newest;
    this.#end = decoded.at(-1)! + last;
    return {
      shown,
      decodeTime: decoded[0]!,
      durations: decoded.map((ticks, i) => (decoded[i + 1] ?? ticks + last) - ticks),
      compositionOffsets: shown.map((ticks, i) => ticks - decoded[i]!),
    };
  }
}

/** The times in ascending order, each at least one tick after the one before. */
function increasing(times: readonly number[]): number[] {
  let before = Number.NEGATIVE_INFINITY;
  return times
    .toSorted((a, b) => a - b)
    .map((ticks) => {
      before = Math.max(ticks, before + 1);
      return before;
    });
}
