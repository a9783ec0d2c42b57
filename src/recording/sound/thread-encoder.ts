import type { SoundFormat } from '../../codecs/format.ts';
import { type FootageMemory, viewsOf } from '../../footage/memory.ts';
import { FootageWriter } from '../../footage/writer.ts';
import type { FeedUnit } from '../feed/feed-unit.ts';
import { clipFormat, type SoundEncoder } from './encoder.ts';
import type { EncoderThread, ThreadUser } from './encoder-thread.ts';
import type { SoundAnswer } from './thread.ts';

/** Samples in an AAC frame. The first frame holds only the encoder's start-up delay. */
const frameSamples = 1024;
/** A unit that begins within this (ms) of the previous unit's end follows that unit without a hole. */
const toleranceMs = 20;
/** Missing sound is filled with silence up to this length (ms). A longer hole begins a new stream. */
const longestFillMs = 1_000;

/** A stretch of sound without holes. */
interface Stream {
  /** The first unit; its stamp is the time of the stream's first sample. */
  readonly first: FeedUnit;
  readonly ticksPerSample: number;
  /** How many samples were sent to the thread. */
  samples: number;
  /** How many frames came back. */
  frames: number;
}

/** Encodes G.711 and L16 in the shared thread. */
export class ThreadEncoder implements SoundEncoder, ThreadUser {
  readonly #thread: EncoderThread;
  readonly #id: number;
  readonly #writer: FootageWriter;
  readonly #format: SoundFormat;
  readonly #emit: (unit: FeedUnit) => void;
  /** The streams that the thread has not finished, oldest first. The newest one may grow. */
  #streams: Stream[] = [];
  #isOpen = false;
  #onIdle = () => {};

  constructor(
    thread: EncoderThread,
    memory: FootageMemory,
    format: SoundFormat,
    emit: (unit: FeedUnit) => void,
  ) {
    this.#thread = thread;
    this.#id = thread.enter(this);
    this.#writer = new FootageWriter(memory);
    this.#format = format;
    this.#emit = emit;
  }

  push(unit: FeedUnit): void {
    if (!this.#thread.isUsable) return;
    const stream = this.#streamFor(unit);
    const samples = Uint8Array.from(Buffer.concat(viewsOf([unit.footage])));
    this.#thread.send({ encoder: this.#id, samples });
    stream.samples += Math.round(unit.duration / stream.ticksPerSample);
  }

  async finish(): Promise<void> {
    this.#endStream();
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      if (this.#streams.length === 0) resolve();
    });
    this.#thread.leave(this.#id);
    this.#writer.close();
  }

  take({ frames, isOver }: SoundAnswer): void {
    const [stream] = this.#streams;
    if (!stream) return;
    for (const frame of frames) this.#emitFrame(stream, frame);
    if (isOver) this.#streams.shift();
    if (this.#streams.length === 0) this.#onIdle();
  }

  lost(): void {
    this.#streams = [];
    this.#isOpen = false;
    this.#onIdle();
  }

  /** The stream that the unit continues. If sound is missing before it, adds silence. */
  #streamFor(unit: FeedUnit): Stream {
    const stream = this.#isOpen ? this.#streams.at(-1) : undefined;
    if (!stream || stream.first.stamp.run.effective !== unit.stamp.run.effective)
      return this.#beginStream(unit);
    const { first, samples, ticksPerSample } = stream;
    const missing = Math.round((unit.stamp.ticks - first.stamp.ticks) / ticksPerSample) - samples;
    const missingMs = (missing / this.#format.sampleRate) * 1_000;
    if (missingMs < -toleranceMs || missingMs > longestFillMs) return this.#beginStream(unit);
    if (missingMs > toleranceMs) {
      this.#thread.send({ encoder: this.#id, silence: missing });
      stream.samples += missing;
    }
    return stream;
  }

  #beginStream(first: FeedUnit): Stream {
    this.#endStream();
    const { codec, sampleRate, channels } = this.#format;
    const ticksPerSample = first.stamp.run.track.clockRate / sampleRate;
    const stream: Stream = { first, ticksPerSample, samples: 0, frames: 0 };
    this.#streams.push(stream);
    this.#isOpen = true;
    this.#thread.send({ encoder: this.#id, begin: { codec, sampleRate, channels } });
    return stream;
  }

  #endStream(): void {
    if (this.#isOpen) this.#thread.send({ encoder: this.#id, end: true });
    this.#isOpen = false;
  }

  #emitFrame(stream: Stream, bytes: Uint8Array): void {
    const at = (stream.frames++ - 1) * frameSamples;
    if (at < 0) return;
    this.#writer.copy(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength);
    const footage = this.#writer.finish();
    const { session, stamp, timestamp } = stream.first;
    this.#emit({
      footage,
      timestamp,
      arrivedAt: performance.now(),
      isSync: true,
      format: clipFormat(this.#format),
      duration: frameSamples * stream.ticksPerSample,
      session,
      stamp: { run: stamp.run, ticks: stamp.ticks + at * stream.ticksPerSample },
    });
    footage.release();
  }
}
