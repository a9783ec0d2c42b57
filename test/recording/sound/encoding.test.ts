// Sound that MP4 cannot hold becomes AAC with the same sound at the same time.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SoundFormat } from '../../../src/codecs/format.ts';
import { createLog } from '../../../src/log.ts';
import type { FeedUnit } from '../../../src/recording/feed/feed-unit.ts';
import { soundEncoders } from '../../../src/recording/sound/create-encoder.ts';
import type { CreateSoundEncoder } from '../../../src/recording/sound/encoder.ts';
import { EncoderThread } from '../../../src/recording/sound/encoder-thread.ts';
import { readMpegAudioHeader } from '../../../src/rtp/mpeg-audio.ts';
import { tools } from '../../support/media/judges.ts';
import {
  codedTone,
  type EncodedFrame,
  formatFor,
  frameOf,
  level,
  played,
  SoundUnits,
  toneLevel,
} from '../../support/media/sound-units.ts';
import { startTestLauncher, type TestLauncher } from '../../support/processes/launcher.ts';

let started: TestLauncher;
/** Encodes for every test that does not end its thread. */
let thread: EncoderThread;
beforeAll(async () => {
  started = await startTestLauncher();
  thread = startThread();
});
afterAll(async () => {
  await thread.close();
  await started.close();
});

const startThread = () => new EncoderThread({ log: createLog('silent') });

function encodersOf({ memory }: SoundUnits, usedThread = thread): CreateSoundEncoder {
  const ffmpeg = { path: tools().ffmpeg };
  const { launcher } = started;
  return soundEncoders({ thread: usedThread, memory, launcher, ffmpeg, log: createLog('silent') });
}

interface Kind {
  readonly encoding: string;
  /** The rate of the RTP clock. */
  readonly rate: number;
  /** Samples per second, if different. */
  readonly soundRate?: number;
  readonly channels?: number;
  readonly encode: string;
  readonly bytesPerSample: number;
}
const pcmu: Kind = { encoding: 'PCMU', rate: 8_000, encode: '-c:a pcm_mulaw -f mulaw', bytesPerSample: 1 };
const pcma: Kind = { encoding: 'PCMA', rate: 8_000, encode: '-c:a pcm_alaw -f alaw', bytesPerSample: 1 };
const l16 = (rate: number, channels = 1): Kind => ({
  ...{ encoding: 'L16', rate, channels, encode: '-c:a pcm_s16be -f s16be', bytesPerSample: 2 * channels },
});

const g722: Kind = {
  encoding: 'G722',
  rate: 8_000,
  soundRate: 16_000,
  encode: '-c:a g722 -f g722',
  bytesPerSample: 1,
};
const g726 = (kbps: number, prefix = ''): Kind => ({
  encoding: `${prefix}G726-${kbps}`,
  rate: 8_000,
  encode: `-c:a ${prefix ? 'g726' : 'g726le'} -b:a ${kbps}k -f ${prefix ? 'g726' : 'g726le'}`,
  bytesPerSample: kbps / 64,
});

async function unitsOf(kind: Kind, seconds: number, hz = 440) {
  const { encoding, rate, soundRate = rate, channels = 1, encode, bytesPerSample } = kind;
  const format = formatFor(encoding, rate, channels);
  const units = new SoundUnits(format, rate);
  const bytes = await codedTone({ encode, sampleRate: soundRate, channels, seconds, hz });
  return { format, units, bytes, packets: units.packets(bytes, rate * bytesPerSample) };
}

/** Encodes a stream of this kind, and returns the decoded result. */
async function hear({
  format,
  units,
  packets,
}: Pick<Awaited<ReturnType<typeof unitsOf>>, 'format' | 'units' | 'packets'>): Promise<{
  heard: Float32Array;
  frames: EncodedFrame[];
}> {
  const frames: EncodedFrame[] = [];
  const encoder = encodersOf(units)(format, (unit) => void frames.push(frameOf(unit)));
  for (const unit of packets) {
    encoder.push(unit);
    unit.footage.release();
  }
  await encoder.finish();
  return { frames, heard: await played(frames, format.sampleRate) };
}

test.each([
  pcmu,
  pcma,
  l16(16_000),
  l16(44_100, 2),
  l16(48_000),
  g722,
  g726(32),
  g726(24),
  g726(32, 'AAL2-'),
])('$encoding of $rate Hz is heard at its time', async (kind) => {
  const sound = await unitsOf(kind, 3);
  const { heard, frames } = await hear(sound);
  const rate = sound.format.sampleRate;
  expect(frames[0]!.startSec).toBe(0);
  expect(heard.length / rate).toBeGreaterThan(2.95);
  expect(heard.length / rate).toBeLessThan(3.15);
  expectBeeps(heard, rate);
});

/** ffmpeg's tone beeps for 40 ms at each whole second, at four times the frequency. */
function expectBeeps(heard: Float32Array, rate: number, lateMs = 0): void {
  const late = lateMs / 1_000;
  expect(toneLevel(heard, rate, 440, 0.3, 0.9)).toBeGreaterThan(0.9);
  for (const second of [1 + late, 2 + late]) {
    expect(toneLevel(heard, rate, 1_760, second - 0.06, second - 0.02)).toBeLessThan(0.1);
    expect(toneLevel(heard, rate, 1_760, second + 0.002, second + 0.038)).toBeGreaterThan(0.3);
    expect(toneLevel(heard, rate, 1_760, second + 0.06, second + 0.1)).toBeLessThan(0.1);
  }
}

test('MP3 is heard at its time', async () => {
  const encode = '-c:a libmp3lame -b:a 64k -write_xing 0 -id3v2_version 0 -f mp3';
  const rate = 32_000;
  const bytes = await codedTone({ encode, sampleRate: rate, seconds: 3 });
  const format: SoundFormat = {
    ...{ kind: 'sound', codec: 'mp3', codecString: 'mp3', sampleRate: rate, channels: 1, key: 'mp3' },
    ...{ config: undefined, unitSamples: undefined },
  };
  const units = new SoundUnits(format, 90_000);
  const packets: FeedUnit[] = [];
  for (let at = 0, samples = 0; at < bytes.length; ) {
    const header = readMpegAudioHeader(bytes, at, bytes.length)!;
    const frame = bytes.subarray(at, at + header.bytes);
    packets.push(units.unit(frame, samples / rate, header.samples / rate));
    at += header.bytes;
    samples += header.samples;
  }
  const { heard } = await hear({ format, units, packets });
  // LAME adds 576 samples at the beginning, and every decoder 529.
  expectBeeps(heard, rate, ((576 + 529) * 1_000) / rate);
});

test('consecutive and simultaneous streams are each heard unchanged', async () => {
  const low = await unitsOf(pcmu, 2, 300);
  await hear(low);
  const kinds = [
    { kind: pcmu, hz: 700 },
    { kind: pcmu, hz: 500 },
    { kind: l16(44_100, 2), hz: 1_500 },
    { kind: l16(16_000), hz: 900 },
  ];
  const sounds = await Promise.all(kinds.map(({ kind, hz }) => unitsOf(kind, 2, hz)));
  const all = await Promise.all(sounds.map(hear));
  for (const [i, { heard, frames }] of all.entries()) {
    const { kind, hz } = kinds[i]!;
    expect(frames[0]!.startSec).toBe(0);
    expect(heard.length / kind.rate).toBeGreaterThan(1.99);
    // From its first tenth of a second on: it contains nothing of the previous stream.
    for (const from of [0.1, 0.5, 1.5])
      expect(toneLevel(heard, kind.rate, hz, from, from + 0.4)).toBeGreaterThan(0.95);
  }
});

test('a gap is silent, and what follows is heard at its time', async () => {
  const { format, units, bytes } = await unitsOf(pcmu, 1);
  const packets = [0, 1.5, 5].flatMap((fromSec) => units.packets(bytes, 8_000, fromSec));
  const { heard } = await hear({ format, units, packets });
  expect(heard.length / 8_000).toBeCloseTo(6, 0);
  for (const [from, to] of [
    [1.15, 1.45],
    [2.65, 4.9],
  ] as const)
    expect(level(heard, 8_000, from, to)).toBeLessThan(0.005);
  for (const from of [0.2, 1.6, 5.2])
    expect(toneLevel(heard, 8_000, 440, from, from + 0.7)).toBeGreaterThan(0.95);
  for (const begin of [1.5, 5]) {
    expect(level(heard, 8_000, begin - 0.04, begin - 0.005)).toBeLessThan(0.02);
    expect(level(heard, 8_000, begin + 0.045, begin + 0.08)).toBeGreaterThan(0.05);
  }
});

test('when the thread dies, sound continues in another thread', async () => {
  const { format, units, bytes } = await unitsOf(pcmu, 20);
  const dying = startThread();
  const frames: EncodedFrame[] = [];
  const encoder = encodersOf(units, dying)(format, (unit) => void frames.push(frameOf(unit)));
  const packets = units.packets(bytes, 8_000);
  for (const unit of packets.splice(0, 50)) encoder.push(unit);
  await expect.poll(() => frames.length).toBeGreaterThan(2);
  await dying.close();
  const before = frames.length;
  // The next thread is not started at once.
  while (frames.length < before + 10 && packets.length > 0) {
    encoder.push(packets.shift()!);
    await sleep(20);
  }
  await encoder.finish();
  expect(frames.length).toBeGreaterThan(before + 10);
  const begin = frames[before]!.startSec;
  expect(begin).toBeGreaterThanOrEqual(1);
  const heard = await played(frames, 8_000);
  // In tenths of a second, but for those with ffmpeg's beep at a whole second.
  for (let tenth = 2; tenth < 9; tenth++) {
    const from = begin + tenth / 10;
    if (from % 1 < 0.05 || from % 1 > 0.9) continue;
    expect(toneLevel(heard, 8_000, 440, from, from + 0.1)).toBeGreaterThan(0.9);
  }
});

test('sound that the encoder refuses ends with its recording, and other sound is heard', async () => {
  const sound = await unitsOf(pcmu, 1);
  const encoder = encodersOf(sound.units)({ ...formatFor('L16', 8_000), channels: 9 }, () =>
    expect.fail('a frame came'),
  );
  for (const unit of sound.packets) encoder.push(unit);
  await encoder.finish();
  const { heard } = await hear(await unitsOf(pcmu, 1));
  expect(toneLevel(heard, 8_000, 440, 0.2, 0.9)).toBeGreaterThan(0.95);
});
