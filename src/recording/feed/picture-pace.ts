/**
 * A camera that sends several pictures a second has stalled after this long without a picture. With the check every 250
 * ms, that is noticed within five seconds.
 */
const leastMs = 4_500;
/** The limit until the second picture has come. Some cameras send one picture in five seconds. */
const unknownMs = 15_000;
/**
 * The limit is never longer than this. Some cameras send a keyframe every 40 s; until the first one, only packets
 * show that the camera is alive.
 */
const longestMs = 60_000;
/** A camera has stalled after a pause of this many times its longest interval. */
const factor = 2.5;

/** Measures how often a camera sends pictures, and says when it has stopped. All times are in steady milliseconds. */
export class PicturePace {
  #seenAt: number;
  #soundAt = Number.NEGATIVE_INFINITY;
  #pictures = 0;
  #longestMs: number;

  /** @param longestMs the longest interval in an earlier session of the camera; 0: unknown */
  constructor(now: number, longestMs: number) {
    this.#seenAt = now;
    this.#longestMs = longestMs;
  }

  /** The longest interval between two pictures so far; 0 before the second picture. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** Call it with each picture. */
  sawPicture(now: number): void {
    if (this.#pictures++ > 0) this.#longestMs = Math.max(this.#longestMs * 0.999, now - this.#seenAt);
    this.#seenAt = now;
  }

  /** Call it with packets of pictures that are incomplete or cannot be decoded yet. */
  sawPacket(now: number): void {
    if (this.#pictures === 0) this.#seenAt = now;
  }

  sawSound(now: number): void {
    this.#soundAt = now;
  }

  /** Why the camera counts as stalled, as a sentence for a person; undefined while it does not. */
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
