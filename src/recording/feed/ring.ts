import type { StreamRates } from '../../db/cameras.ts';
import type { FeedUnit } from './feed-unit.ts';
import { streamRates } from './stream-rates.ts';
import { UnitQueue } from './unit-queue.ts';

/** Sound may arrive this long (ms) before the picture that it belongs to, so it is looked for that far back. */
const soundAheadMs = 2_000;

/** No camera takes longer to refresh a picture. A recovery point that asks for more pictures is not believed. */
const mostRecovery = 300;

interface Keyframe {
  /** The keyframe's number in the ring's queue. */
  readonly number: number;
  /** With intra refresh: how many more pictures a decoder needs until a whole picture is right. */
  toCome: number;
  /** The number of the first picture that is right when a decoder begins here; undefined: still to come. */
  rightFrom: number | undefined;
}

/**
 * The newest access units of a feed in the order of arrival: from a keyframe at least `seconds` back, and within
 * `maxBytes`. A clip can only begin with a keyframe, so the ring is longer than the pre-roll by up to one keyframe
 * interval. The ring reuses the memory of units that it drops. A caller that takes units has to hold their footage
 * before the next unit is pushed.
 */
export class Ring {
  readonly #seconds: number;
  readonly #maxBytes: () => number;
  readonly #units = new UnitQueue();
  /** Oldest first. */
  #keyframes: Keyframe[] = [];
  /** The keyframes whose `rightFrom` is still to come. */
  readonly #unrecovered: Keyframe[] = [];
  #newestKeyframe: FeedUnit | undefined;
  #bytes = 0;

  /** @param options.maxBytes called each time, because the limit of one ring depends on how many rings there are */
  constructor(options: { seconds: number; maxBytes: () => number }) {
    this.#seconds = options.seconds;
    this.#maxBytes = options.maxBytes;
  }

  /**
   * Adds a unit. From now on the ring, and not the caller, has to release its footage. Sound before the first keyframe
   * is not kept.
   * @returns whether units were dropped early because of `maxBytes`
   */
  push(unit: FeedUnit): boolean {
    const isKeyframe = unit.format.kind === 'video' && unit.isSync;
    if (!isKeyframe && this.#keyframes.length === 0) {
      unit.footage.release();
      return false;
    }
    if (isKeyframe) {
      const { recoveryPictures = 0 } = unit;
      const toCome = recoveryPictures > mostRecovery ? 0 : recoveryPictures;
      const keyframe: Keyframe = { number: this.#units.end, toCome, rightFrom: undefined };
      this.#keyframes.push(keyframe);
      this.#unrecovered.push(keyframe);
      this.#newestKeyframe = unit;
    }
    if (unit.format.kind === 'video') this.#noteRecovery(this.#units.end);
    this.#units.push(unit);
    this.#bytes += unit.footage.bytes;
    if (this.#keyframes.length > 1) this.#dropOld(unit.arrivedAt - this.#seconds * 1_000);
    return this.#bytes > this.#maxBytes() && this.#dropToFit();
  }

  #noteRecovery(picture: number): void {
    const waiting = this.#unrecovered;
    if (waiting.length === 0) return;
    // A decoder that began at a later keyframe shows this picture right; so does one that began at an earlier keyframe.
    const recovered = waiting.findLastIndex((keyframe) => keyframe.toCome === 0);
    for (const keyframe of waiting.splice(0, recovered + 1)) keyframe.rightFrom = picture;
    for (const keyframe of waiting) keyframe.toCome--;
  }

  /**
   * All units from the last keyframe from which a decoder shows whole pictures by `time`; from the oldest keyframe if
   * there is none. Includes sound that arrived before the keyframe but belongs to later pictures.
   * @param time steady milliseconds
   */
  from(time: number): FeedUnit[] {
    if (this.#keyframes.length === 0) return [];
    const units = this.#units;
    const { number: keyframe } =
      this.#keyframes.findLast(
        ({ rightFrom }) => rightFrom !== undefined && units.timeOf(rightFrom) <= time,
      ) ?? this.#keyframes[0]!;
    const begin = units.timeOf(keyframe);
    const sound: FeedUnit[] = [];
    for (let number = keyframe - 1; number >= units.first; number--) {
      if (units.arrivedAt(number) < begin - soundAheadMs) break;
      if (units.isSound(number) && units.timeOf(number) >= begin) sound.push(units.at(number));
    }
    const rest = Array.from({ length: units.end - keyframe }, (_, i) => units.at(keyframe + i));
    return [...sound.reverse(), ...rest];
  }

  /** The newest keyframe; undefined if there is none. */
  newestKeyframe(): FeedUnit | undefined {
    return this.#newestKeyframe;
  }

  /** The picture rate, bit rate and keyframe interval of the pictures in the ring. */
  get rates(): StreamRates {
    const pictures = this.from(Number.NEGATIVE_INFINITY).filter(({ format }) => format.kind === 'video');
    return streamRates(
      pictures.map(({ stamp, isSync, footage }) => ({ stamp, isSync, bytes: footage.bytes })),
    );
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The time from the oldest picture to the newest unit, in seconds. */
  get heldSeconds(): number {
    const [oldest] = this.#keyframes;
    return oldest === undefined
      ? 0
      : (this.#units.timeOf(this.#units.end - 1) - this.#units.timeOf(oldest.number)) / 1_000;
  }

  /** Whether the ring reaches back at least `seconds`. */
  get isFull(): boolean {
    return this.heldSeconds >= this.#seconds;
  }

  clear(): void {
    this.#dropTo(this.#units.end);
    this.#keyframes = [];
    this.#unrecovered.length = 0;
    this.#newestKeyframe = undefined;
  }

  /**
   * Drops the units before the last keyframe from which a decoder shows whole pictures by `needed` (steady
   * milliseconds). Compares arrivals, because that is cheaper than to compute times, and safe: no picture arrives
   * before it is taken.
   */
  #dropOld(needed: number): void {
    for (let next = this.#keyframes[1]; next; next = this.#keyframes[1]) {
      if (next.rightFrom === undefined || this.#units.arrivedAt(next.rightFrom) > needed) return;
      this.#keyframes.shift();
      this.#dropTo(next.number);
    }
  }

  /** @returns whether units were dropped */
  #dropToFit(): boolean {
    const before = this.#bytes;
    while (this.#bytes > this.#maxBytes() && this.#keyframes.length > 1) {
      this.#keyframes.shift();
      this.#dropTo(this.#keyframes[0]!.number);
    }
    // A single keyframe interval exceeds the limit. Everything is dropped, because units without their keyframe are of
    // no use.
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
