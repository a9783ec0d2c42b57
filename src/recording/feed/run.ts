import { ArrivalLine } from './arrival-line.ts';
import type { Stamp, Timed, TrackClock } from './track-clock.ts';

/** Nothing comes before it was taken: so much (ms) is for what the line does not know yet. */
const aheadMs = 200;
/** What a camera had kept, or the network, comes ahead of the line by steps like the one before, or this (ms). */
const kept = { steps: 3, ms: 6_000 };
/** What comes later than the one before by this (ms) is delayed, or its clock has leapt back. */
const lateMs = 150;
/** What is stamped earlier than one before it by more than this (ms), or is later than `lateMs`, was not reordered. */
const reordered = { ms: 500, lateMs: 1_000 };

/** How a unit goes on: LATE may be a delay, an order of its own or a clock that leapt back; FOREIGN cannot be. */
export type Fit = 'FITS' | 'LATE' | 'FOREIGN';

/** A stretch of stamps of one track in which its clock does not leap. */
export class Run {
  readonly track: TrackClock;
  readonly #own: ArrivalLine;
  /** Its line is that run's for as long as it may only be delayed. */
  delayed: Run | undefined;
  /** What media time counts from. */
  readonly origin: number;
  readonly #first: number;
  /** Where its only unit is at the latest. */
  readonly #latestMs: number;
  #newest: number;
  /** The greatest stamp, how late it came, and the step (ms) that led to it. */
  #top: number;
  #topLateMs = 0;
  #stepMs = 0;
  units = 0;

  /** @param before the run behind which it begins; `isDelayed`: as if its clock had not leapt */
  constructor(track: TrackClock, ticks: number, before: Run | undefined, isDelayed: boolean) {
    this.track = track;
    this.delayed = isDelayed ? before : undefined;
    this.origin = this.delayed?.origin ?? ticks;
    this.#first = ticks;
    this.#newest = ticks;
    this.#top = ticks;
    this.#own = new ArrivalLine(before?.line.rate ?? track.rate, track.session.isTrusted, (byMs) =>
      track.session.change(byMs),
    );
    const isKnown = before && !isDelayed && before.units > 1;
    this.#latestMs = isKnown ? before.timeOf(before.#newest) + before.#stepMs : Number.POSITIVE_INFINITY;
  }

  /** The run whose stamps these are, as far as is known: what is only late belongs to the run before it. */
  get stretch(): Run {
    return this.delayed ?? this;
  }

  get line(): ArrivalLine {
    return this.delayed?.line ?? this.#own;
  }

  /** The time (ms) between two stamps of the stretch. */
  msBetween(from: number, to: number): number {
    return this.track.ms(to - from) * this.line.rateAt(this.#mediaMs(to));
  }

  /** Milliseconds of the monotonic clock. */
  timeOf(ticks: number): number {
    const ms = this.arrivalTimeOf(ticks);
    // A stray in a burst is late by an unknown part of it.
    return this.track.session.shiftOf(this.track) + (this.units > 1 ? ms : Math.min(ms, this.#latestMs));
  }

  /** The same by the track's own arrivals alone. */
  arrivalTimeOf(ticks: number): number {
    return this.line.timeOf(this.#mediaMs(ticks));
  }

  /** The 32-bit timestamp as ticks of this run. */
  unwrap(timestamp: number): number {
    return this.#newest + ((timestamp - this.#newest) | 0);
  }

  take({ timestamp, arrivedAt }: Timed): Stamp {
    const ticks = this.unwrap(timestamp);
    const mediaMs = this.#mediaMs(ticks);
    this.units += 1;
    // From the second one on, the first is where its own stamp says.
    if (this.units === 2) this.track.session.change();
    this.#newest = ticks;
    this.#own.add(mediaMs, arrivedAt);
    if (ticks > this.#top || this.units === 1) {
      this.#stepMs = this.track.ms(ticks - this.#top);
      this.#top = ticks;
      this.#topLateMs = this.line.late(mediaMs, arrivedAt);
    }
    return { run: this, ticks };
  }

  /** By how many milliseconds it comes later than the line says; negative: earlier. */
  lateMs({ timestamp, arrivedAt }: Timed): number {
    return this.line.late(this.#mediaMs(this.unwrap(timestamp)), arrivedAt);
  }

  /** By how many milliseconds it began behind the greatest stamp of the run that it may belong to. */
  get behindMs(): number {
    return this.delayed ? this.track.ms(this.delayed.#top - this.#first) : 0;
  }

  /** From the one before to the newest in time, in milliseconds of their stamps. */
  get stepMs(): number {
    return this.#stepMs;
  }

  /** For how long it has been coming, in milliseconds. */
  get lastsMs(): number {
    return this.#own.spanMs;
  }

  /** @param isSuspected whether the newest units were LATE */
  fit(unit: Timed, isSuspected: boolean): Fit {
    const backMs = this.track.ms(this.#top - this.unwrap(unit.timestamp));
    const late = this.lateMs(unit);
    if (!isSuspected && this.unwrap(unit.timestamp) === this.#newest) return 'FOREIGN';
    const keptMs = this.units > 1 ? this.#stepMs * kept.steps : kept.ms;
    const isKept = -backMs <= keptMs && !this.line.isConfirmed(unit.arrivedAt);
    if (late < this.track.inexactMs(unit.arrivedAt) - aheadMs && !isKept) return 'FOREIGN';
    if (backMs < 0) return late - this.#topLateMs > lateMs ? 'LATE' : 'FITS';
    if (backMs > 0 && backMs <= this.track.reorderMs) return 'FITS';
    return backMs <= reordered.ms && late <= reordered.lateMs ? 'LATE' : 'FOREIGN';
  }

  /** It was no delay: from now on its line is that of its own arrivals. */
  setFree(): void {
    this.delayed = undefined;
    this.track.session.change();
  }

  #mediaMs(ticks: number): number {
    return this.track.ms(ticks - this.origin);
  }
}
