// Frames of sound from the packets that cameras send.
import { beforeAll, describe, expect, test } from 'vitest';
import type { SoundFormat } from '../../src/codecs/format.ts';
import { FootageMemory } from '../../src/footage/memory.ts';
import { createDepacketizer } from '../../src/rtp/kinds.ts';
import type { ReceiverOptions } from '../../src/rtp/receiver.ts';
import { hexOf, type Payload, sent } from '../support/camera/packetize.ts';
import {
  copiedSamples,
  listen,
  type ReceivedUnit,
  receive,
  recordRtp,
  sha256,
} from '../support/camera/rtp.ts';

const tone = (rate: number, channels = 1) => `-f lavfi -i sine=sample_rate=${rate} -t 2 -ac ${channels}`;
const oneFramePerPacket = '-muxdelay 0.06';

function given(packets: readonly Buffer[], track: Partial<ReceiverOptions>): ReceivedUnit[] {
  const { receiver, units } = listen(track);
  for (const [at, packet] of packets.entries()) receiver.push(packet, 0, packet.length, at);
  receiver.close();
  return units;
}

const seconds = (units: readonly ReceivedUnit[], clockRate: number) =>
  units.reduce((sum, { duration }) => sum + duration, 0) / clockRate;

describe('sound as ffmpeg sends it', () => {
  test.for<[string, string, Partial<SoundFormat>]>([
    ['AAC', `${tone(16_000)} -c:a aac`, { codec: 'aac', sampleRate: 16_000, channels: 1 }],
    [
      'AAC in LATM',
      `${tone(44_100, 2)} -c:a aac -rtpflags latm`,
      { codec: 'aac', sampleRate: 44_100, channels: 2 },
    ],
    ['MP3', `${tone(44_100)} -c:a libmp3lame`, { codec: 'mp3', sampleRate: 44_100, channels: 1 }],
    ['Opus', `${tone(48_000)} -c:a libopus`, { codec: 'opus', sampleRate: 48_000 }],
  ])('%s gives what ffmpeg copies', async ([, encode, format]) => {
    const recording = await recordRtp(`${encode} ${oneFramePerPacket}`);
    const [units] = receive(recording);
    const [copied] = await copiedSamples(recording);
    // ffmpeg may drop the last frame at the end of the stream.
    const expected = copied!.map(({ bytes }) => sha256(bytes));
    expect(units!.map(({ bytes }) => sha256(bytes)).slice(0, expected.length)).toEqual(expected);
    expect(units!.length - expected.length).toBeLessThanOrEqual(1);
    expect(units![0]!.format).toMatchObject(format);
    expect(seconds(units!, recording.tracks[0]!.clockRate)).toBeCloseTo(2, 0);
    expectSteady(units!);
  });

  test.for<[string, string, Partial<SoundFormat>]>([
    ['PCMA', `${tone(8_000)} -c:a pcm_alaw`, { codec: 'pcma', sampleRate: 8_000, channels: 1 }],
    ['PCMU', `${tone(8_000)} -c:a pcm_mulaw`, { codec: 'pcmu', sampleRate: 8_000, channels: 1 }],
    ['L16', `${tone(44_100, 2)} -c:a pcm_s16be`, { codec: 'l16', sampleRate: 44_100, channels: 2 }],
    ['G.722', `${tone(16_000)} -c:a g722`, { codec: 'g722', sampleRate: 16_000, channels: 1 }],
    ['G.726', `${tone(8_000)} -c:a g726 -b:a 32k`, { codec: 'g726', sampleRate: 8_000, channels: 1 }],
  ])('%s has the right duration', async ([, encode, format]) => {
    const recording = await recordRtp(`${encode} ${oneFramePerPacket}`);
    const [units] = receive(recording);
    expect(units![0]!.format).toMatchObject(format);
    expect(seconds(units!, recording.tracks[0]!.clockRate)).toBeCloseTo(2, 1);
    expectSteady(units!);
  });

  /** Each frame begins at the end of the previous one. */
  function expectSteady(units: readonly ReceivedUnit[]): void {
    for (const [i, unit] of units.entries()) {
      const before = units[i - 1];
      if (!before) continue;
      expect(Math.abs(((unit.timestamp - before.timestamp) | 0) - before.duration)).toBeLessThanOrEqual(1);
    }
  }
});

describe('AAC', () => {
  let frames: Buffer[];
  const mono = { encoding: 'MPEG4-GENERIC', payloadType: 96, clockRate: 16_000, channels: 1 };
  const hbr = 'streamtype=5;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3';
  /** AAC-LC, 16 kHz, mono. */
  const right = '1408';
  const fmtp = (config?: string, widths = hbr) =>
    new Map(
      [...widths.split(';'), ...(config ? [`config=${config}`] : [])].map(
        (pair) => pair.split('=') as [string, string],
      ),
    );

  beforeAll(async () => {
    const [units] = receive(await recordRtp(`${tone(16_000)} -c:a aac -b:a 24k ${oneFramePerPacket}`));
    frames = units!.map(({ bytes }) => bytes).filter(({ length }) => length > 100 && length < 255);
    expect(frames.length).toBeGreaterThan(20);
  });

  /** Several frames in one packet (RFC 3640, 3.2). */
  const packed = (of: readonly Buffer[], sizes = of.map(({ length }) => length)): Buffer => {
    const headers = Buffer.alloc(2 + 2 * of.length);
    headers.writeUInt16BE(16 * of.length);
    sizes.forEach((size, i) => {
      headers.writeUInt16BE(size << 3, 2 + 2 * i);
    });
    return Buffer.concat([headers, ...of]);
  };

  const oneEach = (ticks = 1024, pack = (frame: Buffer) => packed([frame])): Payload[] =>
    frames.map((frame, i) => ({ payload: pack(frame), timestamp: i * ticks, isMarked: true }));

  const adtsOf = (frame: Buffer, rateIndex = 8, channels = 1): Buffer => {
    const bytes = frame.length + 7;
    const header = [
      0xff,
      0xf1,
      (1 << 6) | (rateIndex << 2),
      (channels << 6) | (bytes >> 11),
      (bytes >> 3) & 255,
    ];
    return Buffer.concat([Buffer.from([...header, ((bytes & 7) << 5) | 0x1f, 0xfc]), frame]);
  };

  const expected = () => frames.map((frame) => frame.toString('hex'));

  test.for<[string, () => Payload[], ReadonlyMap<string, string>]>([
    ['one frame in a packet', () => oneEach(), fmtp(right)],
    [
      'three frames in a packet',
      () =>
        [...frames.keys()].flatMap((i) =>
          i % 3 === 0
            ? [{ payload: packed(frames.slice(i, i + 3)), timestamp: i * 1024, isMarked: true }]
            : [],
        ),
      fmtp(right),
    ],
    [
      'frames in fragments',
      () =>
        frames.flatMap((frame, i) =>
          [0, 50, 100].map((from) => ({
            payload: packed(
              [from === 100 ? frame.subarray(from) : frame.subarray(from, from + 50)],
              [frame.length],
            ),
            timestamp: i * 1024,
            isMarked: from === 100,
          })),
        ),
      fmtp(right),
    ],
    ['no widths in the description', () => oneEach(), fmtp(right, 'streamtype=5')],
    ['no marker', () => oneEach().map((payload) => ({ ...payload, isMarked: false })), fmtp(right)],
    ['ADTS inside', () => oneEach(1024, (frame) => packed([adtsOf(frame)])), fmtp(right)],
    ['ADTS inside and no configuration', () => oneEach(1024, (frame) => packed([adtsOf(frame)])), fmtp()],
    [
      'ADTS inside and a configuration that contradicts it',
      () => oneEach(1024, (frame) => packed([adtsOf(frame)])),
      fmtp('1210'),
    ],
    ['ADTS without headers', () => oneEach(1024, adtsOf), fmtp(right)],
    ['no configuration', () => oneEach(), fmtp()],
    ['a configuration that cannot be read', () => oneEach(), fmtp('ff')],
    ['a configuration with two channels', () => oneEach(), fmtp('1410')],
    ['a configuration with another rate', () => oneEach(), fmtp('1188')],
    [
      'low bit rate',
      () =>
        oneEach(1024, (frame) => {
          const headers = Buffer.alloc(3);
          headers.writeUInt16BE(8);
          headers[2] = frame.length;
          return Buffer.concat([headers, frame]);
        }),
      fmtp(right, 'mode=AAC-lbr;sizelength=8'),
    ],
  ])('gives the same frames: %s', ([, payloads, described]) => {
    const units = given(sent(payloads()), { ...mono, fmtp: described });
    expect(hexOf(units)).toEqual(expected());
    expect(units.map(({ timestamp }) => timestamp)).toEqual(frames.map((_, i) => i * 1024));
    expect(new Set(units.map(({ duration }) => duration))).toEqual(new Set([1024]));
    expect(new Set(units.map(({ format }) => format)).size).toBe(1);
    expect(units[0]!.format).toMatchObject({ sampleRate: 16_000, channels: 1, codecString: 'mp4a.40.2' });
  });

  test('without configuration, at a clock that is no AAC rate, waits until the timestamps show the rate', () => {
    const track = { ...mono, clockRate: 90_000, fmtp: fmtp() };
    const jitter = oneEach(5760).map((payload, i) => ({
      ...payload,
      timestamp: i * 5760 + (i < 6 ? i * 40 : 240),
    }));
    const units = given(sent(jitter), track);
    expect(hexOf(units)).toEqual(expected());
    expect(units[0]!.format).toMatchObject({ sampleRate: 16_000 });
    expect(given(sent(oneEach(5760).map((payload) => ({ ...payload, timestamp: 0 }))), track)).toEqual([]);
  });

  test('with 960 samples per frame has frames of 960 samples', () => {
    const units = given(sent(oneEach(960)), { ...mono, fmtp: fmtp('140c') });
    expect(units[0]).toMatchObject({ duration: 960, format: { unitSamples: 960 } });
  });

  test('with band replication has frames twice as long as their samples', () => {
    const units = given(sent(oneEach(2048)), { ...mono, clockRate: 48_000, fmtp: fmtp('2b098800') });
    expect(units[0]).toMatchObject({
      duration: 2048,
      format: { codecString: 'mp4a.40.5', sampleRate: 24_000 },
    });
  });

  test('loses only one frame with a lost fragment', () => {
    const payloads = frames.flatMap((frame, i) =>
      [0, 50].map((from) => ({
        payload: packed([from === 0 ? frame.subarray(0, 50) : frame.subarray(50)], [frame.length]),
        timestamp: i * 1024,
      })),
    );
    const packets = sent(payloads);
    for (const lost of [9, 10]) {
      const units = given(
        packets.filter((_, i) => i !== lost),
        { ...mono, fmtp: fmtp(right) },
      );
      expect(hexOf(units)).toEqual(expected().filter((_, i) => i !== lost >> 1));
    }
  });

  test('in LATM is read with the configuration in the stream', () => {
    // StreamMuxConfig: one program, one layer, the AudioSpecificConfig 1408, frames of any length, nothing else.
    const mux = `0${'0'}1${'000000'}${'0000'}${'000'}${'0001010000001000'}${'000'}${'11111111'}00`;
    const payloads = frames.map((frame, i) => {
      const bits = [...frame].map((byte) => byte.toString(2).padStart(8, '0')).join('');
      const length = frame.length.toString(2).padStart(8, '0');
      const whole = `${i % 4 === 0 ? mux : '1'}${length}${bits}`;
      const bytes = Buffer.from(
        whole.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)),
      );
      return { payload: bytes, timestamp: i * 1024, isMarked: true };
    });
    const track = { ...mono, encoding: 'MP4A-LATM', fmtp: new Map([['cpresent', '1']]) };
    const units = given(sent(payloads), track);
    expect(hexOf(units)).toEqual(expected());
    expect(units[0]!.format).toMatchObject({ sampleRate: 16_000, channels: 1 });
  });

  // GStreamer describes LATM only up to the AudioSpecificConfig.
  test.for(['400028103fc0', '40002810'])('in LATM is joined from two packets, config=%s', (config) => {
    const payloads = frames.flatMap((frame, i) => {
      const whole = Buffer.concat([Buffer.from([frame.length]), frame]);
      return [whole.subarray(0, 60), whole.subarray(60)].map((payload, part) => ({
        payload,
        timestamp: i * 1024,
        isMarked: part === 1,
      }));
    });
    const track = {
      ...mono,
      encoding: 'MP4A-LATM',
      fmtp: new Map([
        ['cpresent', '0'],
        ['config', config],
      ]),
    };
    const units = given(sent(payloads), track);
    expect(hexOf(units)).toEqual(expected());
  });
});

test('a frame of MPEG audio in two packets is one frame, and a truncated one is dropped', () => {
  // Layer 3, 64 kbit/s, 44.1 kHz, mono: 208 bytes.
  const frame = Buffer.concat([Buffer.from('fffb50c4', 'hex'), Buffer.alloc(204, 0x11)]);
  const part = (from: number, to: number) =>
    Buffer.concat([Buffer.from([0, 0, 0, from]), frame.subarray(from, to)]);
  const payloads = [0, 1, 2].flatMap((i) =>
    [part(0, 100), part(100, 208)].map((payload) => ({ payload, timestamp: i * 2351 })),
  );
  const track = { encoding: 'MPA', payloadType: 96, clockRate: 90_000, channels: 1, fmtp: new Map() };
  const hex = frame.toString('hex');
  expect(hexOf(given(sent(payloads), track))).toEqual([hex, hex, hex]);
  const packets = sent(payloads);
  for (const lost of [2, 3]) {
    expect(
      hexOf(
        given(
          packets.filter((_, i) => i !== lost),
          track,
        ),
      ),
    ).toEqual([hex, hex]);
  }
});

test.for([
  ['H264', 'interleaved'],
  ['H265', 'interleaved'],
  ['SPEEX', 'SPEEX'],
])('%s is refused with a message', ([encoding, word]) => {
  const fmtp = new Map([
    ['packetization-mode', '2'],
    ['sprop-max-don-diff', '2'],
  ]);
  const made = createDepacketizer(
    { encoding: encoding!, clockRate: 90_000, channels: 1, fmtp },
    new FootageMemory(),
    () => {},
  );
  expect('unsupported' in made && made.unsupported).toContain(word);
  expect('isForFfmpeg' in made && made.isForFfmpeg).toBe(word === 'interleaved');
});
