/** How far back arrivals are looked at: long enough for a quiet moment, short enough to follow a drifting clock. */
const windowMs = 60_000;

/**
 * Turns media time of one session (one connection to a camera) into wall-clock time. A fragment arrives when its
 * end was seen, plus a delay that varies; the smallest difference of late is the truest. In the first second
 * after a connect fragments come in a burst that was held back by probing, so early answers are late by up to a
 * second and then settle.
 */
export class SessionClock {
  readonly #differences: { at: number; ms: number }[] = [];
  #best = Number.POSITIVE_INFINITY;

  /**
   * @param mediaEnd end of a fragment, in seconds of media time
   * @param arrivedAt when it was complete, in epoch milliseconds
   */
  observe(mediaEnd: number, arrivedAt: number): void {
    this.#differences.push({ at: arrivedAt, ms: arrivedAt - mediaEnd * 1_000 });
    while (this.#differences[0]!.at < arrivedAt - windowMs) this.#differences.shift();
    this.#best = Math.min(...this.#differences.map((d) => d.ms));
  }

  /** @returns epoch milliseconds */
  toWall(mediaSec: number): number {
    return mediaSec * 1_000 + this.#best;
  }
}
