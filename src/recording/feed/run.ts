import { ArrivalLine } from './arrival-line.ts';
import type { Stamp, Timed, TrackClock } from './track-clock.ts';

/**
 * A unit cannot arrive before it was taken. A unit that arrives this much (ms; minus `inexactMs`) before the time that
 * the line gives it does not belong to the run. A smaller difference may be an error of the line.
 */
const aheadMs = 200;
/**
 * Until the line is confirmed, a unit may arrive earlier than the line says, if the camera had buffered it. The
 * timestamp of such a unit is ahead of the greatest one by at most `steps` times the step before; that of a run's
 * second unit, by at most `ms`.
 */
const buffered = { steps: 3, ms: 6_000 };
/** A unit that arrives later than the unit before it by more than this (ms) is delayed, or its clock jumped back. */
const lateMs = 150;
/**
 * A picture is not just reordered if its timestamp goes back by more than `ms`, or if it arrives more than `lateMs`
 * late.
 */
const reordered = { ms: 500, lateMs: 1_000 };

/** Whether a unit continues a run. LATE: perhaps; it is delayed or reordered, or the clock jumped back. FOREIGN: no. */
export type Fit = 'FITS' | 'LATE' | 'FOREIGN';

/** A stretch of timestamps of one track without a jump. */
export class Run {
  readonly track: TrackClock;
  readonly #own: ArrivalLine;
  /**
   * The run before, as long as the units of this run may be delayed units of that run. So long, the line of that run
   * gives the times.
   */
  maybePartOf: Run | undefined;
  /**
   * The timestamp (unwrapped ticks) from which `#mediaMs` counts: the first one of this run or, if its units may be
   * delayed, the origin of the run before.
   */
  readonly origin: number;
  readonly #first: number;
  /** The latest possible time of the first unit, while it is the only one. */
  readonly #latestMs: number;
  #newest: number;
  /** The greatest timestamp. */
  #top: number;
  /** How late the unit with the greatest timestamp arrived (ms). */
  #topLateMs = 0;
  /** By how much (ms) the greatest timestamp is greater than the greatest one before it. */
  #stepMs = 0;
  units = 0;

  /**
   * @param before the run that this one follows
   * @param isDelayed whether these units may be delayed units of `before`
   */
  constructor(track: TrackClock, ticks: number, before: Run | undefined, isDelayed: boolean) {
    this.track = track;
    this.maybePartOf = isDelayed ? before : undefined;
    this.origin = this.maybePartOf?.origin ?? ticks;
    this.#first = ticks;
    this.#newest = ticks;
    this.#top = ticks;
    this.#own = new ArrivalLine(before?.line.rate ?? track.rate, track.session.isTrusted, (byMs) =>
      track.session.change(byMs),
    );
    const isKnown = before && !isDelayed && before.units > 1;
    this.#latestMs = isKnown ? before.timeOf(before.#newest) + before.#stepMs : Number.POSITIVE_INFINITY;
  }

  /** The run that these units belong to, as far as is known: while they may be delayed, the run before. */
  get effective(): Run {
    return this.maybePartOf ?? this;
  }

  get line(): ArrivalLine {
    return this.maybePartOf?.line ?? this.#own;
  }

  /** The time (ms) between two stamps of the run. */
  msBetween(from: number, to: number): number {
    return this.track.ms(to - from) * this.line.rateAt(this.#mediaMs(to));
  }

  /** When the unit with this timestamp was taken, in steady milliseconds. */
  timeOf(ticks: number): number {
    const ms = this.arrivalTimeOf(ticks);
    // If the run has only one unit, `#latestMs` limits its time: it may be part of a burst, and late by an unknown part
    // of it.
    return this.track.session.shiftOf(this.track) + (this.units > 1 ? ms : Math.min(ms, this.#latestMs));
  }

  /** Like `timeOf`, but without sender reports: by the arrivals of this track only. */
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
    // With a second unit, `#latestMs` no longer limits the time of the first one.
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

  /** How many milliseconds the unit is later than the line says; negative: earlier. */
  lateMs({ timestamp, arrivedAt }: Timed): number {
    return this.line.late(this.#mediaMs(this.unwrap(timestamp)), arrivedAt);
  }

  /** How many milliseconds the first timestamp is less than the greatest timestamp of the run before. */
  get behindMs(): number {
    return this.maybePartOf ? this.track.ms(this.maybePartOf.#top - this.#first) : 0;
  }

  /** By how many milliseconds the greatest timestamp is greater than the greatest one before it. */
  get stepMs(): number {
    return this.#stepMs;
  }

  /** For how long units of this run have arrived, in milliseconds. */
  get lastsMs(): number {
    return this.#own.spanMs;
  }

  /** @param isSuspected whether the newest units were LATE */
  fit(unit: Timed, isSuspected: boolean): Fit {
    const backMs = this.track.ms(this.#top - this.unwrap(unit.timestamp));
    const late = this.lateMs(unit);
    if (!isSuspected && this.unwrap(unit.timestamp) === this.#newest) return 'FOREIGN';
    const bufferedMs = this.units > 1 ? this.#stepMs * buffered.steps : buffered.ms;
    const isBuffered = -backMs <= bufferedMs && !this.line.isConfirmed(unit.arrivedAt);
    if (late < this.track.inexactMs(unit.arrivedAt) - aheadMs && !isBuffered) return 'FOREIGN';
    if (backMs < 0) return late - this.#topLateMs > lateMs ? 'LATE' : 'FITS';
    if (backMs > 0 && backMs <= this.track.reorderMs) return 'FITS';
    return backMs <= reordered.ms && late <= reordered.lateMs ? 'LATE' : 'FOREIGN';
  }

  /** The units were not delayed: the clock jumped. From now on the run has a line of its own. */
  setFree(): void {
    this.maybePartOf = undefined;
    this.track.session.change();
  }

  #mediaMs(ticks: number): number {
    return this.track.ms(ticks - this.origin);
  }
}
