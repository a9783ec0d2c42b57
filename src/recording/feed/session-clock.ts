import { type Report, TrackClock } from './track-clock.ts';

/** By so much (ms) reports may contradict arrivals: no camera sends one track later than another by more. */
const contradictionMs = 500;
/** A camera's wall clock that is off by this (ms) from what its last report led to expect was set meanwhile. */
const steppedMs = 100;

export type TrackKind = 'video' | 'sound';

/** What a camera's clocks run at, in milliseconds per millisecond of their stamps: 1 where they are right. */
export type ClockRates = Readonly<Partial<Record<TrackKind, number>>>;

export interface SessionClockOptions {
  /** Stamps are taken as they are, on one time line for all tracks: those of ffmpeg. */
  readonly isTrusted?: boolean;
  /** What an earlier session of the camera has learned. */
  readonly rates?: ClockRates;
}

/** The clocks of one connection to a camera: its tracks' stamps as times of the monotonic clock. */
export class SessionClock {
  readonly isTrusted: boolean;
  readonly #learned: ClockRates;
  readonly #tracks = new Map<TrackClock, { readonly kind: TrackKind; shiftMs: number }>();

  constructor({ isTrusted = false, rates = {} }: SessionClockOptions = {}) {
    this.isTrusted = isTrusted;
    this.#learned = rates;
  }

  /** @param clockRate ticks per second of its RTP timestamps */
  track(clockRate: number, kind: TrackKind): TrackClock {
    const track = new TrackClock(this, clockRate, this.#learned[kind] ?? 1);
    this.#tracks.set(track, { kind, shiftMs: 0 });
    return track;
  }

  /** What is known of the rates by now, for the camera's next session. */
  get rates(): ClockRates {
    const known = [...this.#tracks].map(([{ rate }, { kind }]) => [kind, rate]);
    return { ...this.#learned, ...Object.fromEntries(known) };
  }

  /** Where a report shows that the camera's wall clock was set, those of other tracks cannot be compared with it. */
  noteReport(before: Report | undefined, { run, ticks, ntpMs }: Report): void {
    if (!before) return;
    const passedMs = run.arrivalTimeOf(ticks) - before.run.arrivalTimeOf(before.ticks);
    if (Math.abs(ntpMs - before.ntpMs - passedMs) < steppedMs) return;
    for (const track of this.#tracks.keys()) if (track !== run.track) track.forgetReport();
  }

  /**
   * Reports name moments of all tracks by one clock. The track that is soonest on its way says when these were; the
   * others are moved to it, by milliseconds of 0 or less, unless that contradicts their arrivals.
   */
  shiftOf(track: TrackClock): number {
    const own = this.#tracks.get(track)!;
    const lag = ({ run, ticks, ntpMs }: Report) => run.arrivalTimeOf(ticks) - ntpMs;
    const lags = [...this.#tracks.keys()].flatMap(({ comparable }) => (comparable ? [lag(comparable)] : []));
    if (!track.comparable || lags.length < 2) return own.shiftMs;
    const shiftMs = Math.min(...lags) - lag(track.comparable);
    own.shiftMs = this.isTrusted || shiftMs >= -contradictionMs ? shiftMs : 0;
    return own.shiftMs;
  }
}
