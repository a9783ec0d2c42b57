import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aacFormat } from '../../src/codecs/aac.ts';
import type { Format } from '../../src/codecs/format.ts';
import { opusFormat } from '../../src/codecs/opus.ts';
import { boxes, findBox, Mp4Error } from '../../src/mp4/boxes.ts';
import { buildMoof, type FragmentTrack } from '../../src/mp4/build-moof.ts';
import { parseFragment } from '../../src/mp4/fragment.ts';
import { unitsOf } from '../../src/mp4/fragment-units.ts';
import { parseInit } from '../../src/mp4/init-segment.ts';
import { formatOf } from '../../src/mp4/track-format.ts';
import { readTrackFragments } from '../../src/mp4/track-fragment.ts';
import { builtInit } from '../support/media/built-init.ts';
import { type Encoded, encodedSound, encodedVideo } from '../support/media/encoded.ts';
import { makeFragmented, split, writeClip } from '../support/media/fragmented.ts';
import {
  ffprobe,
  ffprobeWarnings,
  mediabunnyFacts,
  packetDigests,
  packetHashes,
  packets,
  strictBoxes,
} from '../support/media/judges.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'flashback-writing-'));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

const x264 = '-c:v libx264 -preset ultrafast -x264-params sliced-threads=0';
const x265 = '-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1:info=0';
const bt709 = '-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv';

describe('the sample entry equals ffmpeg’s', () => {
  test.for<[string, () => Promise<Encoded>]>([
    ['H.264 baseline', () => encodedVideo(`${x264} -profile:v baseline -pix_fmt yuv420p`)],
    ['H.264 main', () => encodedVideo(`${x264} -profile:v main -pix_fmt yuv420p -bf 2`)],
    ['H.264 high', () => encodedVideo(`-c:v libx264 -preset veryfast -pix_fmt yuv420p ${bt709}`)],
    ['H.264 high 10', () => encodedVideo('-c:v libx264 -preset veryfast -pix_fmt yuv420p10le')],
    ['H.264 high 4:2:2', () => encodedVideo('-c:v libx264 -preset veryfast -pix_fmt yuv422p')],
    ['H.264 interlaced', () => encodedVideo('-c:v libx264 -pix_fmt yuv420p -flags +ilme+ildct')],
    ['H.264, wide pixels', () => encodedVideo(`${x264} -pix_fmt yuv420p -vf scale=150:98,setsar=4/3`)],
    ['H.265 8 bit', () => encodedVideo(`${x265} -pix_fmt yuv420p ${bt709}`)],
    ['H.265 10 bit', () => encodedVideo(`${x265} -pix_fmt yuv420p10le`)],
    ['H.265 4:2:2, wide pixels', () => encodedVideo(`${x265} -pix_fmt yuv422p -vf setsar=4/3`)],
  ])('%s', async ([, encode]) => {
    const { bytes, config } = await encode();
    const [theirs] = parseInit(bytes).tracks;
    const init = builtInit([{ id: 1, timescale: 90_000, format: formatOf(theirs!) }]);
    const [ours] = init.tracks;
    expect(ours).toMatchObject({
      ...{ id: 1, kind: 'video', timescale: 90_000, codec: theirs!.codec },
      ...{ width: theirs!.width, height: theirs!.height },
    });
    expect(formatOf(ours!)).toEqual(formatOf(theirs!));
    expect(children(init.bytes)[theirs!.codec.startsWith('avc') ? 'avcC' : 'hvcC']).toBe(
      config.toString('hex'),
    );
    // Bit rates and the field order are known to the encoder, but not stated by a camera.
    const { btrt, fiel, ...told } = children(bytes);
    expect(children(init.bytes)).toEqual(told);
    expect(sizeOf(init.bytes)).toBe(sizeOf(bytes));
  });

  test.for<[string, () => Promise<Encoded>]>([
    ['AAC-LC, stereo', () => encodedSound('-c:a aac -ac 2')],
    ['AAC-LC, 16 kHz', () => encodedSound('-c:a aac', 16_000)],
    ['AAC-LC, 96 kHz', () => encodedSound('-c:a aac', 96_000)],
  ])('%s', async ([, encode]) => {
    const { bytes } = await encode();
    const [theirs] = parseInit(bytes).tracks;
    const format = formatOf(theirs!);
    const init = builtInit([{ id: 1, timescale: theirs!.timescale, format }]);
    expect(formatOf(init.tracks[0]!)).toEqual(format);
    expect(init.tracks[0]).toMatchObject({ codec: 'mp4a.40.2', kind: 'audio' });
    expect(format).toMatchObject({ sampleRate: theirs!.timescale });
    const file = join(dir, 'sound.mp4');
    await writeFile(file, Buffer.concat([init.bytes, bytes.subarray(firstMoof(bytes))]));
    const written = (await ffprobe(file)).streams[0];
    await writeFile(file, bytes);
    const expected = (await ffprobe(file)).streams[0];
    for (const fact of ['codec_name', 'profile', 'sample_rate', 'channels', 'codec_tag_string'] as const) {
      expect(written).toHaveProperty(fact, (expected as unknown as Record<string, unknown>)[fact]);
    }
  });

  test.for(['2b098800', 'eb098800', '130856e5a0'])('for HE-AAC with the configuration %s', (hex) => {
    const format = aacFormat(Buffer.from(hex, 'hex'));
    const { tracks } = builtInit([{ id: 1, timescale: 48_000, format }]);
    expect(formatOf(tracks[0]!)).toEqual(format);
    expect(tracks[0]!.codec).toBe(format.codecString);
  });

  test('except for sound that is encoded first', () => {
    const format: Format = {
      ...{ kind: 'sound', codec: 'pcmu', codecString: 'pcmu', sampleRate: 8000, channels: 1, key: 'pcmu' },
      ...{ config: undefined, unitSamples: undefined },
    };
    expect(() => builtInit([{ id: 1, timescale: 8000, format }])).toThrow(Mp4Error);
  });
});

test('a damaged sample entry leads to an Mp4Error or a format', async () => {
  const formats: Format[] = [opusFormat()];
  for (const encode of [`${x264} -pix_fmt yuv420p`, `${x265} -pix_fmt yuv420p`]) {
    formats.push(formatOf(parseInit((await encodedVideo(encode)).bytes).tracks[0]!));
  }
  formats.push(formatOf(parseInit((await encodedSound('-c:a aac')).bytes).tracks[0]!));
  for (const format of formats) {
    const init = builtInit([{ id: 1, timescale: 90_000, format }]);
    const { sampleDescription } = init.tracks[0]!;
    const from = sampleDescription.byteOffset - init.bytes.byteOffset;
    for (let at = from; at < from + sampleDescription.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const bytes = Buffer.from(init.bytes);
        bytes[at] = value;
        try {
          parseInit(bytes).tracks.map(formatOf);
        } catch (error) {
          if (!(error instanceof Mp4Error)) throw error;
        }
      }
    }
  }
});

const firstMoof = (bytes: Buffer) => [...boxes(bytes)].find(({ type }) => type === 'moof')!.start;

/** The boxes in the sample entry. */
function children(bytes: Buffer): Record<string, string> {
  const stsd = findBox(bytes, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd'])!;
  const [entry] = boxes(bytes, stsd.body + 8, stsd.end);
  return Object.fromEntries(
    [...boxes(bytes, entry!.body + 78, entry!.end)].map(({ type, body, end }) => [
      type,
      bytes.toString('hex', body, end),
    ]),
  );
}

/** Width and height of the track with square pixels. */
function sizeOf(bytes: Buffer): string {
  const tkhd = findBox(bytes, ['moov', 'trak', 'tkhd'])!;
  return `${bytes.readUInt32BE(tkhd.end - 8) / 0x10000}x${bytes.readUInt32BE(tkhd.end - 4) / 0x10000}`;
}

describe('a rewritten fragmented MP4', () => {
  test.for<[string, string, string[]]>([
    ['H.264 with B-frames and AAC', '-c:v libx264 -preset veryfast -bf 3 -c:a aac', ['avc1', 'mp4a']],
    ['H.265 and Opus', `${x265} -c:a libopus`, ['hvc1', 'Opus']],
  ])('of %s is the same to every reader', async ([, encode, entries]) => {
    const theirs = split(await makeFragmented(join(dir, 'source.mkv'), { encode }));
    const init = builtInit(
      theirs.init.tracks.map((track) => ({
        id: track.id,
        timescale: track.timescale,
        format: formatOf(track),
      })),
    );
    const parts = theirs.fragments.map((fragment) => rewritten(fragment, theirs.init.tracks));
    const fragmented = Buffer.concat([init.bytes, ...parts]);
    const [ours, given] = [join(dir, 'ours.mp4'), join(dir, 'theirs.mp4')];
    await writeFile(ours, fragmented);
    await writeFile(
      given,
      Buffer.concat([theirs.init.bytes, ...theirs.fragments.flatMap(({ moof, mdat }) => [moof, ...mdat])]),
    );
    expect(await packetHashes(ours)).toEqual(await packetHashes(given));
    for (const stream of ['v:0', 'a:0']) {
      expect(await packetDigests(ours, stream)).toEqual(await packetDigests(given, stream));
    }
    const shown = async (file: string) => (await packets(file)).map(({ isKey, size }) => ({ isKey, size }));
    expect(await shown(ours)).toEqual(await shown(given));
    expect(await ffprobeWarnings(ours)).toBe('');

    const clip = join(dir, 'clip.mp4');
    const again = split(fragmented);
    await writeClip(clip, again.init, again.fragments);
    const facts = await strictBoxes(clip);
    expect(facts.tracks.map(({ entry }) => entry)).toEqual(entries);
    expect(await ffprobeWarnings(clip)).toBe('');
    const bunny = await mediabunnyFacts(clip);
    expect(bunny.tracks.map(({ packets }) => packets)).toEqual(facts.tracks.map(({ samples }) => samples));
  });
});

/** Whether samples and times are those of ffmpeg's fragment. */
function rewritten(
  fragment: ReturnType<typeof parseFragment>,
  tracks: ReturnType<typeof parseInit>['tracks'],
): Buffer {
  const units = unitsOf(fragment, tracks);
  const whole = Buffer.concat(fragment.mdat);
  const parts: FragmentTrack[] = tracks.flatMap(({ id }) => {
    const own = units.filter(({ trackId }) => trackId === id);
    const samples = own.map((unit) => ({ ...unit, size: unit.to - unit.from }));
    return own.length > 0 ? [{ id, decodeTime: own[0]!.decodeTime, samples }] : [];
  });
  const { moof, mdatHeader } = buildMoof(parts);
  const payload = parts.flatMap(({ id }) =>
    units.filter(({ trackId }) => trackId === id).map(({ from, to }) => whole.subarray(from, to)),
  );
  return Buffer.concat([moof, mdatHeader, ...payload]);
}

describe('a moof', () => {
  const format = opusFormat();
  const init = builtInit([
    { id: 1, timescale: 90_000, format },
    { id: 2, timescale: 48_000, format },
  ]);
  const samples = (count: number, size: number) =>
    Array.from({ length: count }, (_, i) => ({
      ...{
        size: size + i,
        duration: 6000 + i,
        compositionOffset: i % 2 === 0 ? 12_000 : -6000,
        isSync: i === 0,
      },
    }));
  const tracks = (decodeTime: number): FragmentTrack[] => [
    { id: 1, decodeTime, samples: samples(8, 20_000) },
    { id: 2, decodeTime: 7, samples: samples(24, 100) },
  ];

  test('is read as it was written, even with times beyond 32 bits and negative offsets', () => {
    const decodeTime = 2 ** 40 + 3;
    const written = tracks(decodeTime);
    const { moof, mdatHeader } = buildMoof(written);
    const payloadBytes = mdatHeader.readUInt32BE(0) - 8;
    const read = readTrackFragments(moof, init.tracks, { headerBytes: 8, payloadBytes });
    expect(
      read.map(({ track, decodeTime, chunks }) => ({
        id: track.id,
        decodeTime,
        samples: chunks[0]!.samples,
      })),
    ).toEqual(written);
    const first = written[0]!.samples.reduce((sum, { size }) => sum + size, 0);
    expect(read.map(({ chunks }) => chunks[0]!.position)).toEqual([0, first]);
    const sound = written[1]!.samples.reduce((sum, { size }) => sum + size, 0);
    expect(payloadBytes).toBe(first + sound);
    parseFragment(moof, [mdatHeader, Buffer.alloc(payloadBytes)], init.tracks);
  });

  test('has the same length for all times, so that it can be overwritten', () => {
    expect(buildMoof(tracks(2 ** 45)).moof.length).toBe(buildMoof(tracks(0)).moof.length);
  });

  test('is refused if its samples have more than 4 GiB', () => {
    expect(() => buildMoof([{ id: 1, decodeTime: 0, samples: samples(3, 2 ** 31) }])).toThrow(Mp4Error);
  });

  test('is written in less than 25 µs', () => {
    const given = tracks(2 ** 33);
    const rounds = 5000;
    let best = Number.POSITIVE_INFINITY;
    for (let series = 0; series < 8; series++) {
      const began = performance.now();
      for (let i = 0; i < rounds; i++) buildMoof(given);
      best = Math.min(best, ((performance.now() - began) * 1000) / rounds);
    }
    expect(best).toBeLessThan(25);
  });
});
