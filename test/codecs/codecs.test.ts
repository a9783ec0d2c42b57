import { describe, expect, test } from 'vitest';
import {
  aacFormat,
  adtsFormat,
  adtsFrameBytes,
  adtsHeaderBytes,
  plainAacFormat,
  readAacConfig,
} from '../../src/codecs/aac.ts';
import { BitReader, CodecError } from '../../src/codecs/bits.ts';
import type { VideoFormat } from '../../src/codecs/format.ts';
import { h264Format, h264NalType, parseH264Pps, parseH264Sps } from '../../src/codecs/h264.ts';
import {
  type H264FieldStart,
  isFirstH264Slice,
  isSecondField,
  noField,
  readH264FieldStart,
  readH264SliceStart,
} from '../../src/codecs/h264-slice.ts';
import { h265Format, h265NalType, h265VpsId, parseH265Pps, parseH265Sps } from '../../src/codecs/h265.ts';
import { isFirstH265Slice, readH265SliceStart } from '../../src/codecs/h265-slice.ts';
import { opusFormat, opusSamples } from '../../src/codecs/opus.ts';
import { recoveryPoint } from '../../src/codecs/sei.ts';
import { parseInit } from '../../src/mp4/init-segment.ts';
import {
  adts,
  avcSets,
  type Encoded,
  encodedVideo,
  hevcSets,
  nalUnits,
  presentationTimes,
} from '../support/media/encoded.ts';
import { randomNumbers } from '../support/random.ts';

const x264 = '-c:v libx264 -preset veryfast -threads 1';
const x265 = '-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1';

/** ffmpeg's arguments; profile, size, chroma format and bit depths; the reorder depth; the pixel aspect ratio. */
type Kind = [encode: string, key: string, reorderDepth: number, pixelAspect?: string];

const h264Kinds: Record<string, Kind> = {
  baseline: [`${x264} -profile:v baseline -pix_fmt yuv420p`, '66 192x108 1 8 8', 0],
  'main with a pyramid of B-frames': [
    `${x264} -profile:v main -pix_fmt yuv420p -bf 3 -b_strategy 0`,
    '77 192x108 1 8 8',
    2,
  ],
  'high, cropped, wide pixels': [
    `${x264} -pix_fmt yuv420p -vf scale=150:98,setsar=4/3 -bf 0 -x264-params cqm=jvt`,
    '100 150x98 1 8 8',
    0,
    '4:3',
  ],
  'high 10': [`${x264} -pix_fmt yuv420p10le`, '110 192x108 1 10 10', 2],
  'high 4:2:2': [`${x264} -pix_fmt yuv422p`, '122 192x108 2 8 8', 2],
  'high 4:4:4': [`${x264} -pix_fmt yuv444p`, '244 192x108 3 8 8', 2],
  interlaced: [
    `${x264} -pix_fmt yuv420p -flags +ildct+ilme -x264-params interlaced=1:slices=4`,
    '100 192x108 1 8 8',
    2,
  ],
};

function checkFormat(
  format: VideoFormat,
  encoded: Encoded,
  [, key, reorderDepth, aspect = '1:1']: Kind,
): void {
  const [track] = parseInit(encoded.bytes).tracks;
  const pixelAspect = format.pixelAspect && `${format.pixelAspect.width}:${format.pixelAspect.height}`;
  expect({ ...format, pixelAspect }).toMatchObject({
    codecString: track!.codec,
    width: track!.width,
    height: track!.height,
    key: `${format.codec} ${key}`,
    reorderDepth,
    pixelAspect: aspect,
  });
  expect(deepestReorder(encoded)).toBe(reorderDepth);
}

describe('H.264', () => {
  test.for(Object.entries(h264Kinds))('%s is recognized by its parameter sets', async ([, kind]) => {
    const encoded = await encodedVideo(kind[0]);
    const { sps, pps } = avcSets(encoded.config);
    checkFormat(h264Format(sps, pps), encoded, kind);
    expect(parseH264Pps(pps[0]!)).toEqual({ id: 0, spsId: 0 });
    checkH264Slices(encoded, sps[0]!, pps[0]!);
  });
});

/** Whether every unit is a slice that refers to the parameter sets, and the number of pictures fits. */
function checkH264Slices(encoded: Encoded, sps: Buffer, pps: Buffer): void {
  const facts = parseH264Sps(sps);
  const field = noField();
  let firsts = 0;
  for (const nal of nalUnits(encoded)) {
    const type = h264NalType(nal[0]!);
    if (type !== 1 && type !== 5) continue;
    const start = { firstMacroblock: -1, sliceType: -1, ppsId: -1 };
    expect(readH264SliceStart(nal, 1, nal.length, start)).toBe(true);
    expect(start.ppsId).toBe(parseH264Pps(pps).id);
    expect(isFirstH264Slice(nal, 1)).toBe(start.firstMacroblock === 0);
    if (start.firstMacroblock === 0) firsts++;
    expect(readH264FieldStart(facts, nal[0]!, nal, 1, nal.length, field)).toBe(true);
    expect(field).toMatchObject({ ...start, isField: false, isIdr: type === 5 });
    if (type === 5) expect(field.frameNum).toBe(0);
  }
  expect(firsts).toBe(presentationTimes(encoded).length);
}

/** The largest number of pictures that precede, in decoding order, a picture shown before them. */
function deepestReorder(encoded: Encoded): number {
  const times = presentationTimes(encoded);
  return Math.max(...times.map((time, i) => times.slice(0, i).filter((other) => other > time).length));
}

const h265Kinds: Record<string, Kind> = {
  'main, cropped, wide pixels': [
    `${x265}:bframes=0 -pix_fmt yuv420p -vf scale=150:98,setsar=4/3`,
    '1 150x98 1 8 8',
    0,
    '4:3',
  ],
  'main with a pyramid of B-frames': [
    `${x265}:bframes=4:b-pyramid=1:b-adapt=0 -pix_fmt yuv420p`,
    '1 192x108 1 8 8',
    2,
  ],
  'main with slices': [
    `${x265}:bframes=0:slices=2 -pix_fmt yuv420p -vf scale=320:256`,
    '1 320x256 1 8 8',
    0,
    '64:45',
  ],
  'main 10': [`${x265}:bframes=0 -pix_fmt yuv420p10le`, '2 192x108 1 10 10', 0],
  'range extensions, 4:2:2': [`${x265}:bframes=0 -pix_fmt yuv422p`, '4 192x108 2 8 8', 0],
};

describe('H.265', () => {
  test.for(Object.entries(h265Kinds))('%s is recognized by its parameter sets', async ([, kind]) => {
    const encoded = await encodedVideo(kind[0]);
    const { vps, sps, pps } = hevcSets(encoded.config);
    checkFormat(h265Format(vps, sps, pps), encoded, kind);
    expect(parseH265Pps(pps[0]!)).toEqual({ id: 0, spsId: 0 });
    expect([h265VpsId(vps[0]!), h265VpsId(sps[0]!)]).toEqual([0, 0]);
    const slices = nalUnits(encoded).filter((nal) => h265NalType(nal[0]!) <= 31);
    const start = { isFirst: false, ppsId: -1 };
    const firsts = slices.filter((nal) => {
      expect(readH265SliceStart(h265NalType(nal[0]!), nal, 2, nal.length, start)).toBe(true);
      expect(start).toEqual({ isFirst: isFirstH265Slice(nal, 2), ppsId: 0 });
      return start.isFirst;
    });
    expect(firsts.length).toBe(presentationTimes(encoded).length);
  });
});

describe('parameter sets', () => {
  // Main profile, 640x480, no usability information.
  const plain = Buffer.from('674d001f965602c0f4', 'hex');

  test('may be followed by other bytes, and trailing zeros are removed', () => {
    const facts = h264Format([plain], []);
    expect(h264Format([Buffer.concat([plain, Buffer.from('deadbeef', 'hex')])], []).key).toBe(facts.key);
    expect(h264Format([Buffer.concat([plain, Buffer.alloc(4)])], []).sps).toEqual([plain]);
  });

  test('say that a camera does not reorder: baseline, picture order count of type 2, intra profiles', () => {
    expect(parseH264Sps(sps({ profile: 66 })).reorderDepth).toBe(0);
    expect(parseH264Sps(sps({ profile: 77 })).reorderDepth).toBeUndefined();
    expect(parseH264Sps(sps({ profile: 77, orderType: 2 })).reorderDepth).toBe(0);
    expect(parseH264Sps(sps({ profile: 77, orderType: 1 })).reorderDepth).toBeUndefined();
  });

  test('are parsed past scaling lists and reference pictures to the aspect ratio and the colours', () => {
    expect(parseH265Sps(fullH265Sps())).toMatchObject({
      ...{ width: 64, height: 64, reorderDepth: 2, pixelAspect: { width: 40, height: 33 } },
      colour: { primaries: 9, transfer: 16, matrix: 9, isFullRange: true },
    });
  });

  test('of H.264 are parsed past scaling lists, whether or not these end early', () => {
    const lists = `1${ue(16)}1${'1'.repeat(16)}000000`;
    const depths = `${ue(2)}${ue(2)}${ue(2)}01${lists}`;
    const facts = { width: 320, height: 240, chromaFormat: 2, lumaDepth: 10, chromaDepth: 10 };
    expect(parseH264Sps(sps({ profile: 122, depths }))).toMatchObject(facts);
  });

  test('are read without the emulation prevention bytes', () => {
    const bits = new BitReader(true).open(Buffer.from('00000301000003', 'hex'), 0, 7);
    expect([bits.bits(24), bits.bits(16)]).toEqual([1, 0]);
    expect(() => bits.bits(1)).toThrow(CodecError);
    expect(new BitReader(false).open(Buffer.from('000003', 'hex'), 0, 3).bits(24)).toBe(3);
  });

  test('that are truncated are refused by field, unless only the usability information is truncated', () => {
    for (let length = 0; length < plain.length - 2; length++) {
      expect(() => parseH264Sps(plain.subarray(0, length))).toThrow(CodecError);
    }
    expect(() => parseH265Sps(plain)).toThrow(CodecError);
    expect(() => h264Format([], [])).toThrow(CodecError);
  });
});

/** An H.265 SPS of 64x64 with every optional part before its usability information. */
function fullH265Sps(): Buffer {
  const profile = `00000001${'0110'.padEnd(32, '0')}${'1001'.padEnd(48, '0')}${byte(30)}`;
  const head = ['0000', '000', '1', profile, ue(0), ue(1), ue(64), ue(64), '0', ue(0), ue(0), ue(4)];
  const order = ['1', ue(4), ue(2), ue(0), ...Array.from({ length: 6 }, () => ue(0))];
  const zeros = (count: number) => '1'.repeat(count);
  const lists = [6, 6, 6, 2].flatMap((count, size) => [
    `0${ue(0)}`,
    ...Array.from({ length: count - 1 }, () => `1${size > 1 ? ue(3) : ''}${zeros(size === 0 ? 16 : 64)}`),
  ]);
  const pcm = ['1', '0111', '0111', ue(0), ue(0), '1'];
  const references = [ue(2), ue(1), ue(1), ue(0), '1', ue(0), '1', '1', '0', ue(0), '1', '01', '00'];
  const longTerm = ['1', ue(1), byte(0), '1'];
  const aspect = ['1', byte(255), byte(0), byte(40), byte(0), byte(33)];
  const colour = ['0', '1', '101', '1', '1', byte(9), byte(16), byte(9), '0'];
  const usability = ['00', '1', ...aspect, ...colour];
  const parts = [
    ...head,
    ...order,
    '1',
    '1',
    ...lists,
    '00',
    ...pcm,
    ...references,
    ...longTerm,
    ...usability,
  ];
  return packed(parts.join(''), 0x42, 0x01);
}

/** An SPS of 320x240 that can hold fields. */
function sps({ profile = 77, orderType = 0, isFramesOnly = true, depths = '' }): Buffer {
  const order = [[ue(0), ue(4)], [ue(1), '1', ue(0), ue(0), ue(0)], [ue(2)]][orderType]!;
  const size = [ue(19), ue(isFramesOnly ? 14 : 7), isFramesOnly ? '1' : '00'];
  const bits = [byte(profile), byte(0), byte(30), ue(0), depths, ue(0), ...order, ue(1), '0', ...size, '100'];
  return packed(bits.join(''), 0x67);
}

const byte = (value: number) => value.toString(2).padStart(8, '0');
const ue = (value: number) => (value + 1).toString(2).padStart(2 * (value + 1).toString(2).length - 1, '0');

function packed(bits: string, ...header: number[]): Buffer {
  const bytes = `${bits}1`.match(/.{1,8}/g)!.map((part) => Number.parseInt(part.padEnd(8, '0'), 2));
  return Buffer.from([...header, ...bytes]);
}

describe('the fields of interlaced pictures', () => {
  const facts = parseH264Sps(sps({ isFramesOnly: false }));
  const field = (frameNum: number, isBottom: boolean, header: number): H264FieldStart => {
    const into = noField();
    const number = frameNum.toString(2).padStart(4, '0');
    const bytes = packed(`${ue(0)}${ue(7)}${ue(0)}${number}1${isBottom ? 1 : 0}${ue(9)}`, header);
    expect(readH264FieldStart(facts, header, bytes, 1, bytes.length, into)).toBe(true);
    return into;
  };
  const [idr, slice, unused] = [0x65, 0x41, 0x01];

  test('form a frame by number, parity and reference', () => {
    expect(field(0, false, idr)).toMatchObject({
      isField: true,
      isBottom: false,
      isReference: true,
      isIdr: true,
    });
    expect(isSecondField(field(0, false, idr), field(0, true, slice))).toBe(true);
    expect(isSecondField(field(3, true, slice), field(3, false, slice))).toBe(true);
    expect(isSecondField(field(3, false, unused), field(3, true, unused))).toBe(true);
    expect(isSecondField(field(3, false, slice), field(3, false, slice))).toBe(false);
    expect(isSecondField(field(3, false, slice), field(4, true, slice))).toBe(false);
    expect(isSecondField(field(3, false, slice), field(3, true, unused))).toBe(false);
    expect(isSecondField(field(0, false, slice), field(0, true, idr))).toBe(false);
  });

  test('are not found in a stream that has only frames', () => {
    const into = noField();
    const bytes = packed(`${ue(0)}${ue(7)}${ue(0)}00011`, 0x65);
    readH264FieldStart(parseH264Sps(sps({})), 0x65, bytes, 1, bytes.length, into);
    expect(into).toMatchObject({ isField: false, frameNum: 1 });
  });
});

test('a recovery point is found after other SEI messages', () => {
  const find = (hex: string) => {
    const bytes = Buffer.from(hex, 'hex');
    return recoveryPoint(bytes, 0, bytes.length) !== undefined;
  };
  expect(find('060184 80'.replace(' ', ''))).toBe(true);
  expect(find('0105000003000001060184 80'.replace(' ', ''))).toBe(true);
  expect(find(`05ff02${'06'.repeat(257)}06018480`)).toBe(true);
  expect(find('050406018480')).toBe(false);
  expect(find('ffff')).toBe(false);
  expect(find('')).toBe(false);
});

describe('AAC', () => {
  test.for<[string, string, object]>([
    [
      'LC, 48 kHz, stereo',
      '1190',
      { codecString: 'mp4a.40.2', sampleRate: 48_000, channels: 2, unitSamples: 1024 },
    ],
    ['LC, 16 kHz, mono, 960 samples', '140c', { sampleRate: 16_000, channels: 1, unitSamples: 960 }],
    ['LC at a rate of its own', '17800fa008', { sampleRate: 8000, channels: 1 }],
    ['HE, signalled first', '2b098800', { codecString: 'mp4a.40.5', sampleRate: 24_000, channels: 1 }],
    ['HE v2, signalled first', 'eb098800', { codecString: 'mp4a.40.29', sampleRate: 24_000, channels: 1 }],
    ['HE, signalled after LC', '130856e5a0', { codecString: 'mp4a.40.2', sampleRate: 24_000, channels: 1 }],
  ])('%s is recognized by its configuration', ([, hex, facts]) => {
    const config = Buffer.from(hex, 'hex');
    const format = aacFormat(config);
    expect(format).toMatchObject({ kind: 'sound', codec: 'aac', config, ...facts });
  });

  test('is read from bits that begin anywhere, as in LATM', () => {
    for (const hex of ['1190', '140c', '17800fa008', '2b098800', 'eb098800']) {
      const whole = Buffer.from(hex, 'hex');
      const bits = [...whole].map(byte).join('');
      const shifted = packed(`101${bits}`);
      const reader = new BitReader(false).open(shifted, 0, shifted.length);
      reader.skip(3);
      const format = readAacConfig(reader);
      expect(format).toEqual(aacFormat(format.config!));
      expect(format.key).toBe(aacFormat(whole).key);
      expect(reader.position - 3).toBeLessThanOrEqual(whole.length * 8);
    }
  });

  test('with an object type that browsers do not play is refused', () => {
    for (const hex of ['', '11', 'b98800', 'f8e85000', '1180', '1e90']) {
      expect(() => aacFormat(Buffer.from(hex, 'hex'))).toThrow(CodecError);
    }
  });

  test('with ADTS headers states its format in each frame', async () => {
    const sound = await adts('-c:a aac -b:a 32k -ac 1 -ar 16000');
    let frames = 0;
    for (let at = 0; at < sound.length; at += adtsFrameBytes(sound, at), frames++) {
      expect(adtsHeaderBytes(sound, at, sound.length)).toBe(7);
      expect(adtsFormat(sound, at)).toEqual(plainAacFormat(16_000, 1));
    }
    expect(frames).toBeGreaterThan(5);
    expect(adtsHeaderBytes(sound, 7, sound.length)).toBe(0);
    expect(adtsHeaderBytes(sound, 0, adtsFrameBytes(sound, 0) - 1)).toBe(0);
  });
});

test('the duration of an Opus packet is read from the packet', () => {
  const samples = (...bytes: number[]) => opusSamples(Buffer.from(bytes), 0, bytes.length);
  expect([samples(0x78), samples(0xf8), samples(0x01, 0), samples(0xf9, 0)]).toEqual([960, 960, 960, 1920]);
  expect([samples(0xfb, 3), samples(0x83, 48), samples(0x83, 63), samples(0x1b, 63)]).toEqual([
    2880, 5760, 0, 0,
  ]);
  expect([samples(), samples(0xfb)]).toEqual([0, 0]);
  expect(opusFormat()).toMatchObject({ codecString: 'opus', sampleRate: 48_000, channels: 2 });
});

test('every parser ends soon on any bytes, with a result or an error of its own', () => {
  const seeds = [
    ...['674d001f965602c0f4', '67640033ac1514a0a02ff950', '68ee3cb0', '1190', '2b098800', 'fff15040017ffc'],
    '420101016000000300b0000003000003005da00280802d165bb9246d52c4484a108c',
    '4401c172b46240',
    '0601848005ff0106018480',
  ].map((hex) => Buffer.from(hex, 'hex'));
  const random = randomNumbers(19);
  // Without stacks of errors, which would take most of the time.
  const frames = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  for (let round = 0; round < 100_000; round++) {
    const bytes = mutated(seeds[round % seeds.length]!, random);
    for (const parse of parsers) {
      try {
        parse(bytes);
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
      }
    }
  }
  Error.stackTraceLimit = frames;
}, 120_000);

const parsers: ((bytes: Buffer) => unknown)[] = [
  parseH264Sps,
  parseH264Pps,
  parseH265Sps,
  parseH265Pps,
  h265VpsId,
  aacFormat,
  (bytes) => h264Format([bytes], []),
  (bytes) => h265Format([], [bytes], []),
  (bytes) => readH264SliceStart(bytes, 1, bytes.length, noField()),
  (bytes) => readH265SliceStart(20, bytes, 2, bytes.length, { isFirst: false, ppsId: 0 }),
  (bytes) => recoveryPoint(bytes, 1, bytes.length),
  (bytes) => opusSamples(bytes, 0, bytes.length),
  (bytes) => adtsHeaderBytes(bytes, 0, bytes.length) && adtsFormat(bytes, 0),
];

/** The bytes, truncated, extended or changed at a few places. The header mostly stays unchanged. */
function mutated(seed: Buffer, random: () => number): Buffer {
  const length = random() < 0.3 ? Math.floor(random() * (seed.length + 1)) : seed.length;
  const bytes = Buffer.concat([
    seed.subarray(0, length),
    Buffer.alloc(random() < 0.5 ? 200 : 0, random() * 256),
  ]);
  for (let left = Math.floor(random() * 5); left > 0 && bytes.length > 0; left--) {
    const at = Math.floor(random() * bytes.length);
    bytes[at] = random() < 0.5 ? bytes[at]! ^ (1 << Math.floor(random() * 8)) : random() * 256;
  }
  return bytes;
}
