/** Sound as a camera sends it, packet by packet, and as it is decoded afterwards. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { SoundFormat } from '../../../src/codecs/format.ts';
import { FootageMemory, viewsOf } from '../../../src/footage/memory.ts';
import { FootageWriter } from '../../../src/footage/writer.ts';
import { buildMoof } from '../../../src/mp4/build-moof.ts';
import type { FeedSession, FeedUnit } from '../../../src/recording/feed/feed-unit.ts';
import { SessionClock } from '../../../src/recording/feed/session-clock.ts';
import { plainSound } from '../../../src/rtp/plain-sound.ts';
import { builtInit } from './built-init.ts';
import { tools } from './judges.ts';

const run = promisify(execFile);
const packetMs = 20;

/** The beginnings of AAC frames in the time of the input, and their bytes. */
export interface EncodedFrame {
  readonly startSec: number;
  readonly bytes: Buffer;
  readonly format: SoundFormat;
  readonly durationSec: number;
}

/** Names as in `plainSound`: PCMU, L16, G722, G726-32. */
export function formatFor(encoding: string, clockRate: number, channels = 1): SoundFormat {
  return plainSound(encoding, clockRate, channels)!.format;
}

/** Makes units of a camera's packets on one clock. */
export class SoundUnits {
  readonly memory = new FootageMemory();
  readonly #format: SoundFormat;
  readonly #clockRate: number;
  readonly #clock;
  readonly #writer = new FootageWriter(this.memory);
  readonly #session: FeedSession = { soundFormat: undefined, awaitsSound: false, reorderDepth: 0 };

  constructor(format: SoundFormat, clockRate: number) {
    this.#format = format;
    this.#clockRate = clockRate;
    this.#clock = new SessionClock({ isTrusted: true }).track(clockRate, 'sound');
  }

  /** @param atSec when the first sample was taken */
  unit(bytes: Buffer, atSec: number, durationSec: number): FeedUnit {
    this.#writer.copy(bytes, 0, bytes.length);
    const timed = { timestamp: Math.round(atSec * this.#clockRate) >>> 0, arrivedAt: atSec * 1_000 };
    return {
      ...timed,
      footage: this.#writer.finish(),
      isSync: true,
      format: this.#format,
      duration: Math.round(durationSec * this.#clockRate),
      session: this.#session,
      stamp: this.#clock.note(timed),
    };
  }

  /** Cuts the bytes into packets of 20 ms. @param bytesPerSec of the coded sound */
  packets(bytes: Buffer, bytesPerSec: number, fromSec = 0): FeedUnit[] {
    const size = Math.round((bytesPerSec * packetMs) / 1_000);
    return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) =>
      this.unit(bytes.subarray(i * size, (i + 1) * size), fromSec + (i * packetMs) / 1_000, packetMs / 1_000),
    );
  }
}

/** The facts of a unit of AAC. Must be called while its footage is held. */
export function frameOf({ footage, stamp, duration, format }: FeedUnit): EncodedFrame {
  const { clockRate } = stamp.run.track;
  return {
    startSec: stamp.ticks / clockRate,
    durationSec: duration / clockRate,
    bytes: Buffer.concat(viewsOf([footage])),
    format: format as SoundFormat,
  };
}

/** A tone that beeps at each whole second, encoded by ffmpeg as a camera would. */
export async function codedTone(options: {
  /** ffmpeg's arguments: `-c:a pcm_mulaw -f mulaw`. */
  readonly encode: string;
  readonly sampleRate: number;
  readonly channels?: number;
  readonly seconds: number;
  readonly hz?: number;
}): Promise<Buffer> {
  const { encode, sampleRate, channels = 1, seconds, hz = 440 } = options;
  const tone = `sine=frequency=${hz}:beep_factor=4:sample_rate=${sampleRate}:duration=${seconds}`;
  const line = `-v error -f lavfi -i ${tone} -ac ${channels} ${encode} pipe:1`;
  const { stdout } = await run(tools().ffmpeg, line.split(' '), { encoding: 'buffer', maxBuffer: 2 ** 28 });
  return stdout;
}

/** The samples that a player plays from second 0 on. Gaps are silent. */
export async function played(frames: readonly EncodedFrame[], sampleRate: number): Promise<Float32Array> {
  const { format } = frames[0]!;
  const ticks = (sec: number) => Math.round(sec * format.sampleRate);
  const init = builtInit([{ id: 1, timescale: format.sampleRate, format }]);
  const movie: Buffer[] = [init.bytes];
  for (const { startSec, durationSec, bytes } of frames) {
    const sample = { size: bytes.length, duration: ticks(durationSec), compositionOffset: 0, isSync: true };
    const { moof, mdatHeader } = buildMoof([{ id: 1, decodeTime: ticks(startSec), samples: [sample] }]);
    movie.push(moof, mdatHeader, bytes);
  }
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-sound-'));
  try {
    const file = path.join(dir, 'sound.mp4');
    await writeFile(file, Buffer.concat(movie));
    const fill = `aresample=async=1:min_hard_comp=0.01:first_pts=0,aresample=${sampleRate}`;
    const line = ['-v', 'error', '-i', file, '-af', fill, '-ac', '1', '-f', 'f32le', path.join(dir, 'pcm')];
    const { stderr } = await run(tools().ffmpeg, line);
    if (stderr) throw new Error(stderr);
    const pcm = await readFile(path.join(dir, 'pcm'));
    return new Float32Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Root mean square of the samples between two seconds. */
export function level(samples: Float32Array, sampleRate: number, fromSec: number, toSec: number): number {
  const part = samples.subarray(Math.round(fromSec * sampleRate), Math.round(toSec * sampleRate));
  return Math.sqrt(part.reduce((sum, value) => sum + value * value, 0) / Math.max(1, part.length));
}

/** The strength of a frequency between two seconds, 0 to 1 (Goertzel). */
export function toneLevel(
  samples: Float32Array,
  sampleRate: number,
  hz: number,
  fromSec: number,
  toSec: number,
): number {
  const part = samples.subarray(Math.round(fromSec * sampleRate), Math.round(toSec * sampleRate));
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / sampleRate);
  let [a, b, power] = [0, 0, 0];
  for (const value of part) {
    [a, b] = [value + coefficient * a - b, a];
    power += value * value;
  }
  return (2 * (a * a + b * b - coefficient * a * b)) / (part.length * Math.max(power, Number.EPSILON));
}
