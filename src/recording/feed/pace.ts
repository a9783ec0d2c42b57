/** A camera that sends several pictures a second has stalled after this long without one; promised are five seconds. */
const leastMs = 4_500;
/** Before a second picture nothing is known of the camera's pace: one picture in five seconds exists. */
const unknownMs = 15_000;
/** A keyframe every 40 s exists; until the first one only packets tell that the camera is alive. */
const longestMs = 60_000;
/** A pause of this many of the longest intervals seen is no interval any more. */
const factor = 2.5;

/** How often a camera sends pictures, and whether it has stopped. All times are monotonic milliseconds. */
export class Pace {
  #seenAt: number;
  #soundAt = Number.NEGATIVE_INFINITY;
  #pictures = 0;
  #longestMs: number;

  /** @param longestMs the longest interval that an earlier session of the camera has shown; 0: nothing is known */
  constructor(now: number, longestMs: number) {
    this.#seenAt = now;
    this.#longestMs = longestMs;
  }

  /** The longest interval between two pictures so far; 0 before the second. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** To be called with each picture. */
  sawPicture(now: number): void {
    if (this.#pictures++ > 0) this.#longestMs = Math.max(this.#longestMs * 0.999, now - this.#seenAt);
    this.#seenAt = now;
  }

  /** To be called with packets of pictures that are not whole yet, or that nothing can be done with yet. */
  sawPacket(now: number): void {
    if (this.#pictures === 0) this.#seenAt = now;
  }

  sawSound(now: number): void {
    this.#soundAt = now;
  }

  /** Why the camera counts as stalled, for a person; undefined while it does not. */
  problem(now: number): string | undefined {
    const limitMs = this.#limitMs();
    if (now - this.#seenAt < limitMs) return undefined;
    const sendsSound = now - this.#soundAt < leastMs / 2;
    const what = sendsSound ? 'sends sound, but no picture has come' : 'is connected but has sent nothing';
    return `The camera ${what} for ${Math.round(limitMs / 100) / 10} seconds.`;
  }

  #limitMs(): number {
    if (this.#longestMs === 0) return unknownMs;
    return Math.min(longestMs, Math.max(leastMs, this.#longestMs * factor));
  }
}
