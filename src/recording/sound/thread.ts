/** The thread that encodes sound: samples in, frames of AAC out, for any number of encoders. */
import { parentPort } from 'node:worker_threads';
import { registerAacEncoder } from '@mediabunny/aac-encoder';
import { AdtsOutputFormat, AudioSample, AudioSampleSource, NullTarget, Output } from 'mediabunny';
import { decoderOf } from './pcm.ts';
import { SharedWorker } from './shared-worker.ts';

/** A request to the thread. An encoder encodes one stream after the other; a stream is sound without holes. */
export type SoundRequest = { readonly encoder: number } & (
  | { readonly begin: { readonly codec: string; readonly sampleRate: number; readonly channels: number } }
  | { readonly samples: Uint8Array }
  | { readonly silence: number }
  | { readonly end: true }
  /** The encoder sends no more streams. */
  | { readonly close: true }
);

/** Frames of AAC in order. `isOver` marks the last frames of a stream. */
export interface SoundAnswer {
  readonly encoder: number;
  readonly frames: readonly Uint8Array[];
  readonly isOver: boolean;
  readonly problem?: string;
}

/** Speech is clear at 3 bits per sample. More than 64 kbit/s per channel makes no audible difference. */
const bitsPerSample = 3;
const mostBitRate = 64_000;

interface Stream {
  readonly source: AudioSampleSource;
  readonly output: Output;
  readonly decode: (bytes: Uint8Array) => Float32Array;
  readonly sampleRate: number;
  readonly channels: number;
  samples: number;
  readonly frames: Uint8Array[];
}

// The package makes its threads with `Worker`. Here it gets a stand-in, which starts none.
Object.assign(globalThis, { Worker: SharedWorker });
registerAacEncoder();
const port = parentPort!;
/** The present stream of each encoder. */
const streams = new Map<number, Stream>();
/** For each encoder, a promise that resolves when all its requests are done. */
const work = new Map<number, Promise<void>>();

port.on('message', (request: SoundRequest) => {
  const { encoder } = request;
  if ('close' in request) work.delete(encoder);
  else
    work.set(
      encoder,
      (work.get(encoder) ?? Promise.resolve()).then(() => handle(request)),
    );
});

async function handle(request: SoundRequest): Promise<void> {
  const { encoder } = request;
  const isOver = 'end' in request;
  let stream = streams.get(encoder);
  let problem: string | undefined;
  try {
    if ('begin' in request) {
      stream = await begin(request.begin);
      streams.set(encoder, stream);
    } else if (stream) {
      if ('samples' in request) await add(stream, stream.decode(request.samples));
      else if ('silence' in request) await add(stream, new Float32Array(request.silence * stream.channels));
      else await stream.output.finalize();
    }
  } catch (error) {
    // Later requests for this stream are dropped.
    streams.delete(encoder);
    problem = (error as Error).message;
  }
  if (isOver) streams.delete(encoder);
  const frames = stream?.frames.splice(0) ?? [];
  if (frames.length === 0 && !isOver && problem === undefined) return;
  const answer: SoundAnswer = { encoder, frames, isOver, ...(problem !== undefined && { problem }) };
  port.postMessage(answer);
}

async function begin(sound: { codec: string; sampleRate: number; channels: number }): Promise<Stream> {
  const { codec, sampleRate, channels } = sound;
  const frames: Uint8Array[] = [];
  const source = new AudioSampleSource({
    codec: 'aac',
    bitrate: Math.min(mostBitRate, sampleRate * bitsPerSample) * channels,
    onEncodedPacket: (packet) => void frames.push(packet.data),
  });
  const output = new Output({ format: new AdtsOutputFormat(), target: new NullTarget() });
  output.addAudioTrack(source);
  await output.start();
  return { source, output, decode: decoderOf(codec), sampleRate, channels, samples: 0, frames };
}

async function add(stream: Stream, data: Float32Array): Promise<void> {
  const { sampleRate, channels } = stream;
  if (data.length < channels) return;
  const timestamp = stream.samples / sampleRate;
  const format = 'f32' as const;
  const sample = new AudioSample({ data, format, numberOfChannels: channels, sampleRate, timestamp });
  stream.samples += Math.floor(data.length / channels);
  await stream.source.add(sample);
  sample.close();
}
