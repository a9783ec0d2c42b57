import { ArrivalLine } from './arrival-line.ts';
import type { Stamp, Timed, TrackClock } from './track-clock.ts';

/** Nothing comes before it was taken: so much (ms) is for what the line does not know yet. */
const aheadMs = 200;
/** While the least delay is not confirmed, a step of this length (ms) may be one of pictures that the camera had kept. */
const keptStepMs = 6_000;
/** What comes later than the one before by this (ms) is delayed, or its clock has leapt back. */
const lateMs = 150;
/** What is stamped earlier than a picture before it by more than this (ms), or is later than `lateMs`, was not reordered. */
const reordered = { ms: 500, lateMs: 1_000 };

/**
 * How a unit goes with the stamps before it: `FITS`; `LATE`, which may be a delay, a picture of another order or a clock
 * that has leapt back; `FOREIGN`: impossible.
 */
export type Fit = 'FITS' | 'LATE' | 'FOREIGN';

/** A stretch of stamps of one track in which its clock does not leap. */
export class Run {
  readonly track: TrackClock;
  readonly #origin: number;
  readonly #own: ArrivalLine;
  /** Its line is that run's as long as it may only be delayed. */
  #follows: Run | undefined;
  readonly #notAfterMs: number;
  #units = 0;
  #newest: number;
  /** The greatest stamp, how late it came, and the step (ms) that led to it. */
  #top: number;
  #topLateMs = 0;
  #stepMs = 0;

  /** @param options.before the run that this one comes behind; `isTied`: as if its clock had not leapt */
  constructor(track: TrackClock, ticks: number, options: { before: Run | undefined; isTied: boolean }) {
    const { before, isTied } = options;
    this.track = track;
    this.#follows = isTied ? before : undefined;
    this.#origin = before && isTied ? before.#origin : ticks;
    this.#newest = ticks;
    this.#top = ticks;
    this.#own = new ArrivalLine(before?.line.rate ?? track.rate, track.isTrusted);
    const isKnown = before && !isTied && before.#units > 1;
    this.#notAfterMs = isKnown ? before.timeOf(before.#newest) + before.#stepMs : Number.POSITIVE_INFINITY;
  }

  get line(): ArrivalLine {
    return this.#follows?.line ?? this.#own;
  }

  get units(): number {
    return this.#units;
  }

  /** Milliseconds of the monotonic clock. */
  timeOf(ticks: number): number {
    const ms = this.arrivalTimeOf(ticks);
    // A lone unit that comes in a burst is late by an unknown part of it: the next one would not be later.
    return this.track.shiftMs + (this.#units > 1 ? ms : Math.min(ms, this.#notAfterMs));
  }

  /** The same by its own arrivals alone. */
  arrivalTimeOf(ticks: number): number {
    return this.line.timeOf(this.#mediaMs(ticks));
  }

  /** The 32-bit timestamp as ticks of this run. */
  unwrap(timestamp: number): number {
    return this.#newest + ((timestamp - this.#newest) | 0);
  }

  take({ timestamp, arrivedAt, duration }: Timed): Stamp {
    const ticks = this.unwrap(timestamp);
    this.#units += 1;
    this.#newest = ticks;
    const mediaMs = this.#mediaMs(ticks + duration);
    this.#own.add(mediaMs, arrivedAt);
    if (ticks > this.#top || this.#units === 1) {
      this.#stepMs = this.track.ms(ticks - this.#top);
      this.#top = ticks;
      this.#topLateMs = this.line.late(mediaMs, arrivedAt);
    }
    return { run: this, ticks };
  }

  /** By how many milliseconds it comes later than the line says; negative: earlier. */
  lateMs({ timestamp, arrivedAt, duration }: Timed): number {
    return this.line.late(this.#mediaMs(this.unwrap(timestamp) + duration), arrivedAt);
  }

  /** By how many milliseconds its stamp is earlier than the greatest one; negative: later. */
  backMs(timestamp: number): number {
    return this.track.ms(this.#top - this.unwrap(timestamp));
  }

  fit(unit: Timed): Fit {
    const backMs = this.backMs(unit.timestamp);
    const late = this.lateMs(unit);
    if (backMs === 0 || this.unwrap(unit.timestamp) === this.#newest) return 'FOREIGN';
    const isPossible = late >= -aheadMs || (!this.line.isConfirmed(unit.arrivedAt) && -backMs <= keptStepMs);
    if (!isPossible) return 'FOREIGN';
    if (backMs < 0) return late - this.#topLateMs > lateMs ? 'LATE' : 'FITS';
    if (backMs <= this.track.reorderMs) return 'FITS';
    return backMs <= reordered.ms && late <= reordered.lateMs ? 'LATE' : 'FOREIGN';
  }

  /** It was no delay: from now on its line is that of its own arrivals. */
  setFree(): void {
    this.#follows = undefined;
  }

  #mediaMs(ticks: number): number {
    return this.track.ms(ticks - this.#origin);
  }
}
