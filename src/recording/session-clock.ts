/** How far back arrivals are looked at: long enough for a quiet moment, short enough to follow a drifting clock. */
const windowMs = 60_000;
/** A rate is believed to be wrong when media time has run away this far (ms) in each of two stretches… */
const clearlyWrongMs = 150;
/** …and the whole shows at least this; no crystal is off by a thousandth of it. Below `right` it is believed again. */
const deviation = { wrong: 0.03, right: 0.01 };
/** The burst after a connect says nothing about the rate. */
const burstMs = 2_000;
/** Shorter stretches than this (ms of media time) are not compared; nor, where the session before had a wrong rate, these. */
const leastStretchMs = { new: 1_500, known: 5_000 };
/** A fragment that comes at least this share of its length (ms per ms) after the one before was not held back. */
const asItHappens = 0.4;
/**
 * What shows within a few fragments: so much off, over so long (ms of media time). What comes faster than `least` is
 * footage that the camera had kept, and sends as fast as it likes.
 */
const gross = { deviation: 0.12, least: 0.75, leastMs: 950 };

interface Arrival {
  readonly mediaMs: number;
  readonly at: number;
}

/**
 * Turns media time of one session (one connection to a camera) into wall-clock time. A fragment arrives when its
 * end was seen, plus a delay that varies; the smallest difference of late is the truest. In the first second
 * after a connect fragments come in a burst that was held back by probing, so early answers are late by up to a
 * second and then settle.
 *
 * Some cameras count time at a wrong rate (they stamp 25 pictures a second and send 20). That is measured too; a
 * rate that is not clearly wrong is taken for right, so that the time of an honest camera is never touched.
 */
export class SessionClock {
  #arrivals: Arrival[] = [];
  #rate: number;
  /** A wrong rate that is that of the session before. */
  #isInherited: boolean;
  #isSettled: boolean;
  #firstAt: number | undefined;
  /** Since when (epoch ms) fragments come as they happen. */
  #promptSince: number | undefined;
  #offset = Number.POSITIVE_INFINITY;
  /**
   * ffmpeg's parsers of H.264 and H.265 know that a picture is whole when the next one begins, so that every
   * fragment is late by a picture: the shortest seen, where they differ.
   */
  #frameMs = Number.POSITIVE_INFINITY;

  /** @param rate what the same clock was last seen to run at; undefined where nothing is known of it yet */
  constructor(rate: number | undefined) {
    this.#rate = rate ?? 1;
    this.#isInherited = this.#rate !== 1;
    this.#isSettled = rate !== undefined;
  }

  /**
   * @param mediaEnd end of a fragment, in seconds of media time
   * @param arrivedAt when it was complete, in epoch milliseconds
   * @param frameSec how long its pictures last, in seconds of media time
   */
  observe(mediaEnd: number, arrivedAt: number, frameSec: number): void {
    const arrival = { mediaMs: mediaEnd * 1_000, at: arrivedAt };
    const before = this.#arrivals.at(-1);
    if (before && arrivedAt - before.at >= (arrival.mediaMs - before.mediaMs) * asItHappens)
      this.#promptSince ??= arrivedAt;
    this.#frameMs = Math.min(this.#frameMs, frameSec * 1_000);
    this.#firstAt ??= arrivedAt;
    this.#arrivals.push(arrival);
    while (this.#arrivals[0]!.at < arrivedAt - windowMs) this.#arrivals.shift();
    this.#settle();
  }

  #settle(): void {
    this.#measureRate();
    this.#offset = Math.min(...this.#arrivals.map(({ mediaMs, at }) => at - mediaMs * this.#rate));
  }

  /** Wall-clock seconds per second of media time; exactly 1 unless it is clearly something else. */
  get rate(): number {
    return this.#rate;
  }

  /** For how long it has seen the session, in milliseconds. */
  get seenMs(): number {
    return (this.#arrivals.at(-1)?.at ?? 0) - (this.#firstAt ?? 0);
  }

  /** Whether the rate is more than a first impression. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Whether the burst is over: from then on a fragment's time can be believed. */
  get isPrompt(): boolean {
    return this.#promptSince !== undefined;
  }

  /** @returns epoch milliseconds */
  toWall(mediaSec: number): number {
    return (mediaSec * 1_000 - this.#frameMs) * this.#rate + this.#offset;
  }

  /** By how many ms what ends there came later, at `at` (epoch ms), than the promptest of late did. */
  lateMs(mediaSec: number, at: number): number {
    return at - (mediaSec * 1_000 * this.#rate + this.#offset);
  }

  /**
   * Goes on as that clock does: media time is from now on that of its track.
   * @param beside a track that leapt, which held that one back: what of it was seen farther than that one was
   */
  adopt(other: SessionClock, beside?: { readonly clock: SessionClock; toLed(sec: number): number }): void {
    const arrivals = beside ? beside.clock.#arrivals : [];
    const seen = new Map(arrivals.map(({ mediaMs, at }) => [at, beside!.toLed(mediaMs / 1_000) * 1_000]));
    this.#arrivals = other.#arrivals.map(({ mediaMs, at }) => ({
      mediaMs: Math.max(mediaMs, seen.get(at) ?? mediaMs),
      at,
    }));
    this.#rate = beside ? 1 : other.#rate;
    this.#isInherited = other.#isInherited;
    this.#isSettled = other.#isSettled;
    this.#promptSince = other.#promptSince;
    this.#firstAt = other.#firstAt;
    this.#frameMs = other.#frameMs;
    this.#settle();
  }

  /** @returns the seconds of media time at which that moment (epoch ms) was */
  toMedia(wallMs: number): number {
    return ((wallMs - this.#offset) / this.#rate + this.#frameMs) / 1_000;
  }

  /**
   * Compares the smallest delay in three stretches of equal length. With a wrong rate it grows (or shrinks) from
   * each to the next by about the same; a busy moment does it only once.
   */
  #measureRate(): void {
    const steady = this.#arrivals.filter(({ at }) => at >= this.#firstAt! + burstMs);
    const first = steady[0]?.mediaMs ?? 0;
    const third = ((steady.at(-1)?.mediaMs ?? 0) - first) / 3;
    if (third < (this.#isInherited ? leastStretchMs.known : leastStretchMs.new)) {
      if (!this.#isSettled)
        this.#rate = grossRate(this.#arrivals.filter(({ at }) => at >= this.#promptSince!));
      return;
    }
    this.#isInherited = false;
    this.#isSettled = true;
    const least = leastDelayed(steady);
    if (!least) return;
    const delays = delaysOf(least);
    const isClear = growsEvenly(delays, 2) && delays.every((by) => Math.abs(by) > clearlyWrongMs);
    if (!isClear && this.#rate === 1) return;
    const rate = slopeBelow(steady);
    const isWrong = Math.abs(rate - 1) > (this.#rate === 1 ? deviation.wrong : deviation.right);
    this.#rate = isWrong ? rate : 1;
  }
}

/**
 * The slope of the line that lies below all arrivals and closest to them: delays only ever add. It is the edge of
 * their lower convex hull below their middle (Moon, Skelly, Towsley: Estimation and Removal of Clock Skew from
 * Network Delay Measurements, 1999).
 */
function slopeBelow(arrivals: readonly Arrival[]): number {
  const hull: Arrival[] = [];
  for (const arrival of arrivals) {
    while (hull.length > 1 && slope(hull.at(-2)!, hull.at(-1)!) >= slope(hull.at(-1)!, arrival)) hull.pop();
    hull.push(arrival);
  }
  const middle = arrivals.reduce((sum, { mediaMs }) => sum + mediaMs, 0) / arrivals.length;
  const behind = Math.max(
    1,
    hull.findIndex(({ mediaMs }) => mediaMs >= middle),
  );
  return slope(hull[behind - 1]!, hull[behind]!);
}

/** The rate of a clock that runs away so fast that a few fragments show it; 1 where they do not. */
function grossRate(arrivals: readonly Arrival[]): number {
  const least = leastDelayed(arrivals);
  if (!least || arrivals.at(-1)!.mediaMs - arrivals[0]!.mediaMs < gross.leastMs) return 1;
  const rate = slopeBelow(arrivals);
  const isGross = Math.abs(rate - 1) >= gross.deviation && rate >= gross.least;
  return isGross && growsEvenly(delaysOf(least), 3) ? rate : 1;
}

type Three = [Arrival, Arrival, Arrival];

/** The least delayed arrival of each of three stretches of equal length; undefined where one has none. */
function leastDelayed(arrivals: readonly Arrival[]): Three | undefined {
  const first = arrivals[0]?.mediaMs ?? 0;
  const third = ((arrivals.at(-1)?.mediaMs ?? 0) - first) / 3;
  const least: Arrival[] = [];
  for (const arrival of arrivals) {
    const stretch = Math.min(2, Math.floor((arrival.mediaMs - first) / third));
    const { at, mediaMs } = least[stretch] ?? { at: Number.POSITIVE_INFINITY, mediaMs: 0 };
    if (arrival.at - arrival.mediaMs < at - mediaMs) least[stretch] = arrival;
  }
  return least[0] && least[1] && least[2] ? [least[0], least[1], least[2]] : undefined;
}

/** By how much the delay grows from each to the next. */
const delaysOf = ([a, b, c]: Three): [number, number] => [
  b.at - b.mediaMs - (a.at - a.mediaMs),
  c.at - c.mediaMs - (b.at - b.mediaMs),
];

/** Whether it grows (or shrinks) both times, at most so many times as much the one time as the other. */
const growsEvenly = ([once, twice]: [number, number], most: number) =>
  once / twice > 1 / most && once / twice < most;

function slope(from: Arrival, to: Arrival): number {
  return (to.at - from.at) / (to.mediaMs - from.mediaMs);
}
