/** The thread that encodes sound: samples in, frames of AAC out, for any number of streams. */
import { parentPort } from 'node:worker_threads';
import { registerAacEncoder } from '@mediabunny/aac-encoder';
import { AdtsOutputFormat, AudioSample, AudioSampleSource, NullTarget, Output } from 'mediabunny';
import { decoderOf } from './pcm.ts';
import { SharedWorker } from './shared-worker.ts';

/** What the thread is asked for. */
export type SoundRequest =
  | {
      readonly stream: number;
      readonly open: { readonly codec: string; readonly sampleRate: number; readonly channels: number };
    }
  | { readonly stream: number; readonly samples: Uint8Array }
  | { readonly stream: number; readonly silence: number }
  | { readonly stream: number; readonly close: true };

/** Frames of AAC in order; `isOver` with the last ones. */
export interface SoundAnswer {
  readonly stream: number;
  readonly frames: readonly Uint8Array[];
  readonly isOver: boolean;
  readonly problem?: string;
}

/** Speech is clear at 3 bits per sample; more than 64 kbit/s for a channel is not heard. */
const bitsPerSample = 3;
const mostBitRate = 64_000;

interface Stream {
  readonly source: AudioSampleSource;
  readonly output: Output;
  readonly decode: (bytes: Uint8Array) => Float32Array;
  readonly sampleRate: number;
  readonly channels: number;
  samples: number;
  frames: Uint8Array[];
  /** What was asked of it is done in order. */
  work: Promise<void>;
}

// The package looks for this name before it starts a thread of its own.
Object.assign(globalThis, { Worker: SharedWorker });
registerAacEncoder();
const port = parentPort!;
const streams = new Map<number, Stream>();

port.on('message', (request: SoundRequest) => {
  const { stream: id } = request;
  if ('open' in request) {
    streams.set(id, open(request.open));
    return;
  }
  const stream = streams.get(id);
  if (!stream) return;
  const isOver = 'close' in request;
  if (isOver) streams.delete(id);
  stream.work = stream.work
    .then(() => handle(stream, request))
    .then(() => answer(id, stream, isOver))
    .catch((error: Error) =>
      port.postMessage({ stream: id, frames: [], isOver, problem: error.message } satisfies SoundAnswer),
    );
});

function open({
  codec,
  sampleRate,
  channels,
}: {
  codec: string;
  sampleRate: number;
  channels: number;
}): Stream {
  const frames: Uint8Array[] = [];
  const bitrate = Math.min(mostBitRate, sampleRate * bitsPerSample) * channels;
  const source = new AudioSampleSource({
    codec: 'aac',
    bitrate,
    onEncodedPacket: (packet) => void stream.frames.push(packet.data),
  });
  const output = new Output({ format: new AdtsOutputFormat(), target: new NullTarget() });
  output.addAudioTrack(source);
  const work = output.start();
  const stream: Stream = {
    ...{ source, output, sampleRate, channels, frames, work, samples: 0 },
    decode: decoderOf(codec),
  };
  return stream;
}

async function handle(stream: Stream, request: SoundRequest): Promise<void> {
  if ('samples' in request) await add(stream, stream.decode(request.samples));
  else if ('silence' in request) await add(stream, new Float32Array(request.silence * stream.channels));
  else await stream.output.finalize();
}

async function add(stream: Stream, data: Float32Array): Promise<void> {
  const { sampleRate, channels } = stream;
  const timestamp = stream.samples / sampleRate;
  const sample = new AudioSample({
    ...{ data, format: 'f32' as const, numberOfChannels: channels, sampleRate, timestamp },
  });
  stream.samples += data.length / channels;
  await stream.source.add(sample);
  sample.close();
}

function answer(id: number, stream: Stream, isOver: boolean): void {
  const frames = stream.frames.splice(0);
  if (frames.length > 0 || isOver) port.postMessage({ stream: id, frames, isOver } satisfies SoundAnswer);
}
