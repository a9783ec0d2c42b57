import { plainAacFormat } from '../codecs/aac.ts';
import { CodecError } from '../codecs/bits.ts';
import type { SoundFormat } from '../codecs/format.ts';

/** Syntax elements that a frame can begin with (ISO/IEC 14496-3, table 4.85): one channel, two channels. */
const singleChannel = 0;
const channelPair = 1;
/** Rates that AAC has a number for (table 1.18). */
const rates = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

const gapsToSee = 3;

/**
 * What the first frames of AAC say about their format: the number of channels by their first element, the sample rate
 * by their timestamps.
 */
export class AacEvidence {
  readonly #clockRate: number;
  readonly #announcedChannels: number;
  /** The format in an ADTS header inside the stream; undefined if there is none. */
  adts: SoundFormat | undefined;
  packets = 0;
  #elements = new Set<number>();
  #lastTimestamp: number | undefined;
  #framesOfPacket = 0;
  /** Ticks per frame, one value for each pair of consecutive packets; only the newest are kept. */
  #frameTicks: number[] = [];

  constructor(clockRate: number, announcedChannels: number) {
    this.#clockRate = clockRate;
    this.#announcedChannels = announcedChannels;
  }

  beginPacket(timestamp: number, isAfterLoss: boolean): void {
    if (this.#lastTimestamp !== undefined && !isAfterLoss && this.#framesOfPacket > 0) {
      this.#frameTicks.push(((timestamp - this.#lastTimestamp) | 0) / this.#framesOfPacket);
      if (this.#frameTicks.length > gapsToSee) this.#frameTicks.shift();
    }
    this.packets++;
    this.#lastTimestamp = timestamp;
    this.#framesOfPacket = 0;
  }

  /** @param first the frame's first byte */
  frame(first: number): void {
    this.#framesOfPacket++;
    this.#elements.add(first >> 5);
  }

  /** The stream's format: as described, except for what the frames contradict. */
  format(described: SoundFormat | undefined): SoundFormat | undefined {
    const { adts } = this;
    if (adts) return described && sameSound(described, adts) ? described : adts;
    const samples = described?.unitSamples ?? 1024;
    const sampleRate = this.#rate(samples, described?.sampleRate);
    const channels = this.#channels(described?.channels);
    if (described?.sampleRate === sampleRate && described.channels === channels) return described;
    // Without a description, the track's clock rate is taken as the sample rate, unless it is the usual clock rate of
    // video.
    if (!rates.includes(sampleRate)) return undefined;
    try {
      return plainAacFormat(sampleRate, channels);
    } catch (error) {
      if (error instanceof CodecError) return undefined;
      throw error;
    }
  }

  /**
   * The sample rate. That of the timestamps is used instead of the described one only if all timestamps agree to the
   * tick.
   */
  #rate(samples: number, described: number | undefined): number {
    const isRate = (rate: number) =>
      this.#frameTicks.every((ticks) => Math.abs(ticks - (samples * this.#clockRate) / rate) <= 1);
    const announced = described ?? this.#clockRate;
    if (this.#frameTicks.length === 0 || isRate(announced)) return announced;
    return rates.find(isRate) ?? announced;
  }

  #channels(described: number | undefined): number {
    const announced = described ?? this.#announcedChannels;
    const [element] = this.#elements.size === 1 ? [...this.#elements] : [];
    if (element === singleChannel && announced === 2) return 1;
    if (element === channelPair && announced === 1) return 2;
    return announced;
  }
}

const sameSound = (a: SoundFormat, b: SoundFormat) =>
  a.sampleRate === b.sampleRate && a.channels === b.channels;
