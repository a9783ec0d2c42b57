import { isDeepStrictEqual } from 'node:util';
import type { SampleTimes } from '../mp4/build-moof.ts';
import type { SessionClock } from './feed/session-clock.ts';
import {
  displayTimes,
  type FragmentStamps,
  hasPictures,
  type Kind,
  newestIn,
  offBy,
  type PlacedFragment,
  placedAfter,
  placedBehind,
  sessionOf,
  toleranceMs,
} from './placed-fragments.ts';

/**
 * The times of this many of the newest fragments can still be corrected. recording-file.ts and spool/growing-index.ts
 * keep 128, to be safe.
 */
const kept = 120;
/** Frames of sound follow each other without a gap as long as their timestamps agree within this (ms). */
const countedMs = 25;
/**
 * Lengths of pictures (ms). No picture gets less than `least`. The last picture is as long as the one before, at most
 * `most`; `unknown` if it is the only one.
 */
const pictureMs = { least: 5, unknown: 66, most: 1_000 };
/** If two sessions are less than this (ms) apart, there is no gap between them. */
const leastGapMs = 100;

/** In ticks of the timescales, from the recording's first picture on. */
export type FragmentTimes = Readonly<Record<Kind, SampleTimes>>;

/** The corrected times of the fragment whose moof begins at byte `at` of the file. */
export interface Correction {
  readonly at: number;
  readonly times: FragmentTimes;
}

/** A stretch in which the camera delivered no picture, in steady milliseconds. */
export interface SteadyGap {
  readonly from: number;
  readonly to: number;
}

/** Where a recording ends so far, in steady milliseconds. */
interface Reach {
  /** When the newest picture is decoded. */
  readonly picture: number;
  /** How long the picture before it lasted (ms). */
  readonly stepMs: number;
  /** When the newest picture ends. */
  readonly pictureEnd: number;
  readonly soundEnd: number;
  /** By how much, at most, a picture was shown before it was decoded; infinite: not known. */
  readonly lagMs: number;
}

interface Entry extends PlacedFragment {
  readonly at: number;
  before: Reach;
  times: FragmentTimes;
  /** The fragment needs no correction until the clocks have changed by this much in all (ms). */
  rightUntilMs: number;
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
  /** The least `rightUntilMs` of all fragments: no fragment needs a correction before that. */
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
    this.#reach = { picture: end, stepMs, pictureEnd: end, soundEnd: end, lagMs: Number.POSITIVE_INFINITY };
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
    // Written without a spread: V8 then reads all entries the same fast way, and they are read often.
    const before = this.#reach;
    const entry: Entry = { pictures, mayReorder, sound, next, at, placed, before, times, rightUntilMs: 0 };
    this.#entries.push(entry);
    this.#noteSessions(entry);
    this.#time(entry);
    this.#rightUntilMs = Math.min(this.#rightUntilMs, entry.rightUntilMs);
    if (this.#entries.length > kept) this.#dropOldest();
    const start = Math.min(...placed.pictures);
    const isNew = hasPictures(entry) && sessionOf(entry) !== sessionBefore && Number.isFinite(pictureEnd);
    const gap: SteadyGap | undefined =
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

  /** Whether the clocks disagree with the times of some fragment. Looks only at those that may have become wrong. */
  #isWrong(): boolean {
    const changedMs = this.#changedMs();
    this.#rightUntilMs = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries) {
      if (entry.rightUntilMs <= changedMs) entry.rightUntilMs = changedMs + toleranceMs - offBy(entry);
      this.#rightUntilMs = Math.min(this.#rightUntilMs, entry.rightUntilMs);
    }
    return this.#rightUntilMs < changedMs;
  }

  #dropOldest(): void {
    this.#entries.shift();
    this.#isWhole = false;
    if (this.#sessions.size === 1) return;
    // The sum of changes no longer contains a session that has ended, so it is smaller now: every fragment is checked
    // again.
    this.#sessions.clear();
    for (const entry of this.#entries) {
      this.#noteSessions(entry);
      entry.rightUntilMs = 0;
    }
    this.#rightUntilMs = 0;
  }

  #noteSessions({ pictures, sound }: Entry): void {
    if (pictures.length > 0) this.#sessions.add(pictures[0]!.run.track.session);
    if (sound.length > 0) this.#sessions.add(sound[0]!.run.track.session);
  }

  #time(entry: Entry): void {
    entry.before = this.#reach;
    entry.rightUntilMs = this.#changedMs() + toleranceMs - offBy(entry);
    entry.times = { pictures: this.#timePictures(entry), sound: this.#timeSound(entry) };
  }

  /** The n-th decode time is the n-th of the sorted display times. A picture lasts until the next one is decoded. */
  #timePictures(entry: Entry): SampleTimes {
    const shown = displayTimes(entry);
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
    const lagMs = this.#lagOf(entry, shown, decoded);
    const next = entry.next && placedAfter(newestIn([entry], 'pictures'), entry.next);
    const pictureEnd = Math.max(next ?? picture + stepMs, picture + pictureMs.least);
    this.#reach = { ...this.#reach, picture, stepMs, pictureEnd, lagMs };
    const ticks = (ms: number) => this.#ticks(ms, 'pictures');
    return {
      decodeTime: ticks(decoded[0]!),
      durations: decoded.map((ms, i) => ticks(decoded[i + 1] ?? pictureEnd) - ticks(ms)),
      compositionOffsets: shown.map((ms, i) => ticks(ms) - ticks(decoded[i]!)),
    };
  }

  /**
   * If the stream stops in the middle of reordered pictures, the missing ones would let the rest be decoded too late.
   * So the lag between showing and decoding may not become greater than it was in earlier fragments.
   */
  #lagOf({ next }: Entry, shown: readonly number[], decoded: number[]): number {
    const { lagMs } = this.#reach;
    if (next) return Math.max(Number.isFinite(lagMs) ? lagMs : 0, ...decoded.map((ms, i) => ms - shown[i]!));
    for (const [i, ms] of decoded.entries()) {
      const soonest = i === 0 ? ms : decoded[i - 1]! + pictureMs.least;
      decoded[i] = Math.max(soonest, Math.min(ms, shown[i]! + lagMs));
    }
    return lagMs;
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
