import type { StreamRates } from '../../db/cameras.ts';
import type { FeedUnit } from './feed-unit.ts';
import { streamRates } from './stream-rates.ts';
import { UnitQueue } from './unit-queue.ts';

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
  readonly #units = new UnitQueue();
  /** The places of keyframes, oldest first. */
  #keyframes: number[] = [];
  #newestKeyframe: FeedUnit | undefined;
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
    if (isKeyframe) {
      this.#keyframes.push(this.#units.end);
      this.#newestKeyframe = unit;
    }
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
    const units = this.#units;
    const later = this.#keyframes.findIndex((place) => units.timeOf(place) > time);
    const keyframe = this.#keyframes[later < 0 ? this.#keyframes.length - 1 : Math.max(0, later - 1)]!;
    const begin = units.timeOf(keyframe);
    const sound: FeedUnit[] = [];
    for (let place = keyframe - 1; place >= units.first; place--) {
      if (units.arrivedAt(place) < begin - soundAheadMs) break;
      if (units.isSound(place) && units.timeOf(place) >= begin) sound.push(units.at(place));
    }
    const rest = Array.from({ length: units.end - keyframe }, (_, i) => units.at(keyframe + i));
    return [...sound.reverse(), ...rest];
  }

  /** The newest picture that a decoder can begin with. */
  newestKeyframe(): FeedUnit | undefined {
    return this.#newestKeyframe;
  }

  /** What the pictures held say of the stream. */
  get rates(): StreamRates {
    const pictures = this.from(Number.NEGATIVE_INFINITY).filter(({ format }) => format.kind === 'video');
    return streamRates(
      pictures.map(({ stamp, isSync, footage }) => ({ stamp, isSync, bytes: footage.bytes })),
    );
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** From the oldest picture held to the newest unit, in seconds. */
  get heldSeconds(): number {
    const [oldest] = this.#keyframes;
    return oldest === undefined
      ? 0
      : (this.#units.timeOf(this.#units.end - 1) - this.#units.timeOf(oldest)) / 1_000;
  }

  /** Whether it reaches as far back as it should. */
  get isFull(): boolean {
    return this.heldSeconds >= this.#seconds;
  }

  clear(): void {
    this.#dropTo(this.#units.end);
    this.#keyframes = [];
    this.#newestKeyframe = undefined;
  }

  /**
   * Drops what is older than the last keyframe that came by `needed` (monotonic milliseconds). Arrivals are as good as
   * times for this, and cheaper: a picture is taken before it comes.
   */
  #dropOld(needed: number): void {
    while (this.#keyframes.length > 1 && this.#units.arrivedAt(this.#keyframes[1]!) <= needed) {
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
    while (this.#units.first < end) {
      const footage = this.#units.shift();
      this.#bytes -= footage.bytes;
      footage.release();
    }
  }
}
