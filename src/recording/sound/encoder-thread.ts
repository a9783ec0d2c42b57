import { Worker } from 'node:worker_threads';
import type { SoundFormat } from '../../codecs/format.ts';
import { type FootageMemory, viewsOf } from '../../footage/memory.ts';
import { FootageWriter } from '../../footage/writer.ts';
import type { Log } from '../../log.ts';
import type { FeedUnit } from '../feed/feed-unit.ts';
import { type CreateSoundEncoder, clipFormat, type SoundEncoder } from './encoder.ts';
import type { SoundAnswer, SoundRequest } from './thread.ts';

/** Samples of an AAC frame; the first frame holds nothing but the encoder's start. */
const frameSamples = 1024;
/** Units that are this far (ms) from where the last one ended follow it all the same. */
const toleranceMs = 20;
/** What is lost between two units is filled with silence up to this length (ms); beyond it a new stream begins. */
const longestFillMs = 1_000;

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** Encodes sound of any number of recordings in one thread, which is started when the first one needs it. */
export class EncoderThread {
  readonly #options: { readonly memory: FootageMemory; readonly log: Log };
  readonly #streams = new Map<number, (answer: SoundAnswer) => void>();
  #worker: Worker | undefined;
  #newest = 0;

  constructor(options: { memory: FootageMemory; log: Log }) {
    this.#options = options;
  }

  readonly create: CreateSoundEncoder = (format, emit) =>
    new ThreadEncoder(this, this.#options.memory, format, emit);

  /** @returns the stream's number */
  open(format: SoundFormat, onAnswer: (answer: SoundAnswer) => void): number {
    const stream = ++this.#newest;
    this.#streams.set(stream, onAnswer);
    const { codec, sampleRate, channels } = format;
    this.send({ stream, open: { codec, sampleRate, channels } });
    return stream;
  }

  send(request: SoundRequest): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(request);
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL(`thread${extension}`, import.meta.url), {
      ...(extension === '.ts' && { execArgv: ['--import', 'tsx'] }),
      env: {},
    });
    worker.on('message', (answer: SoundAnswer) => {
      const tell = this.#streams.get(answer.stream);
      if (answer.isOver) this.#streams.delete(answer.stream);
      if (answer.problem) this.#options.log.warn({ error: answer.problem }, 'sound cannot be encoded');
      tell?.(answer);
    });
    worker.on('error', (error) => this.#died(worker, error));
    return worker;
  }

  /** What it was encoding is lost; the next sound starts another thread. */
  #died(worker: Worker, error: Error): void {
    this.#options.log.error({ error }, 'the thread that encodes sound has failed');
    if (this.#worker === worker) this.#worker = undefined;
    for (const [stream, tell] of this.#streams) tell({ stream, frames: [], isOver: true });
    this.#streams.clear();
  }
}

/** A stretch of sound without holes, as the thread knows it. */
interface Stream {
  readonly id: number;
  /** The first unit: its clock and ticks are those of the first sample. */
  readonly first: FeedUnit;
  readonly ticksPerSample: number;
  /** Samples given to the thread, and frames that came back. */
  samples: number;
  frames: number;
  readonly over: Promise<void>;
}

class ThreadEncoder implements SoundEncoder {
  readonly #thread: EncoderThread;
  readonly #writer: FootageWriter;
  readonly #format: SoundFormat;
  readonly #emit: (unit: FeedUnit) => void;
  #stream: Stream | undefined;
  #over: Promise<unknown> = Promise.resolve();

  constructor(
    thread: EncoderThread,
    memory: FootageMemory,
    format: SoundFormat,
    emit: (unit: FeedUnit) => void,
  ) {
    this.#thread = thread;
    this.#writer = new FootageWriter(memory);
    this.#format = format;
    this.#emit = emit;
  }

  push(unit: FeedUnit): void {
    const stream = this.#streamFor(unit);
    const samples = Uint8Array.from(Buffer.concat(viewsOf([unit.footage])));
    this.#thread.send({ stream: stream.id, samples });
    stream.samples += Math.round(unit.duration / stream.ticksPerSample);
  }

  async finish(): Promise<void> {
    this.#closeStream();
    await this.#over;
    this.#writer.close();
  }

  /** The stream that the unit goes on with, silence in front of it where some was lost. */
  #streamFor(unit: FeedUnit): Stream {
    const stream = this.#stream;
    if (!stream || stream.first.stamp.run !== unit.stamp.run) return this.#openStream(unit);
    const { first, samples, ticksPerSample, id } = stream;
    const missing = Math.round((unit.stamp.ticks - first.stamp.ticks) / ticksPerSample) - samples;
    const missingMs = (missing / this.#format.sampleRate) * 1_000;
    if (missingMs < -toleranceMs || missingMs > longestFillMs) return this.#openStream(unit);
    if (missingMs > toleranceMs) {
      this.#thread.send({ stream: id, silence: missing });
      stream.samples += missing;
    }
    return stream;
  }

  #openStream(first: FeedUnit): Stream {
    this.#closeStream();
    const ticksPerSample = first.stamp.run.track.clockRate / this.#format.sampleRate;
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const id = this.#thread.open(this.#format, ({ frames, isOver }) => {
      for (const frame of frames) this.#emitFrame(stream, frame);
      if (isOver) end();
    });
    const stream: Stream = { id, first, ticksPerSample, samples: 0, frames: 0, over };
    this.#stream = stream;
    return stream;
  }

  #closeStream(): void {
    if (!this.#stream) return;
    const { id, over } = this.#stream;
    this.#stream = undefined;
    this.#over = Promise.all([this.#over, over]);
    this.#thread.send({ stream: id, close: true });
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
