import { type Report, TrackClock } from './track-clock.ts';

/** No camera sends one track later than another by more (ms): reports that say so contradict arrivals. */
const contradictionMs = 500;
/** A camera's wall clock that is off by this (ms) from what its last report led to expect was set meanwhile. */
const setMs = 100;

/** Stands for a change (ms) of which no bound is known: more than any that is small enough to pass over. */
const unknownMs = 1_000;

/** What a camera's clocks run at, in milliseconds per millisecond of their stamps: 1 where they are right. */
export type ClockRates = { readonly video?: number; readonly sound?: number };

/** The clocks of one connection to a camera: its tracks' stamps as times of the monotonic clock. */
export class SessionClock {
  /** Stamps are taken as they are, on one time line for all tracks: those of ffmpeg. */
  readonly isTrusted: boolean;
  readonly #learned: ClockRates;
  readonly #tracks: {
    readonly clock: TrackClock;
    readonly kind: keyof ClockRates;
    shiftMs: number;
    shiftAtMs: number;
  }[] = [];
  #changedMs = 0;

  /** @param options.rates what an earlier session of the camera has learned */
  constructor({ isTrusted = false, rates = {} }: { isTrusted?: boolean; rates?: ClockRates } = {}) {
    this.isTrusted = isTrusted;
    this.#learned = rates;
  }

  /** @param clockRate ticks of its RTP timestamps per second */
  track(clockRate: number, kind: keyof ClockRates): TrackClock {
    const clock = new TrackClock(this, clockRate, this.#learned[kind] ?? 1);
    this.#tracks.push({ clock, kind, shiftMs: 0, shiftAtMs: -1 });
    return clock;
  }

  /** Whether more exact arrivals would tell nothing new. @param now monotonic milliseconds */
  isSteady(now: number): boolean {
    return this.#tracks.every(({ clock }) => clock.isSteady(now));
  }

  /** Grows with each change of what is known. Between two looks at it, no stamp's time changed by more than it grew. */
  get changedMs(): number {
    return this.#changedMs;
  }

  /** To be called when the times of a track's stamps have changed: by that many milliseconds, or by an unknown number. */
  change(byMs = unknownMs): void {
    // The track's own times, and once more the shift that follows from them.
    this.#changedMs += 2 * Math.min(byMs, unknownMs);
  }

  /** What is known of the rates by now, for the camera's next session. */
  get rates(): ClockRates {
    return Object.assign(
      {},
      this.#learned,
      ...this.#tracks.map(({ clock, kind }) => ({ [kind]: clock.rate })),
    );
  }

  /** Where a report shows that the camera's wall clock was set, those of other tracks are not comparable with it. */
  compare(before: Report | undefined, { run, ticks, ntpMs }: Report): void {
    if (!before) return;
    const passedMs = run.arrivalTimeOf(ticks) - before.run.arrivalTimeOf(before.ticks);
    if (Math.abs(ntpMs - before.ntpMs - passedMs) < setMs) return;
    for (const { clock } of this.#tracks) if (clock !== run.track) clock.lastReport = undefined;
  }

  /**
   * Reports name moments of all tracks by one clock. The track that is soonest on its way says when these were; the
   * others are moved to it, by milliseconds of 0 or less, unless that contradicts their arrivals.
   */
  shiftOf(clock: TrackClock): number {
    const own = this.#tracks.find((it) => it.clock === clock)!;
    if (own.shiftAtMs === this.#changedMs) return own.shiftMs;
    own.shiftAtMs = this.#changedMs;
    let [least, ownLag] = [Number.POSITIVE_INFINITY, 0];
    for (const it of this.#tracks) {
      const report = it.clock.lastReport;
      // What is not comparable now was so before.
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
