import { adtsFormat, adtsFrameBytes, adtsHeaderBytes } from '../codecs/aac.ts';
import { CodecError } from '../codecs/bits.ts';
import type { SoundFormat } from '../codecs/format.ts';
import { AacEvidence } from './aac-evidence.ts';
import type { SoundFrames } from './sound.ts';

/** The format is decided after this many frames, from at least two packets. Until then the frames wait. */
const framesToSee = 3;
/** If more frames than this are waiting, the stream is no AAC. */
const mostHeld = 64;

interface HeldFrame {
  readonly bytes: Buffer;
  readonly timestamp: number;
  readonly arrivedAt: number;
}

/**
 * Frames of AAC, from any kind of packets. The description of the track can be missing or wrong, so it is compared with
 * the first frames before any frame is delivered.
 */
export class AacTrack {
  readonly #frames: SoundFrames;
  readonly #clockRate: number;
  readonly #evidence: AacEvidence;
  #described: SoundFormat | undefined;
  #format: SoundFormat | undefined;
  #held: HeldFrame[] = [];

  /** @param described undefined if the description is missing or cannot be read */
  constructor(described: SoundFormat | undefined, clockRate: number, channels: number, frames: SoundFrames) {
    this.#described = described;
    this.#clockRate = clockRate;
    this.#evidence = new AacEvidence(clockRate, channels);
    this.#frames = frames;
  }

  /** Call it when the stream itself contains a description (LATM). */
  describe(format: SoundFormat): void {
    if (format.key === this.#described?.key) return;
    this.#described = format;
    if (this.#format) this.#format = format;
  }

  /** A frame's duration in ticks of the track's clock rate, as far as it is known. */
  get frameTicks(): number {
    const format = this.#format ?? this.#described;
    return format ? ((format.unitSamples ?? 1024) * this.#clockRate) / format.sampleRate : 1024;
  }

  beginPacket(timestamp: number, isAfterLoss: boolean): void {
    if (!this.#format) this.#evidence.beginPacket(timestamp, isAfterLoss);
  }

  /** Takes an access unit; some cameras send it as ADTS frames. @returns the number of its frames */
  unit(buffer: Buffer, from: number, to: number, timestamp: number, arrivedAt: number): number {
    let count = 0;
    let at = from;
    for (let header = adtsHeaderBytes(buffer, at, to); header > 0; header = adtsHeaderBytes(buffer, at, to)) {
      const end = at + adtsFrameBytes(buffer, at);
      if (!this.#format) this.#noteAdts(buffer, at);
      this.#frame(buffer, at + header, end, timestamp + count * this.frameTicks, arrivedAt);
      count++;
      at = end;
    }
    if (count > 0) return count;
    this.#frame(buffer, from, to, timestamp, arrivedAt);
    return 1;
  }

  close(): void {
    this.#held = [];
    this.#frames.close();
  }

  #noteAdts(buffer: Buffer, at: number): void {
    try {
      this.#evidence.adts = adtsFormat(buffer, at);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  }

  #frame(buffer: Buffer, from: number, to: number, timestamp: number, arrivedAt: number): void {
    if (from >= to) return;
    if (!this.#format) {
      this.#evidence.frame(buffer[from]!);
      this.#held.push({ bytes: Buffer.from(buffer.subarray(from, to)), timestamp, arrivedAt });
      if (this.#evidence.packets >= 2 && this.#held.length >= framesToSee) this.#decide();
      if (this.#held.length > mostHeld) this.#held = [];
      return;
    }
    this.#frames.add(buffer, from, to);
    this.#frames.give(Math.round(timestamp), arrivedAt, this.#format, this.frameTicks);
  }

  #decide(): void {
    this.#format = this.#evidence.format(this.#described);
    if (!this.#format) return;
    const held = this.#held;
    this.#held = [];
    for (const { bytes, timestamp, arrivedAt } of held)
      this.#frame(bytes, 0, bytes.length, timestamp, arrivedAt);
  }
}
