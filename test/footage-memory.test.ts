// Footage in memory that is used again: nothing is overwritten that is still to be read.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSplitter } from '../src/mp4/splitter.ts';
import { hold, letGo, takeMemory } from '../src/recording/footage-memory.ts';
import { Recording } from '../src/recording/recording.ts';
import { Ring } from '../src/recording/ring.ts';
import { type FeedFragment, newSession, type Session } from '../src/recording/session.ts';
import { makeFragmented } from './support/fragmented.ts';

let dir: string;
let footage: Buffer;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-memory-'));
  footage = await makeFragmented(path.join(dir, 'source.mkv'), {
    encode: '-an -c:v libx264 -preset ultrafast -bf 0 -g 15',
  });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Whether two pieces of memory are the same place. */
const isSame = (a: Buffer, b: Buffer) => a.buffer === b.buffer && a.byteOffset === b.byteOffset;

test('what everybody has let go of is used again, for what is about as large', () => {
  const first = takeMemory(1_500_000);
  hold(first);
  letGo(first);
  expect(isSame(takeMemory(1_500_000), first)).toBe(false);
  letGo(first);
  expect(isSame(takeMemory(1_700_000), first)).toBe(false);
  const again = takeMemory(1_500_100);
  expect(isSame(again, first)).toBe(true);
  expect(again.length).toBe(1_500_100);
  expect(isSame(takeMemory(1_500_000), first)).toBe(false);
});

test('who lets go once too often gives nothing away', () => {
  const memory = takeMemory(900_000);
  letGo(memory);
  letGo(memory);
  expect(isSame(takeMemory(900_000), takeMemory(900_000))).toBe(false);
});

test('a recording writes what it took, also where the ring has dropped it and more has come since', async () => {
  const ring = new Ring({ seconds: 1, maxBytes: () => Number.POSITIVE_INFINITY });
  const folder = await mkdtemp(path.join(dir, 'spool-'));
  let at = 1_800_000_000_000;
  const now = () => at;
  const nothing = () => {};
  const recording = new Recording({
    folder,
    leftover: undefined,
    now,
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
        const ofSession: FeedFragment = { ...straight, session: session! };
        taken.push(Buffer.from(fragment.mdat));
        ring.push(ofSession);
        recording.take(ofSession);
      },
    },
    takeMemory,
  );
  // All of it at once: the spool's file is not even open while the ring drops the first of it.
  splitter.push(footage);
  ring.clear();
  for (const { length } of taken) takeMemory(length).fill(0xff);
  recording.abort();
  await recording.done();

  expect(taken.length).toBeGreaterThan(6);
  const [name] = await readdir(folder);
  const spool = await readFile(path.join(folder, name!));
  expect(taken.map((mdat) => spool.includes(mdat))).toEqual(taken.map(() => true));
});
