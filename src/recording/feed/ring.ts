import { type FeedUnit, timeOf } from './feed-unit.ts';

/** Sound that came this much before the picture it belongs to is still looked for, in milliseconds. */
const soundAheadMs = 2_000;

/**
 * The newest access units of a feed, in the order in which they came: from a keyframe at least `seconds` back, and
 * within `maxBytes`. A clip can only begin with a keyframe, so the ring is longer than the pre-roll by up to one
 * keyframe interval. The memory of what the ring drops is used again: whoever takes units from it holds their footage
 * before the next unit is pushed.
 */
export class Ring {
  readonly #seconds: number;
  readonly #maxBytes: () => number;
  #units: FeedUnit[] = [];
  /** Units before this one were dropped; they are cut off now and then. */
  #first = 0;
  /** Where keyframes stand in #units, oldest first. */
  #keyframes: number[] = [];
  #bytes = 0;

  /** @param options.maxBytes asked each time: what one ring may hold depends on how many there are */
  constructor(options: { seconds: number; maxBytes: () => number }) {
    this.#seconds = options.seconds;
    this.#maxBytes = options.maxBytes;
  }

  /**
   * Takes over the hold on the unit's footage. Sound in front of the first keyframe is not kept.
   * @returns whether units were dropped early to stay within the bytes
   */
  push(unit: FeedUnit): boolean {
    const isKeyframe = unit.format.kind === 'video' && unit.isSync;
    if (!isKeyframe && this.#keyframes.length === 0) {
      unit.footage.release();
      return false;
    }
    if (isKeyframe) this.#keyframes.push(this.#units.length);
    this.#units.push(unit);
    this.#bytes += unit.footage.bytes;
    if (this.#keyframes.length > 1) this.#dropOld(unit.arrivedAt - this.#seconds * 1_000);
    return this.#bytes > this.#maxBytes() && this.#dropToFit();
  }

  /**
   * Everything from the last keyframe at or before that moment on; from the oldest keyframe where none is that old.
   * Sound that belongs to later pictures and came before the keyframe is among it.
   * @param time milliseconds of the monotonic clock
   */
  from(time: number): FeedUnit[] {
    if (this.#keyframes.length === 0) return [];
    const later = this.#keyframes.findIndex((at) => timeOf(this.#units[at]!) > time);
    const at = this.#keyframes[later < 0 ? this.#keyframes.length - 1 : Math.max(0, later - 1)]!;
    const begin = timeOf(this.#units[at]!);
    const sound: FeedUnit[] = [];
    for (let i = at - 1; i >= this.#first; i--) {
      const unit = this.#units[i]!;
      if (unit.arrivedAt < begin - soundAheadMs) break;
      if (unit.format.kind === 'sound' && timeOf(unit) >= begin) sound.push(unit);
    }
    return [...sound.reverse(), ...this.#units.slice(at)];
  }

  /** The newest picture that a decoder can begin with. */
  newestKeyframe(): FeedUnit | undefined {
    const at = this.#keyframes.at(-1);
    return at === undefined ? undefined : this.#units[at];
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** From the oldest picture held to the newest unit, in seconds. */
  get heldSeconds(): number {
    const [oldest] = this.#keyframes;
    const newest = this.#units.at(-1);
    return oldest === undefined || !newest ? 0 : (timeOf(newest) - timeOf(this.#units[oldest]!)) / 1_000;
  }

  /** Whether it reaches as far back as it should. */
  get isFull(): boolean {
    return this.heldSeconds >= this.#seconds;
  }

  clear(): void {
    this.#dropTo(this.#units.length);
    this.#keyframes = [];
  }

  /**
   * Drops what is older than the last keyframe that came by `needed` (monotonic milliseconds). Arrivals are as good as
   * times for this, and cheaper: a picture is taken before it comes.
   */
  #dropOld(needed: number): void {
    while (this.#keyframes.length > 1 && this.#units[this.#keyframes[1]!]!.arrivedAt <= needed) {
      this.#keyframes.shift();
      this.#dropTo(this.#keyframes[0]!);
    }
  }

  /** @returns whether anything was dropped */
  #dropToFit(): boolean {
    const before = this.#bytes;
    while (this.#bytes > this.#maxBytes() && this.#keyframes.length > 1) {
      this.#keyframes.shift();
      this.#dropTo(this.#keyframes[0]!);
    }
    // One keyframe interval alone is too much: without its keyframe the rest is of no use.
    if (this.#bytes > this.#maxBytes()) this.clear();
    return this.#bytes < before;
  }

  #dropTo(end: number): void {
    for (; this.#first < end; this.#first++) {
      const { footage } = this.#units[this.#first]!;
      this.#bytes -= footage.bytes;
      footage.release();
    }
    if (this.#first * 2 < this.#units.length) return;
    const gone = this.#first;
    this.#units = this.#units.slice(gone);
    this.#keyframes = this.#keyframes.map((at) => at - gone);
    this.#first = 0;
  }
}
