import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { box, boxes, findBox, fullBox, Mp4Error, u32, u64 } from '../src/mp4/boxes.ts';
import { codecString } from '../src/mp4/codec-string.ts';
import { fastStartHead } from '../src/mp4/fast-start.ts';
import { type Fragment, parseFragment, shiftFragment } from '../src/mp4/fragment.ts';
import { withDuration } from '../src/mp4/header-duration.ts';
import { type InitSegment, parseInit, resolution } from '../src/mp4/init-segment.ts';
import { movieBox } from '../src/mp4/movie-box.ts';
import { SampleIndex } from '../src/mp4/sample-index.ts';
import { createSplitter, MAX_BOX_BYTES } from '../src/mp4/splitter.ts';
import { type FootageArguments, makeFragmented, payloadOf, split, writeClip } from './support/fragmented.ts';
import {
  ffprobe,
  ffprobeWarnings,
  mediabunnyFacts,
  type ProbedPacket,
  packetHashes,
  packets,
  strictBoxes,
} from './support/judges.ts';

const GOP = '-g 30 -keyint_min 30 -sc_threshold 0';
const X264 = `-c:v libx264 -preset veryfast ${GOP}`;
const X265 = '-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=30:min-keyint=30:bframes=2';

/** Makes ffmpeg write the edit lists that a feed's usual arguments make it leave out. */
const DELAYED_MOOV =
  '-f mp4 -movflags +frag_keyframe+delay_moov+default_base_moof -frag_duration 500000 pipe:1';

interface Case extends FootageArguments {
  codecs: string[];
  entries: string[];
  /** The feed turns the audio into AAC, so that its packets are not the source's. */
  audioIsEncoded?: boolean;
  /** Seconds of audio that are decoded but not heard. */
  priming?: number;
}

const CASES: Record<string, Case> = {
  'H.264 and AAC': {
    encode: `${X264} -bf 0 -c:a aac`,
    codecs: ['avc1.64000c', 'mp4a.40.2'],
    entries: ['avc1', 'mp4a'],
  },
  'H.264 with B-frames and AAC': {
    encode: `${X264} -bf 2 -c:a aac`,
    codecs: ['avc1.64000c', 'mp4a.40.2'],
    entries: ['avc1', 'mp4a'],
  },
  'H.264 with B-frames, no audio': {
    encode: `${X264} -bf 2 -an`,
    codecs: ['avc1.64000c'],
    entries: ['avc1'],
  },
  'H.264 without audio': {
    encode: `${X264} -profile:v baseline -an`,
    codecs: ['avc1.42c00c'],
    entries: ['avc1'],
  },
  'H.265 with B-frames and AAC': {
    encode: `${X265} -c:a aac`,
    codecs: ['hvc1.1.6.L60.90', 'mp4a.40.2'],
    entries: ['hvc1', 'mp4a'],
  },
  'H.264 and Opus': {
    encode: `${X264} -bf 0 -c:a libopus -b:a 64k`,
    codecs: ['avc1.64000c', 'opus'],
    entries: ['avc1', 'Opus'],
  },
  'H.264 and G.711 that the feed turns into AAC': {
    encode: `${X264} -bf 0 -c:a pcm_mulaw -ar 8000`,
    feed: '-c:v copy -c:a aac',
    codecs: ['avc1.64000c', 'mp4a.40.2'],
    entries: ['avc1', 'mp4a'],
    audioIsEncoded: true,
  },
  'an init segment with edit lists': {
    encode: `${X264} -bf 2 -c:a aac`,
    output: DELAYED_MOOV,
    codecs: ['avc1.64000c', 'mp4a.40.2'],
    entries: ['avc1', 'mp4a'],
  },
  'an init segment that hides the priming of the audio': {
    encode: `${X264} -bf 0 -c:a pcm_s16le`,
    feed: '-c:v copy -c:a aac',
    output: DELAYED_MOOV,
    codecs: ['avc1.64000c', 'mp4a.40.2'],
    entries: ['avc1', 'mp4a'],
    audioIsEncoded: true,
    priming: 1024 / 48_000,
  },
};

let dir: string;
let footage: Buffer;
let init: InitSegment;
let fragments: Fragment[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'flashback-mp4-'));
  footage = await makeFragmented(join(dir, 'shared.mkv'), CASES['H.264 with B-frames and AAC']!);
  ({ init, fragments } = split(footage));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('a clip made of fragments', () => {
  test.concurrent.for(Object.entries(CASES))(
    'of %s is the same footage in a form that plays anywhere',
    async ([name, made]) => {
      const file = (extension: string) => join(dir, `${name.replaceAll(/\W+/g, '-')}.${extension}`);
      const bytes = await makeFragmented(file('mkv'), made);
      await writeFile(file('frag.mp4'), bytes);
      const parts = split(bytes);
      const index = await writeClip(file('mp4'), parts.init, parts.fragments);

      expect(index.tracks.map(({ codec }) => codec)).toEqual(made.codecs);
      expect(resolution(index.tracks[0]!)).toBe('320x180');
      const hashes = await packetHashes(file('mp4'));
      expect(hashes).toHaveLength(made.codecs.length);
      expect(hashes).toEqual(await packetHashes(file('frag.mp4')));
      const copied = made.audioIsEncoded ? 1 : hashes.length;
      expect(hashes.slice(0, copied)).toEqual((await packetHashes(file('mkv'))).slice(0, copied));

      expectSameTimes(await packets(file('mp4')), await packets(file('frag.mp4')));
      expect(await ffprobeWarnings(file('mp4'))).toBe('');
      await expectJudgesAgree(file('mp4'), index, made);
    },
  );

  test('begins at zero and keeps its sync when it is cut out of the middle of a session', async () => {
    const path = join(dir, 'middle.mp4');
    const raw = join(dir, 'middle.frag.mp4');
    const cut = fragments.slice(fragments.findIndex((fragment, i) => i > 0 && fragment.startsWithKeyframe));
    const offsets = new Map(init.tracks.map(({ id, timescale }) => [id, 300 * timescale]));
    const moved = cut.map((fragment) => {
      return parseFragment(shiftFragment(fragment, offsets), fragment.mdat, init.tracks);
    });
    await writeFile(raw, Buffer.concat([init.bytes, ...moved.flatMap(({ moof, mdat }) => [moof, mdat])]));
    const index = await writeClip(path, init, moved);

    expect(moved[0]!.start).toBeGreaterThan(300);
    expectSameTimes(await packets(path), await packets(raw));
    expect(await ffprobeWarnings(path)).toBe('');
    expect(Math.abs(index.durationMs / 1000 - Number((await ffprobe(path)).format.duration))).toBeLessThan(
      0.002,
    );
  });

  test('leaves out a track without samples', async () => {
    const path = join(dir, 'video-only.mp4');
    const [video] = init.tracks;
    const moof = syntheticMoof({ trackId: video!.id, decodeTime: 0, samples: [[1000, 100]] });
    const index = new SampleIndex(init);
    index.add(moof, 100);
    await writeFile(path, Buffer.concat([fastStartHead(index), Buffer.alloc(100)]));

    expect((await strictBoxes(path)).tracks.map(({ entry }) => entry)).toEqual(['avc1']);
    expect(index.tracks.map(({ kind }) => kind)).toEqual(['video']);
  });

  test('states offsets beyond 4 GiB in 64 bits', async () => {
    const path = join(dir, 'huge.mp4');
    const [first, second] = fragments;
    const claimed = 2 ** 32 + 5;
    const index = new SampleIndex(init);
    index.add(first!.moof, claimed);
    index.add(second!.moof, payloadOf(second!).length);
    const head = fastStartHead(index);
    // A sparse file: 4 GiB of it are a hole that takes no room on the disk.
    const file = await open(path, 'w');
    await file.write(head, 0, head.length, 0);
    await file.write(payloadOf(first!), 0, payloadOf(first!).length, head.length);
    await file.write(payloadOf(second!), 0, payloadOf(second!).length, head.length + claimed);
    await file.close();
    const small = join(dir, 'small.mp4');
    await writeClip(small, init, [first!, second!]);

    const facts = await strictBoxes(path, { mayHaveUnusedPayload: true });
    expect(facts.tracks.map(({ offsetBox }) => offsetBox)).toEqual(['co64', 'co64']);
    expect(facts.payloadBytes).toBe(index.payloadBytes);
    expect(await packetHashes(path)).toEqual(await packetHashes(small));
    await rm(path);
  });

  test('longer than 32 bits of ticks has headers of version 1, and so may the init segment', async () => {
    const path = join(dir, 'long.mp4');
    const wide = parseInit(withWideHeaders(init.bytes));
    expect(wide.bytes.length).toBe(init.bytes.length + 12 * (1 + 2 * init.tracks.length));
    expect(wide.tracks).toEqual(init.tracks);
    for (const segment of [init, wide]) {
      const { id, timescale } = segment.tracks[0]!;
      const index = new SampleIndex(segment);
      for (const decodeTime of [0, 2 ** 31, 2 ** 32]) {
        index.add(syntheticMoof({ trackId: id, decodeTime, samples: [[1000, 10]] }), 10);
      }
      await writeFile(path, Buffer.concat([fastStartHead(index), Buffer.alloc(30)]));
      const seconds = (2 ** 32 + 1000) / timescale;
      const { duration, tracks } = await strictBoxes(path);
      expect(duration).toBeCloseTo(seconds, 3);
      expect(tracks[0]).toMatchObject({ mediaDuration: seconds, samples: 3 });
      expect(Number((await ffprobe(path)).format.duration)).toBeCloseTo(seconds, 3);
    }
  });

  test('can have its moov built for a payload at any place, as an upload that sends it last needs', () => {
    const index = new SampleIndex(init);
    for (const fragment of fragments) index.add(fragment.moof, payloadOf(fragment).length);
    const near = firstChunkOffset(movieBox(index, 1000));
    expect(firstChunkOffset(movieBox(index, 5_000_000)) - near).toBe(4_999_000);
  });

  test('of H.265 whose parameter sets are only in the stream stays hev1', async () => {
    const { init: hevc } = split(await makeFragmented(join(dir, 'hev1.mkv'), { encode: `${X265} -an` }));
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
});

describe('time in a clip', () => {
  test('goes on through a hole between fragments', async () => {
    const path = join(dir, 'hole.mp4');
    const before = fragments.slice(0, 3);
    const after = fragments.slice(3).map((fragment) => movedBySeconds(fragment, 2));
    const whole = await writeClip(join(dir, 'whole.mp4'), init, fragments);
    const index = await writeClip(path, init, [...before, ...after]);

    expect(index.durationMs).toBe(whole.durationMs + 2000);
    const original = await packets(join(dir, 'whole.mp4'));
    const moved = await packets(path);
    const videoBefore = before.reduce((sum, { runs }) => sum + runs[0]!.samples, 0);
    const shifts = shiftsOf(moved, original, 0);
    expect(shifts.slice(0, videoBefore).every((shift) => Math.abs(shift) < 0.001)).toBe(true);
    expect(shifts.slice(videoBefore).every((shift) => Math.abs(shift - 2) < 0.001)).toBe(true);
    expect(await ffprobeWarnings(path)).toBe('');
  });

  test('is counted from the samples: to the millisecond, with a hole and with an overlap', () => {
    const [video] = init.tracks;
    const ticks = video!.timescale / 1000;
    const durationOf = (parts: { at: number; samples: number }[]) => {
      const index = new SampleIndex(init);
      for (const { at, samples } of parts) {
        const equal = new Array<[number, number]>(samples).fill([40 * ticks, 10]);
        const moof = syntheticMoof({ trackId: video!.id, decodeTime: at * ticks, samples: equal });
        index.add(moof, 10 * samples);
      }
      return index.durationMs;
    };
    const first = { at: 0, samples: 3 };
    expect(durationOf([first, { at: 120, samples: 2 }])).toBe(200);
    expect(durationOf([first, { at: 1120, samples: 2 }])).toBe(1200);
    expect(durationOf([first, { at: 100, samples: 2 }])).toBe(180);
    expect(durationOf([first, { at: 10, samples: 1 }])).toBe(50);
  });

  test('never goes back where a fragment begins before the end of the one before it', async () => {
    const path = join(dir, 'overlap.mp4');
    await writeClip(join(dir, 'whole.mp4'), init, fragments);
    const late = fragments.slice(3).map((fragment) => movedBySeconds(fragment, -0.3));
    const index = await writeClip(path, init, [...fragments.slice(0, 3), ...late]);

    await strictBoxes(path);
    const [before, after] = [await packets(join(dir, 'whole.mp4')), await packets(path)];
    for (const stream of [0, 1]) {
      const times = after.filter((packet) => packet.stream_index === stream).map(({ dts }) => dts);
      expect(times.every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
      const beginning = fragments.slice(0, 3).reduce((sum, { runs }) => sum + runs[stream]!.samples, 0);
      const shifts = shiftsOf(after, before, stream).slice(beginning);
      for (const shift of shifts) expect(Math.abs(shift + 0.3)).toBeLessThan(0.001);
    }
    expect(Math.abs(index.durationMs / 1000 - Number((await ffprobe(path)).format.duration))).toBeLessThan(
      0.002,
    );
  });

  test('begins with the track shown first; the other keeps its distance by an edit list', async () => {
    const path = join(dir, 'late-audio.mp4');
    const [video, audio] = init.tracks;
    const index = new SampleIndex(init);
    const second = (track: number) => init.tracks[track]!.timescale;
    index.add(
      syntheticMoof({ trackId: video!.id, decodeTime: 7 * second(0), samples: [[second(0), 10]] }),
      10,
    );
    index.add(
      syntheticMoof({ trackId: audio!.id, decodeTime: 7.25 * second(1), samples: [[second(1), 10]] }),
      10,
    );
    await writeFile(path, Buffer.concat([fastStartHead(index), Buffer.alloc(20)]));

    const facts = await strictBoxes(path);
    expect(index.durationMs).toBe(1250);
    expect(facts.tracks.map(({ edits }) => edits)).toEqual([
      [],
      [
        { duration: 0.25, mediaTime: -1 },
        { duration: 1, mediaTime: 0 },
      ],
    ]);
    expect((await ffprobe(path)).streams.map(({ start_time }) => Number(start_time))).toEqual([0, 0.25]);
  });

  test('has offsets before decoding (signed ctts) only in files of a brand that knows them', async () => {
    const path = join(dir, 'signed.mp4');
    const [video] = init.tracks;
    const index = new SampleIndex(init);
    const samples: [number, number, number][] = [
      [1000, 10, 0],
      [1000, 10, 1000],
      [1000, 10, -1000],
    ];
    index.add(syntheticMoof({ trackId: video!.id, decodeTime: 0, samples }), 30);
    await writeFile(path, Buffer.concat([fastStartHead(index), Buffer.alloc(30)]));

    expect((await strictBoxes(path)).brands).toEqual(['isom', 'isom', 'iso2', 'avc1', 'iso4', 'mp41']);
    const timescale = video!.timescale;
    expect((await packets(path)).map(({ pts }) => Math.round(pts * timescale))).toEqual([0, 2000, 1000]);
  });
});

describe('the splitter', () => {
  test('finds the same fragments byte by byte as in one piece', () => {
    for (const chunkBytes of [1, 7, 4096]) {
      const again = split(footage, chunkBytes);
      expect(again.fragments.map(({ runs }) => runs)).toEqual(fragments.map(({ runs }) => runs));
      expect(joined(again).equals(footage.subarray(0, joined(again).length))).toBe(true);
      expect(joined(again).length).toBe(joined({ init, fragments }).length);
    }
  });

  test('tells what is in a fragment', () => {
    const keyframes = fragments.filter(({ startsWithKeyframe }) => startsWithKeyframe);
    expect(keyframes.map(({ start }) => Math.round(start))).toEqual([0, 2]);
    const pictures = fragments.filter(({ hasVideo }) => hasVideo);
    expect(pictures.flatMap(({ runs }) => runs[0]!.samples).reduce((sum, samples) => sum + samples)).toBe(60);
    for (const [i, fragment] of pictures.slice(1).entries()) {
      expect(fragment.start).toBeCloseTo(pictures[i]!.end, 6);
      expect(fragment.end - fragment.start).toBeLessThan(0.7);
      expect(fragment.bytes).toBe(fragment.moof.length + fragment.mdat.length);
    }
  });

  test('keeps no more memory than the fragments have bytes', () => {
    const chunk = Buffer.alloc(footage.length + 1_000_000);
    footage.copy(chunk);
    const { fragments: kept } = split(chunk.subarray(0, footage.length), chunk.length);
    for (const { moof, mdat } of kept) {
      expect(moof.buffer.byteLength).toBe(moof.length);
      expect(mdat.buffer.byteLength).toBe(mdat.length);
    }
  });

  test('skips boxes it does not need, small and large', () => {
    const large = Buffer.concat([u32(1), Buffer.from('free'), u64(16 + 100_000), Buffer.alloc(100_000)]);
    const extra = [box('styp', Buffer.alloc(8)), box('sidx', Buffer.alloc(40)), box('free'), large];
    const all = [init.bytes, ...fragments.flatMap(({ moof, mdat }) => [...extra, moof, mdat]), box('mfra')];
    expect(joined(split(Buffer.concat(all), 1000)).equals(joined({ init, fragments }))).toBe(true);
  });

  test.for<[string, () => Buffer, RegExp]>([
    ['text', () => Buffer.from('rtsp://camera: 401 Unauthorized'), /rtsp|states \d+ bytes/],
    ['zeros', () => Buffer.alloc(100), /type is the bytes 00000000/],
    [
      'a box beyond the limit',
      () => Buffer.concat([u32(MAX_BOX_BYTES + 1), Buffer.from('mdat')]),
      /at most 67108864/,
    ],
    ['a box without an end', () => Buffer.concat([u32(0), Buffer.from('mdat')]), /states a size of 0 bytes/],
    ['an mdat before the moov', () => box('mdat', Buffer.alloc(9)), /came before the 'moov'/],
    ['an mdat without a moof', () => Buffer.concat([init.bytes, box('mdat')]), /came before its 'moof'/],
    ['a moov without tracks', () => box('moov', Buffer.alloc(0)), /'moov' has no 'mvhd'/],
  ])('refuses %s with a sentence', ([, bytes, message]) => {
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

  test.for([0, 1])('works on decode times of version %i and ends at zero', (version) => {
    const moof = syntheticMoof({ trackId: 1, decodeTime: 5000, version, samples: [[1000, 10]] });
    const fragment = parseFragment(moof, box('mdat', Buffer.alloc(10)), init.tracks);
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
  test('of an hour takes at most 16 bytes a sample', () => {
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
      index.add(movedBySeconds(fragment, i / 2).moof, payloadOf(fragment).length);
    const taken = arrays() - before;
    const samples = 7200 * fragment.runs.reduce((sum, run) => sum + run.samples, 0);
    expect(samples).toBeGreaterThan(200_000);
    expect(Math.abs(index.durationMs - 3_600_000)).toBeLessThan(1000);
    expect(taken / samples).toBeLessThan(16);
    expect(fastStartHead(index).length / samples).toBeLessThan(20);
  });

  test('stays as it was when a moof is refused', () => {
    const index = new SampleIndex(init);
    for (const fragment of fragments) index.add(fragment.moof, payloadOf(fragment).length);
    const head = fastStartHead(index);
    const unknownTrack = syntheticMoof({ trackId: 9, decodeTime: 0, samples: [[1, 1]] });
    const leap = syntheticMoof({ trackId: 1, decodeTime: 2 ** 50, samples: [[1, 1]] });
    expect(() => index.add(unknownTrack, 1)).toThrow(/track 9/);
    expect(() => index.add(leap, 1)).toThrow(/leaps ahead/);
    expect(() => index.add(fragments[0]!.moof, 10)).toThrow(/of 10 payload bytes/);
    expect(fastStartHead(index).equals(head)).toBe(true);
  });

  test('of nothing has no duration', () => {
    expect(new SampleIndex(init).durationMs).toBe(0);
  });
});

describe('torn bytes', () => {
  test('are refused wherever a box is cut off', () => {
    for (let length = 8; length < init.bytes.length; length++) {
      expect(() => parseInit(init.bytes.subarray(0, length))).toThrow(Mp4Error);
    }
    const { moof, mdat } = fragments[0]!;
    for (let length = 0; length < moof.length; length++) {
      expect(() => parseFragment(moof.subarray(0, length), mdat, init.tracks)).toThrow(Mp4Error);
    }
    expect(() => parseFragment(moof, mdat.subarray(0, -1), init.tracks)).toThrow(Mp4Error);
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
  ])('are refused for %s', ([, work, message]) => {
    expect(work).toThrow(Mp4Error);
    expect(work).toThrow(message);
  });

  test('with a wrong byte anywhere are refused or read, but never end in another error or none', () => {
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

/** The same boxes, but those of an init segment that can be written with 64-bit times are. */
function withWideHeaders(bytes: Buffer): Buffer {
  const rewritten = [...boxes(bytes)].map((child) => {
    const inside = bytes.subarray(child.body, child.end);
    if (['moov', 'trak', 'mdia'].includes(child.type)) return box(child.type, withWideHeaders(inside));
    if (['mvhd', 'tkhd', 'mdhd'].includes(child.type)) return withDuration(bytes, child, 2 ** 40);
    return bytes.subarray(child.start, child.end);
  });
  return Buffer.concat(rewritten);
}

/** The bytes that came out of a splitter, one after the other. */
function joined(parts: ReturnType<typeof split>): Buffer {
  return Buffer.concat([parts.init.bytes, ...parts.fragments.flatMap(({ moof, mdat }) => [moof, mdat])]);
}

/** Everything that is done with a fragment, so that no wrong number gets through to a later stage. */
function useMoof(segment: InitSegment, moof: Buffer, mdat: Buffer): void {
  const fragment = parseFragment(moof, mdat, segment.tracks);
  shiftFragment(fragment, new Map(segment.tracks.map(({ id }) => [id, 1])));
  const index = new SampleIndex(segment);
  index.add(moof, mdat.length - 8);
  index.add(moof, mdat.length - 8);
  fastStartHead(index);
  if (!Number.isFinite(index.durationMs)) throw new Error(`The duration is ${index.durationMs}.`);
}

/** A copy with these bytes in place of those at `offset` in the body of the first box of a type. */
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

/** A repeatable source of numbers (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function movedBySeconds(fragment: Fragment, seconds: number): Fragment {
  const offsets = new Map(init.tracks.map(({ id, timescale }) => [id, Math.round(seconds * timescale)]));
  return parseFragment(shiftFragment(fragment, offsets), fragment.mdat, init.tracks);
}

interface SyntheticMoof {
  trackId: number;
  decodeTime: number;
  /** Of the decode time's box. */
  version?: number;
  /** Duration, size and composition offset of each; the first is a keyframe. */
  samples: [number, number, number?][];
}

/** A moof with one track, whose samples fill the mdat that follows from its first byte. */
function syntheticMoof({ trackId, decodeTime, version = 1, samples }: SyntheticMoof): Buffer {
  const write = (dataOffset: number) =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(1)),
      box(
        'traf',
        fullBox('tfhd', 0, 0x20020, u32(trackId, 0x10000)),
        fullBox('tfdt', version, 0, version === 0 ? u32(decodeTime) : u64(decodeTime)),
        fullBox(
          'trun',
          1,
          0xb05,
          u32(samples.length, dataOffset, 0),
          ...samples.map(([duration, size, offset = 0]) => u32(duration, size, offset)),
        ),
      ),
    );
  return write(write(0).length + 8);
}

/**
 * The same packets, all moved by the same time, so that the first one shown is at zero. What has a time below
 * zero in the fragmented file is not shown (ffprobe says so of progressive files only).
 */
function expectSameTimes(clip: ProbedPacket[], fragmented: ProbedPacket[]): void {
  const streams = new Set(fragmented.map((packet) => packet.stream_index));
  const zero = Math.max(0, Math.min(...fragmented.map(({ pts }) => pts)));
  expect(Math.min(...shown(clip).map(({ pts }) => pts))).toBeCloseTo(0, 4);
  for (const stream of streams) {
    const shifts = shiftsOf(clip, fragmented, stream);
    expect(shifts.length).toBeGreaterThan(25);
    for (const shift of shifts) expect(Math.abs(shift + zero)).toBeLessThan(0.001);
  }
}

function shown(all: ProbedPacket[]): ProbedPacket[] {
  return all.filter(({ isDiscarded }) => !isDiscarded);
}

/** By how much each packet of a stream is shown later in `moved`; its decode time and place must fit too. */
function shiftsOf(moved: ProbedPacket[], original: ProbedPacket[], stream: number): number[] {
  const [after, before] = [moved, original].map((all) =>
    all.filter((packet) => packet.stream_index === stream),
  );
  expect(after!.length).toBe(before!.length);
  return after!.map((packet, i) => {
    const { pts, dts, size, isKey } = before![i]!;
    expect(packet).toMatchObject({ size, isKey });
    expect(Math.abs(packet.dts - dts - (packet.pts - pts))).toBeLessThan(0.001);
    return packet.pts - pts;
  });
}

/** ffprobe, mediabunny and the strict walk say the same of a clip as its index does. */
async function expectJudgesAgree(path: string, index: SampleIndex, made: Case): Promise<void> {
  const { codecs, entries, priming = 0 } = made;
  const seconds = index.durationMs / 1000;
  const [probed, facts, bunny] = await Promise.all([ffprobe(path), strictBoxes(path), mediabunnyFacts(path)]);
  expect(Number(probed.format.start_time)).toBe(0);
  expect(probed.streams.map(({ codec_tag_string }) => codec_tag_string)).toEqual(entries);
  expect(facts.boxes).toEqual(['ftyp', 'moov', 'mdat']);
  expect(facts.brands.includes('avc1')).toBe(entries.includes('avc1'));
  expect(facts.tracks.map(({ entry }) => entry)).toEqual(entries);
  expect(facts.tracks[0]).toMatchObject({ samples: 60, syncSamples: 2 });
  expect(facts.payloadBytes).toBe(index.payloadBytes);
  // mediabunny names all H.265 hev1, whatever the sample entry.
  expect(bunny.tracks.map(({ codec }) => codec)).toEqual(
    codecs.map((codec) => codec.replace('hvc1', 'hev1')),
  );
  expect(bunny.tracks[0]).toMatchObject({ width: 320, height: 180, packets: 60 });
  expect(bunny.firstTimestamp).toBeCloseTo(-priming, 4);
  for (const duration of [Number(probed.format.duration), facts.duration, bunny.duration]) {
    expect(Math.abs(duration - seconds)).toBeLessThan(0.002);
  }
}

/** The first place named by the first `stco` of a moov. */
function firstChunkOffset(moov: Buffer): number {
  expect([...boxes(moov)].map(({ type }) => type)).toEqual(['moov']);
  const stco = findBox(moov, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stco'])!;
  return moov.readUInt32BE(stco.body + 8);
}
