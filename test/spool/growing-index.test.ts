// The index of a spool that is being written: what is synced, and how times are corrected.
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { fastStartHead } from '../../src/mp4/fast-start.ts';
import type { InitSegment } from '../../src/mp4/init-segment.ts';
import { formatOf } from '../../src/mp4/track-format.ts';
import { GrowingSpools } from '../../src/spool/growing.ts';
import { GrowingIndex } from '../../src/spool/growing-index.ts';
import { readSpool } from '../../src/spool/reader.ts';
import { Spool } from '../../src/spool/spool.ts';
import { until } from '../support/camera/reader.ts';
import { builtInit } from '../support/media/built-init.ts';
import { encodedVideo } from '../support/media/encoded.ts';
import { split } from '../support/media/fragmented.ts';
import { syntheticMoof } from '../support/media/moofs.ts';

const timescale = 90_000;
const size = 1_000;

let recordDir: string;
let init: InitSegment;

beforeAll(async () => {
  recordDir = await mkdtemp(path.join(os.tmpdir(), 'flashback-growing-'));
  const { bytes } = await encodedVideo('-c:v libx264 -preset veryfast -pix_fmt yuv420p');
  init = builtInit([{ id: 1, timescale, format: formatOf(split(bytes).init.tracks[0]!) }]);
});

afterAll(() => rm(recordDir, { recursive: true }));

const moofAt = (decodeTime: number) =>
  syntheticMoof({ trackId: 1, decodeTime, samples: [[timescale / 2, size]] });

/** A spool to which fragments of half a second are added. */
async function startSpool(id: string) {
  const folder = path.join(recordDir, id);
  await mkdir(folder);
  const spool = Spool.create(growing, folder, 1_000, init.bytes);
  await spool.written();
  const at: number[] = [];
  let end = init.bytes.length;
  let isClosed = false;
  const close = async () => {
    if (!isClosed) await spool.close();
    isClosed = true;
  };
  onTestFinished(close);
  return {
    spool,
    close,
    add(count: number) {
      for (let i = 0; i < count; i++) {
        const moof = moofAt((at.length * timescale) / 2);
        const mdat = Buffer.alloc(8 + size, at.length);
        mdat.writeUInt32BE(mdat.length, 0);
        mdat.write('mdat', 4, 'latin1');
        spool.append([moof, mdat]);
        at.push(end);
        end += moof.length + mdat.length;
      }
    },
    correct: (fragment: number, laterTicks: number) =>
      spool.overwrite(at[fragment]!, moofAt((fragment * timescale) / 2 + laterTicks)),
  };
}

const growing = new GrowingSpools();

const synced = (id: string) => growing.all().find(({ playbackId }) => playbackId === id)?.syncedBytes;

test('a spool states how much of it is synced, and nothing after it is closed', async () => {
  const { spool, add, close } = await startSpool('synced');
  expect(synced('synced')).toBe(0);
  add(10);
  await spool.written();
  // Written is not synced: a power cut may undo it.
  expect(synced('synced')).toBe(0);
  await until(() => synced('synced')! > 10 * size, 'it is synced');
  expect(new GrowingSpools().all()).toEqual([]);
  await close();
  expect(synced('synced')).toBeUndefined();
});

test('it equals the index of the whole spool, with every correction of its newest fragments', async () => {
  const { spool, add, correct, close } = await startSpool('corrected');
  add(200);
  await spool.written();
  const index = await GrowingIndex.open(spool.path);
  onTestFinished(() => index.close());
  await index.look((await stat(spool.path)).size);
  expect(index.payloadBytes).toBe(200 * size);
  add(50);
  // The newest 128 may get other times: here those of 130 to 249, whether or not they were read.
  for (let fragment = 130; fragment < 250; fragment++) correct(fragment, 900 + fragment);
  await close();
  const kept = (await index.contents())!;
  const read = (await readSpool(spool.path))!;
  expect(fastStartHead(kept.index).equals(fastStartHead(read.index))).toBe(true);
  expect(kept.payloads).toEqual(read.payloads);
  expect(kept).toMatchObject({ hasHole: false, tornBytes: 0, wholeBytes: read.wholeBytes });
});

test('an end in the past leaves fragments out, even one that came before the newest', async () => {
  const { spool, add, close } = await startSpool('past');
  add(300);
  await close();
  for (const [untilSec, isKept] of [
    [140, true],
    [20, false],
  ] as const) {
    const index = await GrowingIndex.open(spool.path);
    onTestFinished(() => index.close());
    const kept = await index.contents(untilSec);
    expect(kept?.payloads).toEqual(isKept ? (await readSpool(spool.path, untilSec))!.payloads : undefined);
  }
  expect((await readSpool(spool.path, 20))!.payloads).toHaveLength(40);
});

test('any bytes of the payload are found in the file', async () => {
  const { spool, add, close } = await startSpool('ranges');
  add(20);
  await close();
  const index = await GrowingIndex.open(spool.path);
  onTestFinished(() => index.close());
  const { payloads } = (await index.contents())!;
  for (const [from, to] of [
    [0, 20_000],
    [500, 501],
    [999, 2_001],
    [3_000, 5_000],
  ] as const) {
    const ranges = index.ranges(from, to);
    expect(ranges.reduce((sum, range) => sum + range.to - range.from, 0)).toBe(to - from);
    expect(ranges[0]!.from).toBe(payloads[Math.floor(from / size)]!.from + (from % size));
  }
});
