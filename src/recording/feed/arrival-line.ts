/** Arrivals of the last `ms` count; of those within a bucket (a share of the line's age) only the least delayed one. */
const window = { ms: 12_000, bucketShare: 0.03, leastBucketMs: 50 };
/** A rate is wrong when delays show so much of it (ms) or, over less time, such a share; what is beyond no clock does. */
const wrong = { leastMs: 900, share: 0.12, ms: 200, slowest: 0.7, fastest: 1.4 };
/** No crystal is off by a thousandth: a rate that differs by less than this is right. */
const rightShare = 0.003;
/** What an earlier session has learned is believed for so long (ms), and so long a line has learned something itself. */
export const settledMs = 3_000;
/** Over so long (ms) a change of the rate is looked for, in a line that is at least `ofLine` times as long. */
const change = { spansMs: [3_000, 6_000], ofLine: 1.5 };
/** What is farther back than so many pieces is written, and cannot be moved any more. */
const piecesKept = 12;
/** A camera that begins with pictures it had kept sends them in less than this share of the time they took. */
const asItHappens = 0.6;
/** The least delay is confirmed when it has not become less by more than `byMs` for `forMs`. */
const confirmed = { byMs: 50, forMs: 2_000 };

/** When (`at`, ms of the monotonic clock) what has that media time came. */
interface Arrival {
  readonly mediaMs: number;
  readonly at: number;
}

/**
 * Turns media time into time of the monotonic clock, by arrivals: a delay only ever adds, so the least delayed one is
 * the truest. The rate (ms per ms of media time) is 1 unless delays clearly grow or shrink; then it is the slope of the
 * line below all arrivals. Where the rate changes, a new piece of the line begins.
 */
export class ArrivalLine {
  #arrivals: Arrival[] = [];
  /** The bucket of the newest arrival, and that one's delay: when it came, less its media time. */
  #bucketSince = 0;
  #bucketDelay = Number.POSITIVE_INFINITY;
  #past: readonly { readonly from: number; readonly rate: number; readonly offset: number }[] = [];
  #from = Number.NEGATIVE_INFINITY;
  #pieceSince: number | undefined;
  #rate: number;
  #offset = Number.POSITIVE_INFINITY;
  #isPrompt = false;
  /** A rate is looked for in this much (ms). */
  #leastMs: number;
  #best = Number.POSITIVE_INFINITY;
  #bestSince = 0;

  readonly #onChange: (byMs?: number) => void;

  /**
   * @param rate what the clock was last seen to run at; `isTrusted`: no other is looked for
   * @param onChange what `timeOf` says has changed, by that many milliseconds; undefined: by an unknown number
   */
  constructor(rate: number, isTrusted: boolean, onChange: (byMs?: number) => void) {
    this.#onChange = onChange;
    this.#rate = rate;
    this.#leastMs = isTrusted ? Number.POSITIVE_INFINITY : rate === 1 ? wrong.leastMs : settledMs;
  }

  get rate(): number {
    return this.#rate;
  }

  /** For how long it has seen arrivals, in milliseconds. */
  get spanMs(): number {
    return spanOf(this.#arrivals);
  }

  /** Whether it is known that nothing comes much earlier than this line says. */
  isConfirmed(at: number): boolean {
    return at - this.#bestSince >= confirmed.forMs;
  }

  timeOf(mediaMs: number): number {
    if (mediaMs >= this.#from) return mediaMs * this.#rate + this.#offset;
    const { rate, offset } = this.#pieceAt(mediaMs);
    return mediaMs * rate + offset;
  }

  rateAt(mediaMs: number): number {
    return mediaMs >= this.#from ? this.#rate : this.#pieceAt(mediaMs).rate;
  }

  #pieceAt(mediaMs: number) {
    return this.#past.findLast(({ from }) => mediaMs >= from) ?? this.#past[0]!;
  }

  /** By how many milliseconds it came later than the line says; negative: earlier. */
  late(mediaMs: number, at: number): number {
    return at - mediaMs * this.#rate - this.#offset;
  }

  add(mediaMs: number, at: number): void {
    const delay = at - mediaMs * this.#rate;
    if (delay < this.#offset) this.#setOffset(delay, at);
    const last = this.#arrivals.length - 1;
    const newest = this.#arrivals[last];
    const bucketMs = Math.max(window.leastBucketMs, this.spanMs * window.bucketShare);
    if (newest && at - this.#bucketSince < bucketMs) {
      if (delay >= this.#bucketDelay) return;
      this.#bucketDelay = delay;
      this.#arrivals[last] = { mediaMs, at };
      return;
    }
    this.#bucketSince = at;
    this.#isPrompt ||= newest !== undefined && at - newest.at >= asItHappens * (mediaMs - newest.mediaMs);
    if (!this.#isPrompt) this.#arrivals.pop();
    this.#arrivals.push({ mediaMs, at });
    while (this.#arrivals[0]!.at < at - window.ms) this.#arrivals.shift();
    this.#pieceSince ??= at;
    if (at - this.#pieceSince > window.ms) this.#beginPiece({ mediaMs, at });
    if (this.spanMs >= this.#leastMs) this.#findRate();
    this.#setOffset(leastDelay(this.#arrivals, this.#rate), at);
    this.#bucketDelay = at - mediaMs * this.#rate;
  }

  #findRate(): void {
    this.#leastMs = wrong.leastMs;
    const clearMs = (wrong.leastMs * wrong.share * 2) / 3;
    const isEven = this.#arrivals.every(({ mediaMs, at }) => this.late(mediaMs, at) < clearMs);
    if (isEven && this.#rate === 1) return;
    for (const spanMs of change.spansMs) {
      if (this.spanMs < spanMs * change.ofLine) break;
      const first = this.#arrivals.findIndex(({ at }) => at > this.#bucketSince - spanMs);
      const rate = otherRate(this.#arrivals.slice(first), this.#rate);
      if (rate === undefined) continue;
      this.#offset = leastDelay(this.#arrivals.splice(0, first), this.#rate);
      this.#beginPiece(this.#arrivals[0]!);
      this.#rate = rate;
      return;
    }
    const rate = this.#rate === 1 ? otherRate(this.#arrivals, 1) : likely(slopeBelow(this.#arrivals));
    if (rate === undefined) return;
    this.#rate = rate;
    this.#onChange();
  }

  #beginPiece({ mediaMs, at }: Arrival): void {
    const piece = { from: this.#from, rate: this.#rate, offset: this.#offset };
    this.#past = [...this.#past, piece].slice(-piecesKept);
    this.#from = mediaMs;
    this.#pieceSince = at;
    this.#onChange();
  }

  #setOffset(offset: number, at: number): void {
    if (offset === this.#offset) return;
    this.#onChange(Math.abs(offset - this.#offset));
    this.#offset = offset;
    if (Math.abs(offset - this.#best) <= confirmed.byMs) return;
    this.#best = offset;
    this.#bestSince = at;
  }
}

/**
 * The rate of what clearly does not run at `rate`; undefined where nothing is clear. With a wrong rate the least delay
 * grows (or shrinks) from each third to the next by about the same; a busy moment does it only once.
 */
function otherRate(arrivals: readonly Arrival[], rate: number): number | undefined {
  const from = arrivals[0]!.mediaMs;
  const third = (arrivals.at(-1)!.mediaMs - from) / 3;
  const least = [0, 0, 0].fill(Number.POSITIVE_INFINITY);
  const units = [0, 0, 0];
  for (const { mediaMs, at } of arrivals) {
    const i = Math.min(2, Math.floor((mediaMs - from) / third));
    least[i] = Math.min(least[i]!, at - mediaMs * rate);
    units[i]! += 1;
  }
  const [a, b, c] = least as [number, number, number];
  const share = (b - a) / (c - b);
  // From the beginning of the first third to that of the last are two thirds of the span.
  const clearMs = (Math.min(spanOf(arrivals) * wrong.share, wrong.ms) * 2) / 3;
  const isClear = share > 1 / 3 && share < 3 && Math.abs(c - a) >= clearMs;
  return isClear && units.every((it) => it > 1) ? likely(slopeBelow(arrivals)) : undefined;
}

function likely(rate: number): number | undefined {
  if (rate < wrong.slowest || rate > wrong.fastest) return undefined;
  return Math.abs(rate - 1) < rightShare ? 1 : rate;
}

const spanOf = (arrivals: readonly Arrival[]): number =>
  arrivals.length === 0 ? 0 : arrivals.at(-1)!.at - arrivals[0]!.at;

const leastDelay = (arrivals: readonly Arrival[], rate: number): number =>
  arrivals.reduce((least, { mediaMs, at }) => Math.min(least, at - mediaMs * rate), Number.POSITIVE_INFINITY);

/**
 * The slope of the line that lies below all arrivals and closest to them: the edge of their lower convex hull below
 * their middle (Moon, Skelly, Towsley: Estimation and Removal of Clock Skew from Network Delay Measurements, 1999).
 */
function slopeBelow(arrivals: readonly Arrival[]): number {
  const slope = (from: Arrival, to: Arrival) => (to.at - from.at) / (to.mediaMs - from.mediaMs);
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
