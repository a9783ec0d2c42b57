import { type Stamp, stampTime } from './feed/track-clock.ts';

/** Written times are corrected if the clocks now differ from them by more than this (ms). */
export const toleranceMs = 20;

export type Kind = 'pictures' | 'sound';

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

export interface PlacedFragment extends FragmentStamps {
  /** When each unit was taken (steady ms), as last computed. */
  placed: Readonly<Record<Kind, readonly number[]>>;
}

export const hasPictures = ({ pictures }: PlacedFragment): boolean => pictures.length > 0;
export const sessionOf = (entry: PlacedFragment | undefined) => entry?.pictures[0]?.run.track.session;

/** A unit, and when it was taken (steady ms), as last computed. */
interface Placed {
  readonly stamp: Stamp;
  readonly ms: number;
}

/** The newest unit of this kind; undefined if there is none. */
export function newestIn(entries: readonly PlacedFragment[], kind: Kind): Placed | undefined {
  const entry = entries.findLast((it) => it[kind].length > 0);
  return entry && { stamp: entry[kind].at(-1)!, ms: entry.placed[kind].at(-1)! };
}

/**
 * When the unit was taken (ms): the time of the unit before, plus the distance between their timestamps. If the clock
 * no longer agrees with that, what the clock says.
 */
export function placedAfter(before: Placed | undefined, stamp: Stamp): number {
  const ms = stampTime(stamp);
  if (!before || before.stamp.run.effective !== stamp.run.effective) return ms;
  const kept = before.ms + stamp.run.msBetween(before.stamp.ticks, stamp.ticks);
  return Math.abs(kept - ms) <= toleranceMs ? kept : ms;
}

/** When each unit of a fragment that follows those entries was taken (ms). */
export function placedBehind(
  entries: readonly PlacedFragment[],
  stamps: FragmentStamps,
): PlacedFragment['placed'] {
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
export const offBy = ({ pictures, sound, placed }: PlacedFragment): number =>
  Math.max(offAtEnds(pictures, placed.pictures), offAtEnds(sound, placed.sound));

function offAtEnds(stamps: readonly Stamp[], placed: readonly number[]): number {
  const last = stamps.length - 1;
  if (last < 0) return 0;
  const first = Math.abs(stampTime(stamps[0]!) - placed[0]!);
  return Math.max(first, Math.abs(stampTime(stamps[last]!) - placed[last]!));
}

/**
 * The display times of the pictures. If the stream reorders pictures, one may be shown before another that is decoded
 * earlier, but only within a run: a clock that jumps back must not change their order.
 */
export function displayTimes({ pictures, mayReorder, placed }: PlacedFragment): number[] {
  let newest = Number.NEGATIVE_INFINITY;
  return placed.pictures.map((ms, i) => {
    const isFree = mayReorder && pictures[i]!.run.effective === pictures[i - 1]?.run.effective;
    const shown = isFree ? ms : Math.max(ms, newest);
    newest = Math.max(newest, shown);
    return shown;
  });
}
