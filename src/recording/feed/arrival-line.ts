/**
 * The line is made from the arrivals of the last `ms`. Of all arrivals within one slot, only the least delayed one is
 * kept. The length of a slot is the share `slotShare` of the time that the kept arrivals span, at least
 * `leastSlotMs`.
 */
const window = { ms: 12_000, slotShare: 0.03, leastSlotMs: 50 };
/**
 * A rate is wrong if the delays change evenly by the share `share` of the span that is looked at, or by `ms` if that is
 * less. The span is at least `leastMs`. No real clock runs slower than `slowest` or faster than `fastest`.
 */
const wrong = { leastMs: 900, share: 0.12, ms: 200, slowest: 0.7, fastest: 1.4 };
/** No crystal is off by as much as this. A rate that is closer to 1 counts as 1. */
const rightShare = 0.003;
/**
 * A rate from an earlier session is used for this long (ms). After the same time, a new line has measured a rate of
 * its own.
 */
export const rateKnownMs = 3_000;
/**
 * The spans (ms) in which a change of the rate is looked for. The line must be at least `ofLine` times as long as the
 * span.
 */
const change = { spansMs: [3_000, 6_000], ofLine: 1.5 };
/** How many earlier pieces of the line are kept. Footage from before them is on disk, and its times are final. */
const piecesKept = 12;
/**
 * A camera may begin with a burst of buffered pictures. The pictures of a burst arrive within less than this share of
 * the time that they cover.
 */
const asItHappens = 0.6;
/** The least delay is confirmed once it has not changed by more than `byMs` for `forMs`. */
const confirmed = { byMs: 50, forMs: 2_000 };

/** The arrival of one unit. */
interface Arrival {
  /** The unit's media time: its RTP timestamp in milliseconds, counted from the run's first one. */
  readonly mediaMs: number;
  /** When it arrived, in steady milliseconds. */
  readonly at: number;
}

/**
 * Maps media time (the RTP timestamp in ms) to steady milliseconds: steady time = media time × rate + offset. A delay
 * can only make an arrival late, so the arrival with the least delay is the most accurate one, and gives the offset.
 * The rate is 1 unless delays clearly grow or shrink. Then it is the slope of the line that lies just below all
 * arrivals (docs/time.md, "From timestamp to time"). A change of the rate begins a new piece of the line; earlier
 * pieces keep their rate and offset.
 */
export class ArrivalLine {
  #arrivals: Arrival[] = [];
  /** When the slot of the newest arrival began, and when it ends. */
  #slotSince = 0;
  #slotEnd = Number.NEGATIVE_INFINITY;
  /** The least delay in that slot: time of arrival minus media time × rate. */
  #slotDelay = Number.POSITIVE_INFINITY;
  #past: readonly { readonly from: number; readonly rate: number; readonly offset: number }[] = [];
  #from = Number.NEGATIVE_INFINITY;
  #pieceSince: number | undefined;
  #rate: number;
  #offset = Number.POSITIVE_INFINITY;
  #isPrompt = false;
  /** A rate is looked for once the arrivals span this much time (ms). */
  #leastMs: number;
  #best = Number.POSITIVE_INFINITY;
  #bestSince = 0;

  readonly #onChange: (byMs?: number) => void;

  /**
   * @param rate the last known rate of the clock
   * @param isTrusted whether that rate is final: no other one is looked for
   * @param onChange called when results of `timeOf` change, with the largest change in milliseconds; undefined:
   *   unknown
   */
  constructor(rate: number, isTrusted: boolean, onChange: (byMs?: number) => void) {
    this.#onChange = onChange;
    this.#rate = rate;
    this.#leastMs = isTrusted ? Number.POSITIVE_INFINITY : rate === 1 ? wrong.leastMs : rateKnownMs;
  }

  get rate(): number {
    return this.#rate;
  }

  /** The time from the oldest arrival to the newest one, in milliseconds. */
  get spanMs(): number {
    return spanOf(this.#arrivals);
  }

  /**
   * Whether the least delay has been stable for so long that no later unit will arrive much earlier than the line says.
   */
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

  /** How many milliseconds an arrival is later than the line says; negative: earlier. */
  late(mediaMs: number, at: number): number {
    return at - mediaMs * this.#rate - this.#offset;
  }

  add(mediaMs: number, at: number): void {
    const delay = at - mediaMs * this.#rate;
    if (delay < this.#offset) this.#setOffset(delay, at);
    if (at < this.#slotEnd) {
      if (delay >= this.#slotDelay) return;
      this.#slotDelay = delay;
      this.#arrivals[this.#arrivals.length - 1] = { mediaMs, at };
      return;
    }
    const newest = this.#arrivals.at(-1);
    this.#slotSince = at;
    this.#isPrompt ||= newest !== undefined && at - newest.at >= asItHappens * (mediaMs - newest.mediaMs);
    if (!this.#isPrompt) this.#arrivals.pop();
    this.#arrivals.push({ mediaMs, at });
    while (this.#arrivals[0]!.at < at - window.ms) this.#arrivals.shift();
    this.#slotEnd = at + Math.max(window.leastSlotMs, this.spanMs * window.slotShare);
    this.#pieceSince ??= at;
    if (at - this.#pieceSince > window.ms) this.#beginPiece({ mediaMs, at });
    if (this.spanMs >= this.#leastMs) this.#findRate();
    this.#setOffset(leastDelay(this.#arrivals, this.#rate), at);
    this.#slotDelay = at - mediaMs * this.#rate;
  }

  #findRate(): void {
    this.#leastMs = wrong.leastMs;
    const clearMs = (wrong.leastMs * wrong.share * 2) / 3;
    const isEven = this.#arrivals.every(({ mediaMs, at }) => this.late(mediaMs, at) < clearMs);
    if (isEven && this.#rate === 1) return;
    for (const spanMs of change.spansMs) {
      if (this.spanMs < spanMs * change.ofLine) break;
      const first = this.#arrivals.findIndex(({ at }) => at > this.#slotSince - spanMs);
      const rate = otherRate(this.#arrivals.slice(first), this.#rate);
      if (rate === undefined) continue;
      this.#offset = leastDelay(this.#arrivals.splice(0, first), this.#rate);
      this.#beginPiece(this.#arrivals[0]!);
      this.#rate = rate;
      this.#onChange();
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
 * The rate of a clock that clearly does not run at `rate`; undefined if that is not clear. If the rate is wrong, the
 * least delay changes by about the same amount from each third of the arrivals to the next. A short delay changes it
 * only once.
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
  // Two thirds of the change over the whole span, because the last third begins two thirds of the span after the first
  // third.
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
 * The slope of the line that lies below all arrivals and closest to them. It is an edge of their lower convex hull:
 * the one below their middle (Moon, Skelly, Towsley: Estimation and Removal of Clock Skew from Network Delay
 * Measurements, 1999).
 */
function slopeBelow(arrivals: readonly Arrival[]): number {
  const slope = (from: Arrival, to: Arrival) => (to.at - from.at) / (to.mediaMs - from.mediaMs);
  const hull: Arrival[] = [];
  for (const arrival of arrivals) {
    while (hull.length > 1 && slope(hull.at(-2)!, hull.at(-1)!) >= slope(hull.at(-1)!, arrival)) hull.pop();
    hull.push(arrival);
  }
  const middle = arrivals.reduce((sum, { mediaMs }) => sum + mediaMs, 0) / arrivals.length;
  const end = Math.max(
    1,
    hull.findIndex(({ mediaMs }) => mediaMs >= middle),
  );
  return slope(hull[end - 1]!, hull[end]!);
}
