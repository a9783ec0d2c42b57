import { type Report, TrackClock } from './track-clock.ts';

/**
 * No camera sends one track later than another by more than this (ms). Sender reports that say so contradict the
 * arrivals, and are not followed.
 */
const contradictionMs = 500;
/** If a camera's wall clock differs by this much (ms) from what its last report predicts, somebody has set it. */
const setMs = 100;

/** Stands for a change of unknown size (ms). It is greater than every change that may be ignored. */
const unknownMs = 1_000;

/**
 * The rates of a camera's clocks, in milliseconds per millisecond of their timestamps. The rate of an exact clock is
 * 1.
 */
export type ClockRates = { readonly video?: number; readonly sound?: number };

/** The clocks of one connection to a camera. They turn the timestamps of its tracks into steady milliseconds. */
export class SessionClock {
  /** Whether timestamps are used as they are, on one scale for all tracks, as with those that ffmpeg gives. */
  readonly isTrusted: boolean;
  readonly #learned: ClockRates;
  readonly #tracks: {
    readonly clock: TrackClock;
    readonly kind: keyof ClockRates;
    shiftMs: number;
    shiftAtMs: number;
  }[] = [];
  #changedMs = 0;

  /** @param options.rates the rates measured in an earlier session of the camera */
  constructor({ isTrusted = false, rates = {} }: { isTrusted?: boolean; rates?: ClockRates } = {}) {
    this.isTrusted = isTrusted;
    this.#learned = rates;
  }

  /** @param clockRate ticks of the track's RTP timestamps per second */
  track(clockRate: number, kind: keyof ClockRates): TrackClock {
    const clock = new TrackClock(this, clockRate, this.#learned[kind] ?? 1);
    this.#tracks.push({ clock, kind, shiftMs: 0, shiftAtMs: -1 });
    return clock;
  }

  /**
   * Whether more exact arrivals would add nothing.
   * @param now steady milliseconds
   */
  isSettled(now: number): boolean {
    return this.#tracks.every(({ clock }) => clock.isSettled(now));
  }

  /**
   * A sum that grows with each change of the clocks. Between two reads, no unit's time changed by more than the sum
   * grew.
   */
  get changedMs(): number {
    return this.#changedMs;
  }

  /**
   * Call it when times of a track have changed.
   * @param byMs the largest change, in milliseconds; left out: unknown
   */
  change(byMs = unknownMs): void {
    // Doubled, because the track's own times change, and the shift that follows from them can change by as much again.
    this.#changedMs += 2 * Math.min(byMs, unknownMs);
  }

  /** The rates as far as they are known, for the camera's next session. */
  get rates(): ClockRates {
    return Object.assign(
      {},
      this.#learned,
      ...this.#tracks.map(({ clock, kind }) => ({ [kind]: clock.rate })),
    );
  }

  /**
   * If a report shows that the camera's wall clock was set, drops the reports of the other tracks, which are from
   * before that.
   */
  compare(before: Report | undefined, { run, ticks, ntpMs }: Report): void {
    if (!before) return;
    const passedMs = run.arrivalTimeOf(ticks) - before.run.arrivalTimeOf(before.ticks);
    if (Math.abs(ntpMs - before.ntpMs - passedMs) < setMs) return;
    for (const { clock } of this.#tracks) if (clock !== run.track) clock.lastReport = undefined;
  }

  /**
   * How far a track is moved so that the tracks are in step: 0 or less, in milliseconds. Sender reports relate all
   * tracks to one wall clock. The track with the smallest delay stays where it is, and the others are moved to it,
   * unless that contradicts their arrivals.
   */
  shiftOf(clock: TrackClock): number {
    const own = this.#tracks.find((it) => it.clock === clock)!;
    if (own.shiftAtMs === this.#changedMs) return own.shiftMs;
    own.shiftAtMs = this.#changedMs;
    let [least, ownLag] = [Number.POSITIVE_INFINITY, 0];
    for (const it of this.#tracks) {
      const report = it.clock.lastReport;
      // A report is missing. The last shift was made from comparable reports, so it is kept.
      if (!report) return own.shiftMs;
      const lag = report.run.arrivalTimeOf(report.ticks) - report.ntpMs;
      least = Math.min(least, lag);
      if (it === own) ownLag = lag;
    }
    const isBelieved = this.isTrusted || ownLag - least <= contradictionMs;
    own.shiftMs = isBelieved ? least - ownLag : 0;
    return own.shiftMs;
  }
}
