// Footage in memory that is used again: nothing is overwritten that is still to be read.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fragment } from '../src/mp4/fragment.ts';
import type { InitSegment } from '../src/mp4/init-segment.ts';
import { createSplitter } from '../src/mp4/splitter.ts';
import { hold, letGo, takeMemory } from '../src/recording/footage-memory.ts';
import { Recording } from '../src/recording/recording.ts';
import { Ring } from '../src/recording/ring.ts';
import { type FeedFragment, newSession, type Session } from '../src/recording/session.ts';
import { steadyNow, WallClock } from '../src/recording/steady-clock.ts';
import { makeFragmented } from './support/fragmented.ts';

let dir: string;
let footage: Buffer;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-memory-'));
  footage = await makeFragmented(path.join(dir, 'source.mkv'), {
    encode: '-an -c:v libx264 -preset ultrafast -b:v 4M -bf 0 -g 15',
  });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const kib = 1_024;
const isUsedAgain = (memory: readonly Buffer[], by: readonly Buffer[]) =>
  by.filter(({ buffer }) => memory.some((piece) => piece.buffer === buffer)).length;

test('what everybody has let go of is used again, whatever the size of what comes then', () => {
  const first = takeMemory(100 * kib);
  expect(Buffer.concat(first).length).toBe(100 * kib);
  hold(first);
  letGo(first);
  expect(isUsedAgain(first, takeMemory(100 * kib))).toBe(0);
  letGo(first);
  const small = takeMemory(33 * kib);
  const large = takeMemory(500 * kib);
  expect([small, large].map((it) => isUsedAgain(first, it))).toEqual([2, 2]);
  expect([small, large].map((it) => Buffer.concat(it).length)).toEqual([33 * kib, 500 * kib]);
});

test('who lets go once too often gives nothing away', () => {
  const memory = takeMemory(90 * kib);
  letGo(memory);
  letGo(memory);
  expect(isUsedAgain(takeMemory(90 * kib), takeMemory(90 * kib))).toBe(0);
});

test('what is too much to be kept is left to the collector', () => {
  const most = 32 * kib * kib;
  const memory = [takeMemory(most), takeMemory(most)];
  memory.forEach(letGo);
  const again = [takeMemory(most), takeMemory(most)];
  expect(isUsedAgain(memory.flat(), again.flat())).toBe(most / (32 * kib));
});

test('footage that is cut into pieces is what ffmpeg wrote, however it came', () => {
  for (const chunkBytes of [1, 7_000, 32 * kib, footage.length]) {
    const boxes: Buffer[] = [];
    const onInit = ({ bytes }: InitSegment) => boxes.push(bytes);
    const onFragment = ({ moof, mdat }: Fragment) => boxes.push(moof, ...mdat);
    const splitter = createSplitter({ onInit, onFragment }, takeMemory);
    for (let at = 0; at < footage.length; at += chunkBytes)
      splitter.push(footage.subarray(at, at + chunkBytes));
    const read = Buffer.concat(boxes);
    // All but the table at its end (mfra).
    expect(read.equals(footage.subarray(0, read.length))).toBe(true);
    expect(footage.length - read.length).toBeLessThan(500);
  }
});

test('a recording writes what it took, also where the ring has dropped it and more has come since', async () => {
  const ring = new Ring({ seconds: 1, maxBytes: () => Number.POSITIVE_INFINITY });
  const folder = await mkdtemp(path.join(dir, 'spool-'));
  let at = 1_800_000_000_000;
  const nothing = () => {};
  const recording = new Recording({
    folder,
    leftover: undefined,
    clock: new WallClock(steadyNow),
    onFirstFrame: nothing,
    onGap: nothing,
    onFormatChange: nothing,
  });
  let session: Session | undefined;
  const taken: Buffer[] = [];
  const splitter = createSplitter(
    {
      onInit: (init) => {
        session = newSession(init, 1);
      },
      onFragment: (fragment) => {
        at += 500;
        const straight = session!.camera.straighten(fragment, at);
        const ofSession: FeedFragment = { ...straight, session: session!, isLed: false };
        taken.push(Buffer.concat(fragment.mdat));
        ring.push(ofSession);
        recording.take(ofSession);
      },
    },
    takeMemory,
  );
  // All of it at once: the spool's file is not even open while the ring drops the first of it.
  splitter.push(footage);
  ring.clear();
  for (const { length } of taken) for (const piece of takeMemory(length)) piece.fill(0xff);
  recording.abort();
  await recording.done();

  expect(taken.length).toBeGreaterThan(6);
  const [name] = await readdir(folder);
  const spool = await readFile(path.join(folder, name!));
  expect(taken.map((mdat) => spool.includes(mdat))).toEqual(taken.map(() => true));
});
