import { isDeepStrictEqual } from 'node:util';
import type { SampleTimes } from '../mp4/build-moof.ts';
import type { SessionClock } from './feed/session-clock.ts';
import { type Stamp, timeOf } from './feed/track-clock.ts';

/** What is learned of a clock moves what is written when that is wrong by more than this (ms). */
const toleranceMs = 20;
/** So many of the newest fragments can still be moved. */
const kept = 120;
/** Sound is counted by its samples as long as its stamps agree within this (ms). */
const countedMs = 25;
/** The shortest picture, and how long the last one lasts where nothing is known of it, and at most (ms). */
const pictureMs = { least: 5, unknown: 66, most: 1_000 };
/** Two sessions that follow each other closer than this (ms) leave no gap worth telling. */
const leastGapMs = 100;

/** The stamps of a fragment's units. Nothing behind it is shown earlier than anything in it. */
export interface FragmentStamps {
  /** In decode order. */
  readonly pictures: readonly Stamp[];
  /** Whether pictures can be shown in another order than they are decoded in. */
  readonly mayReorder: boolean;
  /** `duration` in ticks of the track's clock rate. */
  readonly sound: readonly (Stamp & { readonly duration: number })[];
  /** The earliest picture behind the fragment, as far as it has come. */
  readonly next: Stamp | undefined;
}

/** In ticks of the timescales since the recording's first picture. */
export type FragmentTimes = Readonly<Record<Kind, SampleTimes>>;

/** The right times of a fragment whose moof stands there in the file, in bytes. */
export interface Correction {
  readonly at: number;
  readonly times: FragmentTimes;
}

/** A stretch in which the camera delivered no picture, in milliseconds of the monotonic clock. */
export interface GapSpan {
  readonly from: number;
  readonly to: number;
}

type Kind = 'pictures' | 'sound';

/** How far a recording has come, in milliseconds of the monotonic clock. */
interface Reach {
  /** Where the newest picture is decoded, how long the one before it lasted, and where the newest is over. */
  readonly picture: number;
  readonly stepMs: number;
  readonly pictureEnd: number;
  readonly soundEnd: number;
}

interface Entry extends FragmentStamps {
  readonly at: number;
  /** When each unit was taken (ms), as it was placed. */
  placed: Readonly<Record<Kind, readonly number[]>>;
  before: Reach;
  times: FragmentTimes;
}

const nothing: SampleTimes = { decodeTime: 0, durations: [], compositionOffsets: [] };

/**
 * Where a recording's samples go: its time is the monotonic clock since its first picture. Stamps are kept as they are
 * for as long as their clocks say about the same of them; what these learn later moves what was placed before.
 */
export class Placement {
  readonly #timescales: Readonly<Record<Kind, number>>;
  #originMs: number | undefined;
  #reach: Reach;
  #entries: Entry[] = [];
  readonly #sessions = new Set<SessionClock>();
  /** Before the clocks of these sessions have changed by so much in all (ms), no fragment is wrong. */
  #rightUntilMs = Number.POSITIVE_INFINITY;
  /** The recording's first fragment can still be moved. */
  #isWhole: boolean;

  /**
   * @param timescales ticks per second in the file
   * @param leftover of a recording that goes on: when its first picture was taken and where it ends (monotonic ms)
   */
  constructor(timescales: Readonly<Record<Kind, number>>, leftover?: { originMs: number; endMs: number }) {
    this.#timescales = timescales;
    this.#originMs = leftover?.originMs;
    this.#isWhole = !leftover;
    const end = leftover?.endMs ?? Number.NEGATIVE_INFINITY;
    const { unknown: stepMs } = pictureMs;
    this.#reach = { picture: end, stepMs, pictureEnd: end, soundEnd: end };
  }

  /** When the first picture was taken, in ms of the monotonic clock, as far as is known by now. */
  get originMs(): number | undefined {
    return this.#originMs;
  }

  /**
   * Places the next fragment.
   * @param at where its moof will stand in the file, in bytes
   */
  place(stamps: FragmentStamps, at: number) {
    const corrections = this.correct();
    const { pictureEnd } = this.#reach;
    const sessionBefore = sessionOf(this.#entries.findLast(hasPictures));
    const placed = placedBehind(this.#entries, stamps);
    const times = { pictures: nothing, sound: nothing };
    const entry: Entry = { ...stamps, at, placed, before: this.#reach, times };
    this.#entries.push(entry);
    this.#time(entry);
    for (const session of sessionsOf(entry)) this.#sessions.add(session);
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

  /** Places all fragments as the clocks say now, where they say something else than before. */
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

  /** Whether the clocks say something else of some fragment now than when it was placed. */
  #isWrong(): boolean {
    this.#sessions.clear();
    let offMs = 0;
    for (const entry of this.#entries) {
      for (const session of sessionsOf(entry)) this.#sessions.add(session);
      offMs = Math.max(offMs, offBy(entry));
    }
    this.#rightUntilMs = this.#changedMs() + toleranceMs - Math.min(offMs, toleranceMs);
    return offMs > toleranceMs;
  }

  #time(entry: Entry): void {
    entry.before = this.#reach;
    entry.times = { pictures: this.#timePictures(entry), sound: this.#timeSound(entry) };
  }

  /** The n-th picture is decoded when the n-th of those shown is shown, and lasts until the next one is decoded. */
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

/** A unit and when it was taken (ms), as it was placed. */
interface Placed {
  readonly stamp: Stamp;
  readonly ms: number;
}

function newestIn(entries: readonly Entry[], kind: Kind): Placed | undefined {
  const entry = entries.findLast((it) => it[kind].length > 0);
  return entry && { stamp: entry[kind].at(-1)!, ms: entry.placed[kind].at(-1)! };
}

/** When it was taken (ms): by its stamp since the unit before it, for as long as its clock says about the same. */
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

const sessionsOf = ({ pictures, sound }: Entry): SessionClock[] =>
  [pictures[0], sound[0]].flatMap((stamp) => stamp?.run.track.session ?? []);

/** By how many milliseconds, at most, its units are not where the clocks say now. */
function offBy({ pictures, sound, placed }: Entry): number {
  const off = (stamps: readonly Stamp[], before: readonly number[], i: number) =>
    stamps.length === 0 ? 0 : Math.abs(timeOf(stamps.at(i)!) - before.at(i)!);
  return Math.max(
    off(pictures, placed.pictures, 0),
    off(pictures, placed.pictures, -1),
    off(sound, placed.sound, 0),
    off(sound, placed.sound, -1),
  );
}

/** When pictures are shown: what is not reordered, or comes behind a leap of the clock, is not shown before others. */
function inOrder({ pictures, mayReorder, placed }: Entry): number[] {
  let newest = Number.NEGATIVE_INFINITY;
  return placed.pictures.map((ms, i) => {
    const isFree = mayReorder && pictures[i]!.run.stretch === pictures[i - 1]?.run.stretch;
    const shown = isFree ? ms : Math.max(ms, newest);
    newest = Math.max(newest, shown);
    return shown;
  });
}
