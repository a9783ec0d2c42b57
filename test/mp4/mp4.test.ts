import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { box, boxes, findBox } from '../../src/mp4/boxes.ts';
import { fastStartHead } from '../../src/mp4/fast-start.ts';
import type { Fragment } from '../../src/mp4/fragment.ts';
import { withDuration } from '../../src/mp4/header-duration.ts';
import { type InitSegment, parseInit, resolution } from '../../src/mp4/init-segment.ts';
import { movieBox } from '../../src/mp4/movie-box.ts';
import { SampleIndex } from '../../src/mp4/sample-index.ts';
import {
  type FootageArguments,
  makeFragmented,
  payloadOf,
  split,
  writeClip,
} from '../support/media/fragmented.ts';
import {
  ffprobe,
  ffprobeWarnings,
  mediabunnyFacts,
  type ProbedPacket,
  packetHashes,
  packets,
  strictBoxes,
} from '../support/media/judges.ts';
import { movedBySeconds, syntheticMoof } from '../support/media/moofs.ts';

const gop = '-g 30 -keyint_min 30 -sc_threshold 0';
const x264Options = `-c:v libx264 -preset veryfast ${gop}`;
const x265Options =
  '-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=30:min-keyint=30:bframes=2';

/** Makes ffmpeg write the edit lists, which a feed's usual arguments suppress. */
const delayedMoov =
  '-f mp4 -movflags +frag_keyframe+delay_moov+default_base_moof -frag_duration 500000 pipe:1';

interface Case extends FootageArguments {
  codecs: string[];
  entries: string[];
  /** The feed converts the audio to AAC, so its packets differ from the source's. */
  audioIsEncoded?: boolean;
  /** Seconds of audio that are decoded but not played. */
  priming?: number;
}

const cases: Record<string, Case> = {
  'H.264 and AAC': {
    encode: `${x264Options} -bf 0 -c:a aac`,
    codecs: ['avc1.64000c', 'mp4a.40.2'],
    entries: ['avc1', 'mp4a'],
  },
  'H.264 with B-frames and AAC': {
    encode: `${x264Options} -bf 2 -c:a aac`,
    codecs: ['avc1.64000c', 'mp4a.40.2'],
    entries: ['avc1', 'mp4a'],
  },
  'H.264 with B-frames, no audio': {
    encode: `${x264Options} -bf 2 -an`,
    codecs: ['avc1.64000c'],
    entries: ['avc1'],
  },
  'H.264 without audio': {
    encode: `${x264Options} -profile:v baseline -an`,
    codecs: ['avc1.42c00c'],
    entries: ['avc1'],
  },
  'H.265 with B-frames and AAC': {
    encode: `${x265Options} -c:a aac`,
    codecs: ['hvc1.1.6.L60.90', 'mp4a.40.2'],
    entries: ['hvc1', 'mp4a'],
  },
  'H.264 and Opus': {
    encode: `${x264Options} -bf 0 -c:a libopus -b:a 64k`,
    codecs: ['avc1.64000c', 'opus'],
    entries: ['avc1', 'Opus'],
  },
  'H.264 and G.711 that the feed turns into AAC': {
    encode: `${x264Options} -bf 0 -c:a pcm_mulaw -ar 8000`,
    feed: '-c:v copy -c:a aac',
    codecs: ['avc1.64000c', 'mp4a.40.2'],
    entries: ['avc1', 'mp4a'],
    audioIsEncoded: true,
  },
  'an init segment with edit lists': {
    encode: `${x264Options} -bf 2 -c:a aac`,
    output: delayedMoov,
    codecs: ['avc1.64000c', 'mp4a.40.2'],
    entries: ['avc1', 'mp4a'],
  },
  'an init segment that hides the priming of the audio': {
    encode: `${x264Options} -bf 0 -c:a pcm_s16le`,
    feed: '-c:v copy -c:a aac',
    output: delayedMoov,
    codecs: ['avc1.64000c', 'mp4a.40.2'],
    entries: ['avc1', 'mp4a'],
    audioIsEncoded: true,
    priming: 1024 / 48_000,
  },
};

let dir: string;
let init: InitSegment;
let fragments: Fragment[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'flashback-mp4-'));
  const footage = await makeFragmented(join(dir, 'shared.mkv'), cases['H.264 with B-frames and AAC']!);
  ({ init, fragments } = split(footage));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('a clip made of fragments', () => {
  test.concurrent.for(Object.entries(cases))(
    'of %s contains the same footage, and plays everywhere',
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

  test('begins at zero and stays in sync when it is cut out of the middle of a session', async () => {
    const path = join(dir, 'middle.mp4');
    const raw = join(dir, 'middle.frag.mp4');
    const cut = fragments.slice(fragments.findIndex((fragment, i) => i > 0 && fragment.startsWithKeyframe));
    const moved = cut.map((fragment) => movedBySeconds(fragment, init.tracks, 300));
    await writeFile(raw, Buffer.concat([init.bytes, ...moved.flatMap(({ moof, mdat }) => [moof, ...mdat])]));
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

  test('has 64-bit offsets beyond 4 GiB', async () => {
    const path = join(dir, 'huge.mp4');
    const [first, second] = fragments;
    const claimed = 2 ** 32 + 5;
    const index = new SampleIndex(init);
    index.add(first!.moof, claimed);
    index.add(second!.moof, payloadOf(second!).length);
    const head = fastStartHead(index);
    // A sparse file: 4 GiB of it are a hole that needs no disk space.
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

  test('longer than 32 bits of ticks has headers of version 1, and so can the init segment', async () => {
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

  test('can have its moov made for a payload at any offset, as an upload needs that sends it last', () => {
    const index = new SampleIndex(init);
    for (const fragment of fragments) index.add(fragment.moof, payloadOf(fragment).length);
    const near = firstChunkOffset(movieBox(index, 1000));
    expect(firstChunkOffset(movieBox(index, 5_000_000)) - near).toBe(4_999_000);
  });
});

describe('time in a clip', () => {
  test('continues across a gap between fragments', async () => {
    const path = join(dir, 'hole.mp4');
    const before = fragments.slice(0, 3);
    const after = fragments.slice(3).map((fragment) => movedBySeconds(fragment, init.tracks, 2));
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

  test('is computed from the samples to the millisecond, with a gap and with an overlap', () => {
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

  test('never goes back, even if a fragment begins before the end of the previous one', async () => {
    const path = join(dir, 'overlap.mp4');
    await writeClip(join(dir, 'whole.mp4'), init, fragments);
    const late = fragments.slice(3).map((fragment) => movedBySeconds(fragment, init.tracks, -0.3));
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

  test('begins with the track that is presented first; the other track has an edit list', async () => {
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

  test('uses negative composition offsets (signed ctts) only in files of a brand that allows them', async () => {
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

/** The same boxes, except for those of an init segment that can have 64-bit times. */
function withWideHeaders(bytes: Buffer): Buffer {
  const rewritten = [...boxes(bytes)].map((child) => {
    const inside = bytes.subarray(child.body, child.end);
    if (['moov', 'trak', 'mdia'].includes(child.type)) return box(child.type, withWideHeaders(inside));
    if (['mvhd', 'tkhd', 'mdhd'].includes(child.type)) return withDuration(bytes, child, 2 ** 40);
    return bytes.subarray(child.start, child.end);
  });
  return Buffer.concat(rewritten);
}

/**
 * The same packets, all shifted so that the first presented one is at zero. Packets with a time below zero in the
 * fragmented file are not presented (ffprobe marks them only in progressive files).
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

/** How much later each packet of a stream is presented in `moved`. Its decode time and position must match, too. */
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

/** ffprobe, mediabunny and the strict walk agree with the index of the clip. */
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
  // mediabunny calls all H.265 hev1, whatever the sample entry is.
  expect(bunny.tracks.map(({ codec }) => codec)).toEqual(
    codecs.map((codec) => codec.replace('hvc1', 'hev1')),
  );
  expect(bunny.tracks[0]).toMatchObject({ width: 320, height: 180, packets: 60 });
  expect(bunny.firstTimestamp).toBeCloseTo(-priming, 4);
  for (const duration of [Number(probed.format.duration), facts.duration, bunny.duration]) {
    expect(Math.abs(duration - seconds)).toBeLessThan(0.002);
  }
}

/** The first offset in the first `stco` of a moov. */
function firstChunkOffset(moov: Buffer): number {
  expect([...boxes(moov)].map(({ type }) => type)).toEqual(['moov']);
  const stco = findBox(moov, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stco'])!;
  return moov.readUInt32BE(stco.body + 8);
}
