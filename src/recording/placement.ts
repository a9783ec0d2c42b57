import { isDeepStrictEqual } from 'node:util';
import type { SampleTimes } from '../mp4/build-moof.ts';
import type { SessionClock } from './feed/session-clock.ts';
import { type Stamp, timeOf } from './feed/track-clock.ts';

/** Written times are corrected if the clocks now differ from them by more than this (ms). */
const toleranceMs = 20;
/** The times of this many of the newest fragments can still be corrected. Other files keep 128, to be safe. */
const kept = 120;
/** Frames of sound follow each other without a gap as long as their timestamps agree within this (ms). */
const countedMs = 25;
/** Lengths of pictures (ms): the shortest; and of the last picture, if it is the only one, and the longest assumed. */
const pictureMs = { least: 5, unknown: 66, most: 1_000 };
/** If two sessions are less than this (ms) apart, there is no gap between them. */
const leastGapMs = 100;

/** The stamps of a fragment's units. Nothing after the fragment is shown before anything in it. */
export interface FragmentStamps {
  /** In decode order. */
  readonly pictures: readonly Stamp[];
  /** Whether pictures may be shown in another order than the one in which they are decoded. */
  readonly mayReorder: boolean;
  /** `duration` in ticks of the track's clock rate. */
  readonly sound: readonly (Stamp & { readonly duration: number })[];
  /** The first picture shown after the fragment, as far as it is known. */
  readonly next: Stamp | undefined;
}

/** In ticks of the timescales, from the recording's first picture on. */
export type FragmentTimes = Readonly<Record<Kind, SampleTimes>>;

/** The corrected times of the fragment whose moof begins at byte `at` of the file. */
export interface Correction {
  readonly at: number;
  readonly times: FragmentTimes;
}

/** A stretch in which the camera delivered no picture, in steady milliseconds. */
export interface GapSpan {
  readonly from: number;
  readonly to: number;
}

type Kind = 'pictures' | 'sound';

/** Where a recording ends so far, in steady milliseconds. */
interface Reach {
  /** When the newest picture is decoded, how long the picture before it lasted, and when the newest picture ends. */
  readonly picture: number;
  readonly stepMs: number;
  readonly pictureEnd: number;
  readonly soundEnd: number;
}

interface Entry extends FragmentStamps {
  readonly at: number;
  /** When each unit was taken (ms), as last computed. */
  placed: Readonly<Record<Kind, readonly number[]>>;
  before: Reach;
  times: FragmentTimes;
}

const nothing: SampleTimes = { decodeTime: 0, durations: [], compositionOffsets: [] };

/**
 * Computes the times of a recording's samples, in steady time since the first picture. The distances between
 * timestamps are kept as long as the clocks of the camera agree with them. When a clock has learned a better rate or
 * offset, earlier fragments are corrected.
 */
export class Placement {
  readonly #timescales: Readonly<Record<Kind, number>>;
  #originMs: number | undefined;
  #reach: Reach;
  #entries: Entry[] = [];
  readonly #sessions = new Set<SessionClock>();
  /** No fragment needs a correction until the clocks of these sessions have changed by this much in all (ms). */
  #rightUntilMs = Number.POSITIVE_INFINITY;
  /** Whether the recording's first fragment can still be corrected. */
  #isWhole: boolean;

  /**
   * @param timescales ticks per second in the file
   * @param leftover of a recording that is resumed: when its first picture was taken and where it ends (steady ms)
   */
  constructor(timescales: Readonly<Record<Kind, number>>, leftover?: { originMs: number; endMs: number }) {
    this.#timescales = timescales;
    this.#originMs = leftover?.originMs;
    this.#isWhole = !leftover;
    const end = leftover?.endMs ?? Number.NEGATIVE_INFINITY;
    const { unknown: stepMs } = pictureMs;
    this.#reach = { picture: end, stepMs, pictureEnd: end, soundEnd: end };
  }

  /** When the first picture was taken, in steady milliseconds, as far as is known by now. */
  get originMs(): number | undefined {
    return this.#originMs;
  }

  /**
   * Computes the times of the next fragment.
   * @param at where its moof will begin in the file, in bytes
   */
  place(stamps: FragmentStamps, at: number) {
    const corrections = this.correct();
    const { pictureEnd } = this.#reach;
    const sessionBefore = sessionOf(this.#entries.findLast(hasPictures));
    const placed = placedBehind(this.#entries, stamps);
    const times = { pictures: nothing, sound: nothing };
    const { pictures, mayReorder, sound, next } = stamps;
    // Without a spread, all entries have the same hidden class: they are looked at often.
    const entry: Entry = { pictures, mayReorder, sound, next, at, placed, before: this.#reach, times };
    this.#entries.push(entry);
    this.#time(entry);
    this.#noteSessions(entry);
    this.#rightUntilMs = Math.min(this.#rightUntilMs, this.#changedMs() + toleranceMs - offBy(entry));
    if (this.#entries.length > kept) {
      this.#entries.shift();
      this.#isWhole = false;
    }
    const start = Math.min(...placed.pictures);
    const isNew = hasPictures(entry) && sessionOf(entry) !== sessionBefore && Number.isFinite(pictureEnd);
    const gap: GapSpan | undefined =
      isNew && start - pictureEnd >= leastGapMs ? { from: pictureEnd, to: start } : undefined;
    return { times: entry.times, gap, corrections };
  }

  /**
   * Computes all times again if the clocks no longer agree with them.
   * @returns the fragments whose times have changed
   */
  correct(): Correction[] {
    if (this.#changedMs() < this.#rightUntilMs || !this.#isWrong()) return [];
    if (this.#isWhole) this.#originMs = undefined;
    this.#reach = this.#entries[0]!.before;
    const corrections: Correction[] = [];
    for (const [i, entry] of this.#entries.entries()) {
      if (i > 0 || offBy(entry) > toleranceMs) entry.placed = placedBehind(this.#entries.slice(0, i), entry);
      const before = entry.times;
      this.#time(entry);
      if (!isDeepStrictEqual(entry.times, before)) corrections.push({ at: entry.at, times: entry.times });
    }
    return corrections;
  }

  #changedMs(): number {
    let sum = 0;
    for (const { changedMs } of this.#sessions) sum += changedMs;
    return sum;
  }

  /** Whether the clocks disagree with the times of some fragment. */
  #isWrong(): boolean {
    this.#sessions.clear();
    let offMs = 0;
    for (const entry of this.#entries) {
      this.#noteSessions(entry);
      offMs = Math.max(offMs, offBy(entry));
    }
    this.#rightUntilMs = this.#changedMs() + toleranceMs - Math.min(offMs, toleranceMs);
    return offMs > toleranceMs;
  }

  #noteSessions({ pictures, sound }: Entry): void {
    if (pictures.length > 0) this.#sessions.add(pictures[0]!.run.track.session);
    if (sound.length > 0) this.#sessions.add(sound[0]!.run.track.session);
  }

  #time(entry: Entry): void {
    entry.before = this.#reach;
    entry.times = { pictures: this.#timePictures(entry), sound: this.#timeSound(entry) };
  }

  /** The n-th decode time is the n-th of the sorted display times. A picture lasts until the next one is decoded. */
  #timePictures(entry: Entry): SampleTimes {
    const shown = inOrder(entry);
    const order = [...shown.keys()].sort((a, b) => shown[a]! - shown[b]! || a - b);
    let { picture, stepMs } = this.#reach;
    const decoded = order.map((i) => {
      const ms = Math.max(shown[i]!, picture + pictureMs.least);
      if (Number.isFinite(picture)) stepMs = Math.min(ms - picture, pictureMs.most);
      shown[i] = ms;
      picture = ms;
      return ms;
    });
    if (decoded.length === 0) return nothing;
    this.#originMs ??= decoded[0]!;
    const next = entry.next && placedAfter(newestIn([entry], 'pictures'), entry.next);
    const pictureEnd = Math.max(next ?? picture + stepMs, picture + pictureMs.least);
    this.#reach = { picture, stepMs, pictureEnd, soundEnd: this.#reach.soundEnd };
    const ticks = (ms: number) => this.#ticks(ms, 'pictures');
    return {
      decodeTime: ticks(decoded[0]!),
      durations: decoded.map((ms, i) => ticks(decoded[i + 1] ?? pictureEnd) - ticks(ms)),
      compositionOffsets: shown.map((ms, i) => ticks(ms) - ticks(decoded[i]!)),
    };
  }

  #timeSound({ sound, placed }: Entry): SampleTimes {
    if (sound.length === 0) return nothing;
    this.#originMs ??= placed.sound[0]!;
    let { soundEnd } = this.#reach;
    const starts = placed.sound.map((ms, i) => {
      const { run, duration } = sound[i]!;
      const lengthMs = run.track.ms(duration) * run.line.rate;
      const start = Math.abs(ms - soundEnd) <= countedMs ? soundEnd : ms;
      soundEnd = Math.max(start, soundEnd - lengthMs / 2, this.#originMs!) + lengthMs;
      return soundEnd - lengthMs;
    });
    this.#reach = { ...this.#reach, soundEnd };
    const ticks = [...starts, soundEnd].map((ms) => this.#ticks(ms, 'sound'));
    const durations = starts.map((_, i) => ticks[i + 1]! - ticks[i]!);
    return { decodeTime: ticks[0]!, durations, compositionOffsets: starts.map(() => 0) };
  }

  #ticks(ms: number, kind: Kind): number {
    return Math.max(0, Math.round(((ms - this.#originMs!) * this.#timescales[kind]) / 1_000));
  }
}

const hasPictures = ({ pictures }: Entry): boolean => pictures.length > 0;
const sessionOf = (entry: Entry | undefined) => entry?.pictures[0]?.run.track.session;

/** A unit, and when it was taken (ms), as last computed. */
interface Placed {
  readonly stamp: Stamp;
  readonly ms: number;
}

function newestIn(entries: readonly Entry[], kind: Kind): Placed | undefined {
  const entry = entries.findLast((it) => it[kind].length > 0);
  return entry && { stamp: entry[kind].at(-1)!, ms: entry.placed[kind].at(-1)! };
}

/**
 * When the unit was taken (ms): by the distance of its timestamp from the unit before, if its clock agrees with that.
 */
function placedAfter(before: Placed | undefined, stamp: Stamp): number {
  const ms = timeOf(stamp);
  if (!before || before.stamp.run.stretch !== stamp.run.stretch) return ms;
  const kept = before.ms + stamp.run.msBetween(before.stamp.ticks, stamp.ticks);
  return Math.abs(kept - ms) <= toleranceMs ? kept : ms;
}

function placedBehind(entries: readonly Entry[], stamps: FragmentStamps): Entry['placed'] {
  const placed = (kind: Kind) => {
    let before = newestIn(entries, kind);
    return stamps[kind].map((stamp) => {
      before = { stamp, ms: placedAfter(before, stamp) };
      return before.ms;
    });
  };
  return { pictures: placed('pictures'), sound: placed('sound') };
}

/** The largest difference (ms) between the fragment's times and what its clocks say now. */
const offBy = ({ pictures, sound, placed }: Entry): number =>
  Math.max(offAtEnds(pictures, placed.pictures), offAtEnds(sound, placed.sound));

function offAtEnds(stamps: readonly Stamp[], placed: readonly number[]): number {
  const last = stamps.length - 1;
  if (last < 0) return 0;
  const first = Math.abs(timeOf(stamps[0]!) - placed[0]!);
  return Math.max(first, Math.abs(timeOf(stamps[last]!) - placed[last]!));
}

/**
 * The display times of the pictures. Only reordering within a run lets a picture be shown before an earlier one; a
 * jump of the clock does not.
 */
function inOrder({ pictures, mayReorder, placed }: Entry): number[] {
  let newest = Number.NEGATIVE_INFINITY;
  return placed.pictures.map((ms, i) => {
    const isFree = mayReorder && pictures[i]!.run.stretch === pictures[i - 1]?.run.stretch;
    const shown = isFree ? ms : Math.max(ms, newest);
    newest = Math.max(newest, shown);
    return shown;
  });
}
