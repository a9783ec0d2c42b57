import { isDeepStrictEqual } from 'node:util';
import type { SampleTimes } from '../mp4/retime.ts';
import { type Stamp, timeOf } from './feed/track-clock.ts';

/** What is learned of a clock moves what is written when it moves it by more than this (ms). */
const toleranceMs = 20;
/** So many fragments can still be corrected. */
const kept = 120;
/** Sound is counted by its samples as long as its stamps agree within this (ms). */
const countedMs = 25;
/** The shortest picture, and one that nothing is known of (ms). */
const pictureMs = { least: 5, unknown: 66, most: 1_000 };
/** Two sessions that follow each other closer than this (ms) leave no gap worth telling. */
const leastGapMs = 100;

export interface SoundStamp extends Stamp {
  /** Ticks of the track's clock rate. */
  readonly duration: number;
}

/** The stamps of a fragment's units. Nothing behind it is shown earlier than anything in it. */
export interface FragmentStamps {
  /** In decode order. */
  readonly pictures: readonly Stamp[];
  /** Whether pictures can be shown in another order than they are decoded in. */
  readonly mayReorder: boolean;
  readonly sound: readonly SoundStamp[];
  /** The earliest picture behind the fragment, as far as it has come. */
  readonly next: Stamp | undefined;
}

/** Times of the samples in ticks of each track's timescale since the recording's first picture. */
export interface FragmentTimes {
  readonly pictures: SampleTimes;
  readonly sound: SampleTimes;
}

/** What has turned out to be wrong of a fragment that was placed before. */
export interface Correction {
  /** Where its moof stands in the file, in bytes. */
  readonly at: number;
  readonly times: FragmentTimes;
}

/** A stretch in which the camera delivered no picture, in milliseconds of the monotonic clock. */
export interface GapSpan {
  readonly from: number;
  readonly to: number;
}

export interface Placed {
  readonly times: FragmentTimes;
  readonly gap: GapSpan | undefined;
  readonly corrections: readonly Correction[];
}

export interface PlacementOptions {
  /** Ticks per second in the file. */
  readonly timescales: { readonly pictures: number; readonly sound: number };
  /** Of a recording that goes on: when its first picture was taken and where it ends, in ms of the monotonic clock. */
  readonly leftover?: { readonly originMs: number; readonly endMs: number };
}

/** How far a recording has come, in milliseconds of the monotonic clock. */
interface Reach {
  /** Where the newest picture was decoded, how long the one before it lasted, and where the newest is over. */
  readonly picture: number;
  readonly step: number;
  readonly pictureEnd: number;
  /** Where the next frame of sound may begin, and where the newest is over. */
  readonly soundFloor: number;
  readonly soundEnd: number;
}

type Kind = 'pictures' | 'sound';
const kinds = ['pictures', 'sound'] as const;
type Times = Readonly<Record<Kind, readonly number[]>>;

interface Entry {
  readonly at: number;
  readonly stamps: FragmentStamps;
  before: Reach;
  /** When each unit was taken, as it was placed. */
  placed: Times;
  /** By how much that is, on purpose, not what the clocks said. */
  owed: Readonly<Record<Kind, number>>;
  times: FragmentTimes;
}

const nothing: SampleTimes = { decodeTime: 0, durations: [], compositionOffsets: [] };

/**
 * Where a recording's samples go: its time is the monotonic clock since its first picture. Stamps are kept as they are
 * for as long as their clocks say the same of them; what these learn later moves what was placed before.
 */
export class Placement {
  readonly #options: PlacementOptions;
  #origin: number | undefined;
  #entries: Entry[] = [];
  #isWhole: boolean;
  #reach: Reach;

  constructor(options: PlacementOptions) {
    this.#options = options;
    const { originMs, endMs = Number.NEGATIVE_INFINITY } = options.leftover ?? {};
    this.#origin = originMs;
    this.#isWhole = originMs === undefined;
    const sound = { soundFloor: endMs, soundEnd: endMs };
    this.#reach = { picture: endMs, step: pictureMs.unknown, pictureEnd: endMs, ...sound };
  }

  /** When the recording's first picture was taken, in ms of the monotonic clock, as far as is known by now. */
  get originMs(): number | undefined {
    return this.#origin;
  }

  /**
   * Places the next fragment.
   * @param at where its moof will stand in the file, in bytes
   */
  place(stamps: FragmentStamps, at: number): Placed {
    const before = new Map(this.#entries.map((entry) => [entry, entry.times]));
    if (this.#entries.some(isMoved)) this.#placeAgain();
    const newest = this.#entries.findLast(hasPictures);
    const { pictureEnd } = this.#reach;
    const placed = { pictures: this.#heldTimes(stamps, 'pictures'), sound: this.#heldTimes(stamps, 'sound') };
    const owed = { pictures: 0, sound: 0 };
    const times = { pictures: nothing, sound: nothing };
    const entry: Entry = { at, stamps, before: this.#reach, placed, owed, times };
    this.#entries.push(entry);
    this.#time(entry);
    const start = Math.min(...placed.pictures);
    const isNew = hasPictures(entry) && sessionOf(newest) !== sessionOf(entry);
    const isGap = isNew && Number.isFinite(pictureEnd) && start - pictureEnd >= leastGapMs;
    while (this.#entries.length > kept) {
      this.#entries.shift();
      this.#isWhole = false;
    }
    return {
      times: entry.times,
      gap: isGap ? { from: pictureEnd, to: start } : undefined,
      corrections: changed(before),
    };
  }

  /** What is known by now to be wrong of what was placed. */
  correct(): readonly Correction[] {
    const before = new Map(this.#entries.map((entry) => [entry, entry.times]));
    if (this.#entries.some(isMoved)) this.#placeAgain();
    return changed(before);
  }

  /** What the clocks say of the stamps, moved to where those before them in the same run were placed. */
  #heldTimes(stamps: FragmentStamps, kind: Kind): readonly number[] {
    const before = this.#entries.findLast(({ stamps }) => stamps[kind].length > 0);
    return stamps[kind].map((stamp) => timeOf(stamp) + heldBy(before, kind, stamp));
  }

  /**
   * Places all fragments as the clocks say now. Where older ones cannot be corrected any more, the difference to these
   * is worked off from the oldest to the newest.
   */
  #placeAgain(): void {
    const [oldest] = this.#entries as [Entry];
    const steps = Math.max(1, this.#entries.length - 1);
    const debt = (kind: Kind) => {
      const first = this.#isWhole ? undefined : oldest.stamps[kind][0];
      return { run: first?.run, ms: first ? oldest.placed[kind][0]! - timeOf(first) : 0 };
    };
    const debts = { pictures: debt('pictures'), sound: debt('sound') };
    if (this.#isWhole) this.#origin = undefined;
    this.#reach = oldest.before;
    for (const [i, entry] of this.#entries.entries()) {
      const { stamps } = entry;
      const owed = (kind: Kind) =>
        stamps[kind][0]?.run === debts[kind].run ? debts[kind].ms * (1 - i / steps) : 0;
      entry.owed = { pictures: owed('pictures'), sound: owed('sound') };
      entry.placed = {
        pictures: stamps.pictures.map((stamp) => timeOf(stamp) + entry.owed.pictures),
        sound: stamps.sound.map((stamp) => timeOf(stamp) + entry.owed.sound),
      };
      entry.before = this.#reach;
      this.#time(entry);
    }
  }

  /** Gives the entry's samples their times behind those before them. */
  #time(entry: Entry): void {
    const pictures = this.#timePictures(entry);
    const times = { pictures, sound: this.#timeSound(entry) };
    if (!isDeepStrictEqual(times, entry.times)) entry.times = times;
  }

  #timePictures(entry: Entry): SampleTimes {
    const { stamps, placed } = entry;
    const shown = inOrder(stamps, placed.pictures);
    const order = shown.map((_, i) => i).sort((a, b) => shown[a]! - shown[b]! || a - b);
    let { picture, step } = this.#reach;
    for (const i of order) {
      const ms = Math.max(shown[i]!, picture + pictureMs.least);
      step = Number.isFinite(picture) ? ms - picture : step;
      picture = ms;
      shown[i] = ms;
    }
    const decoded = order.map((i) => shown[i]!);
    if (decoded.length === 0) return nothing;
    this.#origin ??= decoded[0]!;
    const next = stamps.next && timeOf(stamps.next) + heldBy(entry, 'pictures', stamps.next);
    const pictureEnd = Math.max(next ?? picture + Math.min(step, pictureMs.most), picture + pictureMs.least);
    this.#lengthenBefore(entry, decoded[0]!);
    this.#reach = { ...this.#reach, picture, step, pictureEnd };
    const ticks = (ms: number) => this.#ticks(ms, 'pictures');
    return {
      decodeTime: ticks(decoded[0]!),
      durations: decoded.map((ms, i) => ticks(decoded[i + 1] ?? pictureEnd) - ticks(ms)),
      compositionOffsets: shown.map((ms, i) => ticks(ms) - ticks(decoded[i]!)),
    };
  }

  /** The picture before the entry lasts until then. */
  #lengthenBefore(entry: Entry, ms: number): void {
    const before = this.#entries.slice(0, this.#entries.indexOf(entry)).findLast(hasPictures);
    if (!before) return;
    const { pictures } = before.times;
    const others = pictures.durations.slice(0, -1);
    const last = this.#ticks(ms, 'pictures') - pictures.decodeTime - others.reduce((sum, it) => sum + it, 0);
    if (last === pictures.durations.at(-1)) return;
    before.times = { ...before.times, pictures: { ...pictures, durations: [...others, last] } };
  }

  #timeSound({ stamps, placed }: Entry): SampleTimes {
    if (stamps.sound.length === 0) return nothing;
    this.#origin ??= placed.sound[0]!;
    let { soundFloor, soundEnd } = this.#reach;
    soundFloor = Math.max(soundFloor, this.#origin);
    const starts = placed.sound.map((ms, i) => {
      const { run, duration } = stamps.sound[i]!;
      const lengthMs = run.track.ms(duration) * run.line.rate;
      const start = Math.max(soundFloor, Math.abs(ms - soundEnd) <= countedMs ? soundEnd : ms);
      soundFloor = start + lengthMs / 2;
      soundEnd = start + lengthMs;
      return start;
    });
    this.#reach = { ...this.#reach, soundFloor, soundEnd };
    const ticks = [...starts, soundEnd].map((ms) => this.#ticks(ms, 'sound'));
    return {
      decodeTime: ticks[0]!,
      durations: starts.map((_, i) => ticks[i + 1]! - ticks[i]!),
      compositionOffsets: starts.map(() => 0),
    };
  }

  #ticks(ms: number, kind: Kind): number {
    return Math.max(0, Math.round(((ms - this.#origin!) * this.#options.timescales[kind]) / 1_000));
  }
}

const hasPictures = ({ stamps }: Entry): boolean => stamps.pictures.length > 0;

const sessionOf = (entry: Entry | undefined) => entry?.stamps.pictures[0]?.run.track.session;

/** By how much (ms) the newest unit before it, if it is of the same run, was placed beside what its clock says now. */
function heldBy(before: Entry | undefined, kind: Kind, { run }: Stamp): number {
  const newest = before?.stamps[kind].at(-1);
  return newest?.run === run ? before!.placed[kind].at(-1)! - timeOf(newest) : 0;
}

/** Whether the clocks say something else now than when the fragment was placed. */
function isMoved({ stamps, placed, owed }: Entry): boolean {
  return kinds.some((kind) =>
    [0, stamps[kind].length - 1].some((i) => {
      const stamp = stamps[kind][i];
      return stamp && Math.abs(placed[kind][i]! - owed[kind] - timeOf(stamp)) > toleranceMs;
    }),
  );
}

/** When pictures are shown: what may not be reordered, and what the clock leapt behind, is not shown before others. */
function inOrder({ pictures, mayReorder }: FragmentStamps, times: readonly number[]): number[] {
  let newest = Number.NEGATIVE_INFINITY;
  return times.map((ms, i) => {
    const isOrdered = !mayReorder || pictures[i]!.run !== pictures[i - 1]?.run;
    const shown = isOrdered ? Math.max(ms, newest) : ms;
    newest = Math.max(newest, shown);
    return shown;
  });
}

function changed(before: ReadonlyMap<Entry, FragmentTimes>): readonly Correction[] {
  return [...before].flatMap(([{ at, times }, was]) => (times === was ? [] : [{ at, times }]));
}
