import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { box, boxes, fullBox, Mp4Error, u32, u64 } from '../../src/mp4/boxes.ts';
import { codecString } from '../../src/mp4/codec-string.ts';
import { fastStartHead } from '../../src/mp4/fast-start.ts';
import { type Fragment, parseFragment } from '../../src/mp4/fragment.ts';
import { type InitSegment, parseInit } from '../../src/mp4/init-segment.ts';
import { SampleIndex } from '../../src/mp4/sample-index.ts';
import { createSplitter, maxBoxBytes } from '../../src/mp4/splitter.ts';
import { makeFragmented, payloadOf, split } from '../support/media/fragmented.ts';
import { movedBySeconds, syntheticMoof } from '../support/media/moofs.ts';
import { shiftFragment } from '../support/media/shift-fragment.ts';

let dir: string;
let footage: Buffer;
let init: InitSegment;
let fragments: Fragment[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'flashback-mp4-'));
  const encode = '-c:v libx264 -preset veryfast -g 30 -keyint_min 30 -sc_threshold 0 -bf 2 -c:a aac';
  footage = await makeFragmented(join(dir, 'source.mkv'), { encode });
  ({ init, fragments } = split(footage));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('codec strings', () => {
  const avcC = box('avcC', Buffer.from('014d4028', 'hex'));
  const hvcC = (config: string) => box('hvcC', Buffer.from(config, 'hex'), Buffer.alloc(10));
  const esds = (decoder: string) => fullBox('esds', 0, 0, Buffer.from(`031900010004${decoder}`, 'hex'));
  test.for<[string, string, 'video' | 'audio', Buffer]>([
    ['avc3.4d4028', 'avc3', 'video', avcC],
    ['hvc1.1.6.L93.B0', 'hvc1', 'video', hvcC('010160000000b000000000005d')],
    ['hvc1.2.4.H150', 'hvc1', 'video', hvcC('01222000000000000000000096')],
    ['hev1.A1.6.L120.90.0.1', 'hev1', 'video', hvcC('01416000000090000100000078')],
    ['mp4a.40.2', 'mp4a', 'audio', esds('1140150000000001f4000001f40005021190')],
    ['mp4a.40.42', 'mp4a', 'audio', esds('1140150000000001f4000001f4000502f940')],
    ['mp4a.6b', 'mp4a', 'audio', esds('0d6b150000000001f4000001f400')],
    ['opus', 'Opus', 'audio', box('dOps', Buffer.alloc(11))],
    ['ulaw', 'ulaw', 'audio', Buffer.alloc(0)],
  ])('include %s', ([codec, type, kind, config]) => {
    const fieldBytes = kind === 'video' ? 78 : 28;
    const entry = box(type, Buffer.alloc(fieldBytes), config);
    const [found] = boxes(entry);
    expect(codecString(entry, found!, fieldBytes)).toBe(codec);
  });

  test('say hvc1 for H.265, but hev1 if the parameter sets are only in the stream', async () => {
    const encode = '-c:v libx265 -preset ultrafast -x265-params log-level=none -an';
    const { init: hevc } = split(await makeFragmented(join(dir, 'hevc.mkv'), { encode }));
    const withoutSets = Buffer.from(hevc.bytes);
    const hvcC = withoutSets.indexOf('hvcC') + 4;
    withoutSets[hvcC + 22] = 0;
    const codecs = [hevc, parseInit(withoutSets)].map((segment) => {
      const index = new SampleIndex(segment);
      index.add(syntheticMoof({ trackId: 1, decodeTime: 0, samples: [[1000, 100]] }), 100);
      return index.tracks[0]!.codec.slice(0, 4);
    });
    expect(hevc.tracks[0]!.codec).toMatch(/^hev1\./);
    expect(codecs).toEqual(['hvc1', 'hev1']);
  });
});

describe('the splitter', () => {
  test('finds the same fragments in single bytes as in one piece', () => {
    for (const chunkBytes of [1, 7, 4096]) {
      const again = split(footage, chunkBytes);
      expect(again.fragments.map(({ runs }) => runs)).toEqual(fragments.map(({ runs }) => runs));
      expect(joined(again).equals(footage.subarray(0, joined(again).length))).toBe(true);
      expect(joined(again).length).toBe(joined({ init, fragments }).length);
    }
  });

  test('reads the content of a fragment', () => {
    const keyframes = fragments.filter(({ startsWithKeyframe }) => startsWithKeyframe);
    expect(keyframes.map(({ start }) => Math.round(start))).toEqual([0, 2]);
    const pictures = fragments.filter(({ hasVideo }) => hasVideo);
    expect(pictures.flatMap(({ runs }) => runs[0]!.samples).reduce((sum, samples) => sum + samples)).toBe(60);
    for (const [i, fragment] of pictures.slice(1).entries()) {
      expect(fragment.start).toBeCloseTo(pictures[i]!.end, 6);
      expect(fragment.end - fragment.start).toBeLessThan(0.7);
      expect(fragment.bytes).toBe(fragment.moof.length + Buffer.concat(fragment.mdat).length);
    }
  });

  test('needs no more memory than the fragments have bytes', () => {
    const chunk = Buffer.alloc(footage.length + 1_000_000);
    footage.copy(chunk);
    const { fragments: kept } = split(chunk.subarray(0, footage.length), chunk.length);
    for (const { moof, mdat } of kept) {
      expect(moof.buffer.byteLength).toBe(moof.length);
      expect(mdat.map((piece) => piece.buffer.byteLength)).toEqual(mdat.map((piece) => piece.length));
    }
  });

  test('skips boxes that it does not need, small and large ones', () => {
    const large = Buffer.concat([u32(1), Buffer.from('free'), u64(16 + 100_000), Buffer.alloc(100_000)]);
    const extra = [box('styp', Buffer.alloc(8)), box('sidx', Buffer.alloc(40)), box('free'), large];
    const all = [
      init.bytes,
      ...fragments.flatMap(({ moof, mdat }) => [...extra, moof, ...mdat]),
      box('mfra'),
    ];
    expect(joined(split(Buffer.concat(all), 1000)).equals(joined({ init, fragments }))).toBe(true);
  });

  test.for<[string, () => Buffer, RegExp]>([
    ['text', () => Buffer.from('rtsp://camera: 401 Unauthorized'), /rtsp|states \d+ bytes/],
    ['zeros', () => Buffer.alloc(100), /type is the bytes 00000000/],
    [
      'a box beyond the limit',
      () => Buffer.concat([u32(maxBoxBytes + 1), Buffer.from('mdat')]),
      /at most 67108864/,
    ],
    ['a box without an end', () => Buffer.concat([u32(0), Buffer.from('mdat')]), /states a size of 0 bytes/],
    ['an mdat before the moov', () => box('mdat', Buffer.alloc(9)), /came before the 'moov'/],
    ['an mdat without a moof', () => Buffer.concat([init.bytes, box('mdat')]), /came before its 'moof'/],
    ['a moov without tracks', () => box('moov', Buffer.alloc(0)), /'moov' has no 'mvhd'/],
  ])('refuses %s with a message', ([, bytes, message]) => {
    const push = () => createSplitter({ onInit() {}, onFragment() {} }).push(bytes());
    expect(push).toThrow(Mp4Error);
    expect(push).toThrow(message);
  });
});

describe('shifting a fragment', () => {
  test('moves its time and changes nothing else', () => {
    const fragment = fragments.at(-1)!;
    const offsets = new Map(fragment.runs.map(({ trackId, timescale }) => [trackId, -timescale]));
    const moof = shiftFragment(fragment, offsets);
    const moved = parseFragment(moof, fragment.mdat, init.tracks);
    expect(moved.start).toBeCloseTo(fragment.start - 1, 6);
    const changed = [...moof].filter((byte, i) => byte !== fragment.moof[i]).length;
    expect(changed).toBeGreaterThan(0);
    expect(changed).toBeLessThanOrEqual(8 * fragment.runs.length);
    expect(shiftFragment(fragment, new Map()).equals(fragment.moof)).toBe(true);
  });

  test.for([0, 1])('works with decode times of version %i, and stops at zero', (version) => {
    const moof = syntheticMoof({ trackId: 1, decodeTime: 5000, version, samples: [[1000, 10]] });
    const fragment = parseFragment(moof, [box('mdat', Buffer.alloc(10))], init.tracks);
    const timeAfter = (ticks: number) => {
      const moved = shiftFragment(fragment, new Map([[1, ticks]]));
      return parseFragment(moved, fragment.mdat, init.tracks).runs[0]!.decodeTime;
    };
    expect([timeAfter(-4999), timeAfter(-5001), timeAfter(70_000)]).toEqual([1, 0, 75_000]);
    if (version === 0) expect(() => timeAfter(2 ** 32)).toThrow(/32 bits/);
    else expect(timeAfter(2 ** 32)).toBe(2 ** 32 + 5000);
  });
});

describe('the sample index', () => {
  test('of an hour needs at most 16 bytes per sample', () => {
    setFlagsFromString('--expose_gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const arrays = () => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers;
    };
    const fragment = fragments[2]!;
    const before = arrays();
    const index = new SampleIndex(init);
    for (let i = 0; i < 7200; i++)
      index.add(movedBySeconds(fragment, init.tracks, i / 2).moof, fragment.mdatShape.payloadBytes);
    const taken = arrays() - before;
    const samples = 7200 * fragment.runs.reduce((sum, run) => sum + run.samples, 0);
    expect(samples).toBeGreaterThan(200_000);
    expect(Math.abs(index.durationMs - 3_600_000)).toBeLessThan(1000);
    expect(taken / samples).toBeLessThan(16);
    expect(fastStartHead(index).length / samples).toBeLessThan(20);
  });

  test('is unchanged after a moof is refused', () => {
    const index = new SampleIndex(init);
    for (const fragment of fragments) index.add(fragment.moof, payloadOf(fragment).length);
    const head = fastStartHead(index);
    const unknownTrack = syntheticMoof({ trackId: 9, decodeTime: 0, samples: [[1, 1]] });
    const leap = syntheticMoof({ trackId: 1, decodeTime: 2 ** 50, samples: [[1, 1]] });
    expect(() => index.add(unknownTrack, 1)).toThrow(/track 9/);
    expect(() => index.add(leap, 1)).toThrow(/jumps ahead/);
    expect(() => index.add(fragments[0]!.moof, 10)).toThrow(/of 10 payload bytes/);
    expect(fastStartHead(index).equals(head)).toBe(true);
  });

  test('has no duration if it is empty', () => {
    expect(new SampleIndex(init).durationMs).toBe(0);
  });
});

describe('damaged bytes', () => {
  test('are refused wherever a box is truncated', () => {
    for (let length = 8; length < init.bytes.length; length++) {
      expect(() => parseInit(init.bytes.subarray(0, length))).toThrow(Mp4Error);
    }
    const { moof, mdat } = fragments[0]!;
    for (let length = 0; length < moof.length; length++) {
      expect(() => parseFragment(moof.subarray(0, length), mdat, init.tracks)).toThrow(Mp4Error);
    }
    expect(() => parseFragment(moof, [Buffer.concat(mdat).subarray(0, -1)], init.tracks)).toThrow(Mp4Error);
  });

  const one = (trackId: number, decodeTime: number) =>
    syntheticMoof({ trackId, decodeTime, samples: [[1000, 1]] });
  test.for<[string, () => void, RegExp]>([
    [
      'a decode time beyond all reason',
      () => new SampleIndex(init).add(patched(one(1, 0), 'tfdt', 4, Buffer.alloc(8, 0x10)), 1),
      /beyond any real time/,
    ],
    [
      'a sample that lasts longer than any can',
      () => {
        const moof = syntheticMoof({ trackId: 1, decodeTime: 0, samples: [[2 ** 31, 1]] });
        new SampleIndex(init).add(moof, 1);
      },
      /lasts 2147483648 ticks/,
    ],
    [
      'tracks that are shown ages apart',
      () => {
        const index = new SampleIndex(parseInit(patched(init.bytes, 'mdhd', 12, u32(1))));
        index.add(one(1, 2 ** 53 - 1), 1);
        index.add(one(2, 0), 1);
        fastStartHead(index);
      },
      /beyond any real time/,
    ],
    [
      'four billion samples without a byte',
      () => new SampleIndex(init).add(patched(one(1, 0), 'trun', 0, u32(0, 0xffffffff)), 1),
      /more than 500000 samples/,
    ],
    [
      'a clock that stands still',
      () => parseInit(patched(init.bytes, 'mdhd', 12, u32(0))),
      /0 ticks per second/,
    ],
  ])('are refused because of %s', ([, work, message]) => {
    expect(work).toThrow(Mp4Error);
    expect(work).toThrow(message);
  });

  test('with any wrong byte are refused or read, but cause no other error', () => {
    const random = randomNumbers(20_261);
    let refused = 0;
    const attempt = (work: () => void) => {
      try {
        work();
      } catch (error) {
        if (!(error instanceof Mp4Error)) throw error;
        refused += 1;
      }
    };
    for (let round = 0; round < 2000; round++) {
      const fragment = fragments[random(fragments.length)]!;
      attempt(() => useMoof(init, withWrongByte(fragment.moof, random), fragment.mdat));
      attempt(() => useMoof(parseInit(withWrongByte(init.bytes, random)), fragment.moof, fragment.mdat));
    }
    expect(refused).toBeGreaterThan(500);
    expect(refused).toBeLessThan(3500);
  });
});

/** The bytes of a splitter's output, one fragment after another. */
function joined(parts: ReturnType<typeof split>): Buffer {
  return Buffer.concat([parts.init.bytes, ...parts.fragments.flatMap(({ moof, mdat }) => [moof, ...mdat])]);
}

/** Everything that is done with a fragment, so that no wrong number can reach a later stage. */
function useMoof(segment: InitSegment, moof: Buffer, mdat: readonly Buffer[]): void {
  const fragment = parseFragment(moof, mdat, segment.tracks);
  shiftFragment(fragment, new Map(segment.tracks.map(({ id }) => [id, 1])));
  const index = new SampleIndex(segment);
  index.add(moof, fragment.mdatShape.payloadBytes);
  index.add(moof, fragment.mdatShape.payloadBytes);
  fastStartHead(index);
  if (!Number.isFinite(index.durationMs)) throw new Error(`The duration is ${index.durationMs}.`);
}

/** A copy of `bytes` in which `replacement` stands at `offset` in the body of the first box of this type. */
function patched(bytes: Buffer, type: string, offset: number, replacement: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  replacement.copy(copy, copy.indexOf(type) + 4 + offset);
  return copy;
}

function withWrongByte(bytes: Buffer, random: (below: number) => number): Buffer {
  const wrong = Buffer.from(bytes);
  const at = random(wrong.length);
  wrong[at] = random(2) === 0 ? wrong[at]! ^ (1 << random(8)) : random(256);
  return wrong;
}

/** A repeatable source of random numbers (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
