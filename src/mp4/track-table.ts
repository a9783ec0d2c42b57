import { Mp4Error } from './boxes.ts';
import { Column } from './column.ts';
import type { Track } from './init-segment.ts';
import type { Sample, TrackFragment } from './track-fragment.ts';

const maxLeapTicks = 0x7fffffff;

/**
 * All samples of one track, in 12 bytes each (and 4 more for a keyframe). Times are ticks of the track's
 * timescale, counted from the first sample's decode time unless they say otherwise.
 */
export class TrackTable {
  readonly track: Track;
  readonly sizes = new Column(Uint32Array);
  readonly durations = new Column(Uint32Array);
  readonly compositionOffsets = new Column(Int32Array);
  /** The numbers, counted from 1, of the samples at which decoding can begin; only for video. */
  readonly syncSamples = new Column(Uint32Array);
  /** For each chunk: where it begins, in bytes from the beginning of all payload. */
  readonly chunkPositions = new Column(Float64Array);
  /** For each chunk: the number of its samples. */
  readonly chunkSamples = new Column(Uint32Array);

  /** Decode time of the first sample, as its fragment states it. */
  firstDecodeTime = 0;
  /** Where the last sample ends in decoding order: the sum of all durations. */
  decodeEnd = 0;
  /** The earliest time at which a sample is shown. */
  earliest = Number.POSITIVE_INFINITY;
  /**
   * When all samples except the one that is decoded last have been shown. The duration of that one may still change.
   */
  #othersShown = 0;

  constructor(track: Track) {
    this.track = track;
  }

  /** When the sample that is shown last ends. */
  get latest(): number {
    const { length } = this.compositionOffsets;
    return length === 0
      ? 0
      : Math.max(this.#othersShown, this.decodeEnd + this.compositionOffsets.at(length - 1));
  }

  /** Throws Mp4Error if the hole before the part is longer than a sample can last. */
  check(part: TrackFragment): void {
    const leap = part.decodeTime - this.firstDecodeTime - this.decodeEnd;
    if (this.sizes.length > 0 && leap > maxLeapTicks) {
      throw new Mp4Error(`Track ${this.track.id} jumps ahead by ${leap} ticks, more than a sample can last.`);
    }
  }

  /** Adds a fragment's samples; `payloadAt` is where its payload begins within all payload. */
  append(part: TrackFragment, payloadAt: number): void {
    const chunks = part.chunks.filter((chunk) => chunk.samples.length > 0);
    if (chunks.length === 0) return;
    if (this.sizes.length === 0) this.firstDecodeTime = part.decodeTime;
    else this.#moveEndTo(part.decodeTime - this.firstDecodeTime);
    for (const chunk of chunks) {
      this.chunkPositions.push(payloadAt + chunk.position);
      this.chunkSamples.push(chunk.samples.length);
      for (const sample of chunk.samples) this.#appendSample(sample);
    }
  }

  /**
   * Moves the end of the last sample to this time, because a progressive file has durations instead of decode times. A
   * hole before a fragment makes the sample before it longer. An overlap makes as many samples shorter as necessary,
   * down to a tick each. So decode times always increase, and the track stays in step with the other tracks.
   */
  #moveEndTo(decodeTime: number): void {
    let i = this.durations.length - 1;
    for (; i >= 0 && decodeTime !== this.decodeEnd; i--) {
      const old = this.durations.at(i);
      const duration = Math.max(Math.min(1, old), old + decodeTime - this.decodeEnd);
      this.durations.set(i, duration);
      this.decodeEnd += duration - old;
    }
    // The last sample changes often, because clocks jitter. More samples change only if the source is broken.
    if (i < this.durations.length - 2) this.#showAgain();
  }

  /** Computes anew when the samples are shown, after decode times have changed. */
  #showAgain(): void {
    const { durations, compositionOffsets } = this;
    let decodeTime = 0;
    this.earliest = Number.POSITIVE_INFINITY;
    this.#othersShown = 0;
    for (let i = 0; i < durations.length; i++) {
      const from = decodeTime + compositionOffsets.at(i);
      decodeTime += durations.at(i);
      this.earliest = Math.min(this.earliest, from);
      if (i < durations.length - 1) this.#othersShown = Math.max(this.#othersShown, from + durations.at(i));
    }
  }

  #appendSample(sample: Sample): void {
    this.#othersShown = this.latest;
    this.earliest = Math.min(this.earliest, this.decodeEnd + sample.compositionOffset);
    this.sizes.push(sample.size);
    this.durations.push(sample.duration);
    this.compositionOffsets.push(sample.compositionOffset);
    if (sample.isSync && this.track.kind === 'video') this.syncSamples.push(this.sizes.length);
    this.decodeEnd += sample.duration;
  }
}
