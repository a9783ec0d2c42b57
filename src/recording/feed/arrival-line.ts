/** Arrivals of the last minute count: long enough for a quiet moment, short enough to follow a drifting clock. */
const windowMs = 60_000;
/** Of all arrivals within so many milliseconds only the least delayed one is kept; a young line keeps more of them. */
const bucketMs = { least: 50, most: 500, perAge: 0.05 };
/** What comes faster than the least rate was kept by the camera or by the network. */
const rates = { least: 0.7, most: 1.4 };
/** A camera that begins with pictures it had kept sends them in less than this share of the time they took. */
const asItHappens = 0.6;
/** A rate is wrong when it shows so much (ms) over the line, or, over less time, this share of it. */
const wrong = { leastMs: 900, share: 0.12, ms: 200 };
/** A rate that differs by less is right: no crystal is off by a thousandth. */
const rightShare = 0.003;
/** A rate that was learned from fewer milliseconds than this is not told to the next session. */
const settledMs = 3_000;
/** A rate that changes within a line shows so much in the last of these milliseconds. */
const change = { spansMs: [3_000, 10_000, 30_000], ofLine: 0.4, ms: 350 };
/** The best delay is confirmed when it has not improved by more than `byMs` for `forMs`. */
const confirmed = { byMs: 50, forMs: 2_000 };
const piecesKept = 8;

/** When (`at`, ms of the monotonic clock) what has that media time came. */
interface Arrival {
  readonly mediaMs: number;
  readonly at: number;
}

/** From a media time on: time = mediaMs × rate + offset. */
interface Piece {
  readonly from: number;
  readonly rate: number;
  readonly offset: number;
}

/**
 * Turns media time into time of the monotonic clock, by arrivals: a delay only ever adds, so the least delayed one is
 * the truest. The rate is 1 unless delays clearly grow or shrink; then it is the slope of the line below all arrivals.
 */
export class ArrivalLine {
  #arrivals: Arrival[] = [];
  #bucketSince = 0;
  #past: readonly Piece[] = [];
  #from = Number.NEGATIVE_INFINITY;
  #rate: number;
  readonly #isTrusted: boolean;
  #isInherited: boolean;
  #offset = Number.POSITIVE_INFINITY;
  #firstAt: number | undefined;
  #isPrompt = false;
  #best = Number.POSITIVE_INFINITY;
  #bestSince = 0;

  /**
   * @param rate what the same clock was last seen to run at: milliseconds per millisecond of media time
   * @param isTrusted the rate is right
   */
  constructor(rate: number, isTrusted: boolean) {
    this.#rate = rate;
    this.#isTrusted = isTrusted;
    this.#isInherited = rate !== 1;
  }

  get rate(): number {
    return this.#rate;
  }

  /** Whether the rate is more than a first impression. */
  get isSettled(): boolean {
    return this.#spanMs >= settledMs;
  }

  /** Whether it is known that nothing comes much earlier than this line says. */
  isConfirmed(at: number): boolean {
    return at - this.#bestSince >= confirmed.forMs;
  }

  timeOf(mediaMs: number): number {
    if (mediaMs >= this.#from) return mediaMs * this.#rate + this.#offset;
    const { rate, offset } = this.#past.findLast(({ from }) => mediaMs >= from) ?? this.#past[0]!;
    return mediaMs * rate + offset;
  }

  /** By how many milliseconds it came later than the line says; negative: earlier. */
  late(mediaMs: number, at: number): number {
    return at - mediaMs * this.#rate - this.#offset;
  }

  add(mediaMs: number, at: number): void {
    const arrival = { mediaMs, at };
    const delay = at - mediaMs * this.#rate;
    if (delay < this.#offset) this.#setOffset(delay, at);
    this.#firstAt ??= at;
    const newest = this.#arrivals.at(-1);
    const width = Math.min(bucketMs.most, Math.max(bucketMs.least, (at - this.#firstAt) * bucketMs.perAge));
    if (newest && at - this.#bucketSince < width) {
      if (delay < newest.at - newest.mediaMs * this.#rate) this.#arrivals.splice(-1, 1, arrival);
      return;
    }
    this.#bucketSince = at;
    if (newest && !this.#isPrompt) {
      this.#isPrompt = at - newest.at >= asItHappens * (mediaMs - newest.mediaMs);
      if (!this.#isPrompt) this.#arrivals = [];
    }
    this.#arrivals.push(arrival);
    while (this.#arrivals[0]!.at < at - windowMs) this.#arrivals.shift();
    if (!this.#isTrusted) {
      this.#findChange();
      this.#findRate();
    }
    this.#setOffset(leastDelay(this.#arrivals, this.#rate), at);
  }

  /** Begins a new piece where the rate has changed within the line. */
  #findChange(): void {
    const newestAt = this.#arrivals.at(-1)!.at;
    for (const spanMs of change.spansMs) {
      if (spanMs > this.#spanMs * change.ofLine) return;
      const first = this.#arrivals.findIndex(({ at }) => at > newestAt - spanMs);
      const recent = this.#arrivals.slice(first);
      const rate = otherRate(recent, this.#rate, change.ms);
      if (rate === undefined) continue;
      const offset = leastDelay(this.#arrivals.slice(0, first), this.#rate);
      this.#past = [...this.#past, { from: this.#from, rate: this.#rate, offset }].slice(-piecesKept);
      this.#from = recent[0]!.mediaMs;
      this.#arrivals = recent;
      this.#rate = rate;
      return;
    }
  }

  #findRate(): void {
    if (this.#isInherited && !this.isSettled) return;
    const isRefined = this.#rate !== 1 && this.#spanMs >= wrong.leastMs;
    const rate = isRefined ? likely(slopeBelow(this.#arrivals)) : otherRate(this.#arrivals, 1, wrong.ms);
    this.#rate = rate ?? this.#rate;
    this.#isInherited = false;
  }

  #setOffset(offset: number, at: number): void {
    this.#offset = offset;
    if (Math.abs(offset - this.#best) <= confirmed.byMs) return;
    this.#best = offset;
    this.#bestSince = at;
  }

  get #spanMs(): number {
    return (this.#arrivals.at(-1)?.at ?? 0) - (this.#arrivals[0]?.at ?? 0);
  }
}

/**
 * The rate of what clearly does not run at `rate`; undefined where nothing is clear. With a wrong rate the least delay
 * grows (or shrinks) from each third to the next by about the same; a busy moment does it only once.
 */
function otherRate(arrivals: readonly Arrival[], rate: number, mostMs: number): number | undefined {
  const [first, last] = [arrivals[0]!, arrivals.at(-1)!];
  const spanMs = last.at - first.at;
  if (spanMs < wrong.leastMs) return undefined;
  const third = (last.mediaMs - first.mediaMs) / 3;
  const parts = [0, 1, 2].map((i) =>
    arrivals.filter(({ mediaMs }) => Math.min(2, Math.floor((mediaMs - first.mediaMs) / third)) === i),
  );
  if (parts.some(({ length }) => length < 2)) return undefined;
  const [a, b, c] = parts.map((part) => leastDelay(part, rate)) as [number, number, number];
  const share = (b - a) / (c - b);
  const isEven = share > 1 / 3 && share < 3;
  // From the beginning of the first third to that of the last are two thirds of the span.
  const isClear = Math.abs(c - a) >= (Math.min(spanMs * wrong.share, mostMs) * 2) / 3;
  return isEven && isClear ? likely(slopeBelow(arrivals)) : undefined;
}

const likely = (rate: number): number | undefined => {
  if (rate < rates.least || rate > rates.most) return undefined;
  return Math.abs(rate - 1) < rightShare ? 1 : rate;
};

function leastDelay(arrivals: readonly Arrival[], rate: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { mediaMs, at } of arrivals) least = Math.min(least, at - mediaMs * rate);
  return least;
}

/**
 * The slope of the line that lies below all arrivals and closest to them: the edge of their lower convex hull below
 * their middle (Moon, Skelly, Towsley: Estimation and Removal of Clock Skew from Network Delay Measurements, 1999).
 */
function slopeBelow(arrivals: readonly Arrival[]): number {
  const hull: Arrival[] = [];
  for (const arrival of arrivals) {
    while (hull.length > 1 && slope(hull.at(-2)!, hull.at(-1)!) >= slope(hull.at(-1)!, arrival)) hull.pop();
    hull.push(arrival);
  }
  const middle = arrivals.reduce((sum, { mediaMs }) => sum + mediaMs, 0) / arrivals.length;
  const behind = hull.findIndex(({ mediaMs }) => mediaMs >= middle);
  return slope(hull[Math.max(1, behind) - 1]!, hull[Math.max(1, behind)]!);
}

const slope = (from: Arrival, to: Arrival): number => (to.at - from.at) / (to.mediaMs - from.mediaMs);
