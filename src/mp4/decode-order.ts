/**
 * The order in which pictures are decoded and shown. Cameras send pictures in decoding order, with the time at which
 * each is shown; a B-frame is shown earlier than a picture before it.
 */

/** The largest number that H.264 and H.265 allow (the decoded picture buffer has 16 pictures). */
const deepest = 16;

/**
 * Learns how many pictures may come before one that is shown earlier, for streams that do not say it. Pictures are
 * noted in the order in which they came. Each is noted with a number that is larger the later the picture is shown,
 * such as a timestamp without jumps.
 */
export class ReorderDepth {
  readonly #recent = new Float64Array(deepest).fill(Number.NEGATIVE_INFINITY);
  #next = 0;
  #depth: number;

  /** @param known what an earlier session with the same camera has learned */
  constructor(known = 0) {
    this.#depth = known;
  }

  get depth(): number {
    return this.#depth;
  }

  note(shownAt: number): void {
    let later = 0;
    for (let i = 0; i < deepest; i++) if (this.#recent[i]! > shownAt) later++;
    if (later > this.#depth) this.#depth = later;
    this.#recent[this.#next] = shownAt;
    this.#next = (this.#next + 1) % deepest;
  }

  /** Call it when the times begin anew, after a jump or with another session. What was learned stays. */
  restart(): void {
    this.#recent.fill(Number.NEGATIVE_INFINITY);
  }
}

/**
 * Where a sequence of pictures can be cut. No picture after a cut, even one that is still to come, is shown earlier
 * than a picture before the cut. The n-th picture is decoded at the n-th smallest time of showing; so pictures after
 * the cut do not change the decode times before it.
 * @param shownAt when the pictures are shown, in decoding order
 * @param depth how many pictures may come before one that is shown earlier
 * @returns for each cut, the number of pictures before it (at least 1), ascending
 */
export function cutsOf(shownAt: readonly number[], depth: number): number[] {
  const cuts: number[] = [];
  let earliest = Number.POSITIVE_INFINITY;
  const earliestFrom = new Float64Array(shownAt.length + 1).fill(earliest);
  for (let i = shownAt.length - 1; i >= 0; i--) {
    earliest = Math.min(earliest, shownAt[i]!);
    earliestFrom[i] = earliest;
  }
  let latest = Number.NEGATIVE_INFINITY;
  // Up to `depth` pictures may come before one that is shown earlier than they are, and that one may still be to come.
  // So the last `depth` pictures have to stay after the cut.
  for (let count = 1; count <= shownAt.length - depth; count++) {
    latest = Math.max(latest, shownAt[count - 1]!);
    if (latest < earliestFrom[count]!) cuts.push(count);
  }
  return cuts;
}
