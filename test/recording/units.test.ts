// One recording alone: its input is units with chosen times, its output a spool.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FeedUnit } from '../../src/recording/feed/feed-unit.ts';
import { FootageRecording } from '../../src/recording/footage-recording.ts';
import { steadyNow, WallClock } from '../../src/recording/steady-clock.ts';
import { GrowingSpools } from '../../src/spool/growing.ts';
import { readSpool } from '../../src/spool/reader.ts';
import { findSpool } from '../../src/spool/spool.ts';
import { type UnitMaker, unitMaker } from '../support/media/units.ts';

let dir: string;
let folder: string;
let playbackId: string;
let units: UnitMaker;
let began: number;
const frameMs = 1_000 / 15;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-units-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(path.join(dir, 'spool-'));
  playbackId = path.basename(folder);
  units = unitMaker();
  began = steadyNow();
});

function record(options: Partial<ConstructorParameters<typeof FootageRecording>[0]> = {}): FootageRecording {
  return new FootageRecording({
    growing: new GrowingSpools(),
    folder,
    leftover: undefined,
    clock: new WallClock(steadyNow),
    createSoundEncoder: () => {
      throw new Error('Nothing here is to be encoded.');
    },
    onFirstFrame: () => {},
    onGap: () => {},
    onFormatChange: () => {},
    ...options,
  });
}

/** This many pictures from `fromMs` after the beginning on. The first one is a keyframe. */
const pictures = (count: number, fromMs = 0): FeedUnit[] =>
  Array.from({ length: count }, (_, i) => units.picture(began + fromMs + i * frameMs, i === 0));

async function spooled() {
  const spool = await findSpool(dir, playbackId);
  const contents = spool && (await readSpool(spool.file));
  if (!contents) throw new Error('There is no spool.');
  const count = (kind: string) =>
    contents.index.tables.find(({ track }) => track.kind === kind)?.sizes.length ?? 0;
  return { ...contents, pictures: count('video'), sounds: count('audio'), file: spool.file };
}

test('a recording whose first picture comes after its end has no footage', async () => {
  const recording = record();
  recording.endAt(began + 1_000);
  for (const unit of pictures(30, 10_000)) recording.take(unit);
  expect((await recording.whenClosed()).clipStartedAt).toBeUndefined();
  expect(await readdir(folder)).toEqual([]);
});

test('a recording ends with the first picture at or after its end', async () => {
  const recording = record();
  for (const unit of pictures(5)) recording.take(unit);
  recording.endAt(began + 9.5 * frameMs);
  for (const unit of Array.from({ length: 20 }, (_, i) => units.picture(began + (i + 5) * frameMs, false)))
    recording.take(unit);
  await recording.whenClosed();
  expect((await spooled()).pictures).toBe(11);
});

test('a recording has the units that it took, even after the ring has dropped them', async () => {
  const recording = record();
  const taken = pictures(60).map((unit, i) => {
    unit.footage.pieces[0]!.bytes.fill(i + 1, unit.footage.from, unit.footage.to);
    return unit;
  });
  for (const unit of taken) {
    recording.take(unit);
    // As the ring does when it drops a unit. The spool's file is not even open yet.
    unit.footage.release();
  }
  for (let i = 0; i < 5_000; i++) units.picture(began + 10_000 + i, false).footage.release();
  recording.endNow();
  await recording.whenClosed();
  const { payloads, file } = await spooled();
  const bytes = await readFile(file);
  const footage = Buffer.concat(payloads.map(({ from, to }) => bytes.subarray(from, to)));
  expect(footage.equals(Buffer.concat(taken.map((_, i) => Buffer.alloc(100, i + 1))))).toBe(true);
  for (const { footage } of taken) for (const { holders } of footage.pieces) expect(holders).toBeLessThan(2);
});

test('a picture that is not followed by another is on disk within a second', async () => {
  const recording = record();
  recording.take(units.picture(steadyNow(), true));
  const ticker = setInterval(() => recording.tick(), 50);
  await expect
    .poll(
      async () =>
        (await readSpool((await findSpool(dir, playbackId))?.file ?? '').catch(() => undefined))?.payloads
          .length,
      {
        timeout: 1_000,
      },
    )
    .toBe(1);
  clearInterval(ticker);
  recording.endNow();
  await recording.whenClosed();
});

test('another size within the session ends a recording, which reports since when', async () => {
  const changes: number[] = [];
  const recording = record({ onFormatChange: (from) => changes.push(from) });
  for (const unit of pictures(15)) recording.take(unit);
  const larger = { ...units.picture(began + 1_000, true) };
  recording.take({ ...larger, format: { ...larger.format, key: 'larger' } as FeedUnit['format'] });
  await recording.whenClosed();
  expect(changes).toHaveLength(1);
  expect(changes[0]).toBeCloseTo(began + 1_000, 0);
  expect((await spooled()).pictures).toBe(15);
});

test.each([true, false])(
  'other parameter sets end a recording only if they are not in the stream: %s',
  async (needsSets) => {
    const changes: number[] = [];
    const recording = record({ onFormatChange: (from) => changes.push(from) });
    for (const unit of pictures(15)) recording.take(unit);
    const other = units.picture(began + 1_000, true);
    const format = { ...other.format, pps: [Buffer.from('68ce0fc9', 'hex')], needsSets };
    recording.take({ ...other, format: format as FeedUnit['format'] });
    recording.endNow();
    await recording.whenClosed();
    expect(changes).toHaveLength(needsSets ? 1 : 0);
    expect((await spooled()).pictures).toBe(needsSets ? 15 : 16);
  },
);

test('sound from before the first picture is left out', async () => {
  const recording = record();
  for (let at = -256; at < 0; at += 64) recording.take(units.sound(began + at));
  for (const unit of pictures(15)) recording.take(unit);
  for (let at = 0; at < 960; at += 64) recording.take(units.sound(began + at));
  recording.endNow();
  await recording.whenClosed();
  expect(await spooled()).toMatchObject({ pictures: 15, sounds: 15 });
});

test('a stream that does not fit into a file ends only its own recording', async () => {
  const recording = record();
  for (const unit of pictures(30))
    recording.take({ ...unit, format: { ...unit.format, sps: [] } as FeedUnit['format'] });
  const { diskFailure, internalError } = await recording.whenClosed();
  expect(diskFailure).toBeUndefined();
  expect(internalError).toBeInstanceOf(Error);
});

test('sound that is encoded after the end is in the clip', async () => {
  const count = 30;
  const endMs = 30 * frameMs;
  const recording = record({
    createSoundEncoder: (_, emit) => ({
      push: () => {},
      finish: async () => {
        for (let i = 0; i < count; i++) emit(units.sound(began + i * 64));
      },
    }),
  });
  // A keyframe at the end: the pictures before it reach the end without sound.
  const [first, ...others] = [...pictures(30), ...pictures(2, endMs)];
  recording.take(first!);
  const sound = units.sound(began);
  const format = { ...sound.format, codec: 'pcma', codecString: 'pcma', key: 'pcma' } as FeedUnit['format'];
  recording.take({ ...sound, format });
  for (const unit of others) recording.take(unit);
  recording.endAt(began + endMs);
  await recording.whenClosed();
  const { file } = await spooled();
  const clip = await readSpool(file, endMs / 1_000);
  const soundTable = clip!.index.tables.find(({ track }) => track.kind === 'audio');
  expect(soundTable?.sizes.length).toBe(count);
});

test('footage that begins after the end in the row is left out', async () => {
  const recording = record();
  for (const unit of pictures(60)) recording.take(unit);
  recording.endNow();
  await recording.whenClosed();
  const { file } = await spooled();
  const clip = await readSpool(file, 2);
  expect(clip!.index.durationMs).toBeGreaterThanOrEqual(2_000);
  expect(clip!.index.durationMs).toBeLessThan(2_600);
});
