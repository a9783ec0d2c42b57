// Clips that are uploaded while they are recorded reach the bucket soon after the end, whatever happens meanwhile.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connectDb, type Db } from '../../src/db/client.ts';
import { saveUploadId, takeAttempt } from '../../src/db/uploads.ts';
import { objectKeys } from '../../src/domain/store-keys.ts';
import { findBreaches } from '../../src/finishing/check.ts';
import { createS3Store } from '../../src/store/s3.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import {
  awaitEnd,
  createEvent,
  deletePlaybacks,
  download,
  endEvent,
  type PlaybackFacts,
  readPlayback,
} from '../support/app/playbacks.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings, strictBoxes } from '../support/media/judges.ts';
import { r2Of, type S3Server, startS3Server } from '../support/s3/s3-server.ts';

const Mib = 1024 * 1024;
/** A part of 5 MiB is filled every two seconds. */
const kbps = 20_000;
const loop = { seconds: 16, fps: 15 };

let bucket: S3Server;
let camera: TestCamera;
let app: TestApp;
let db: Db;
let cameraId: string;
let dir: string;
let isDenied = false;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-uploads-'));
  bucket = await startS3Server();
  camera = await startTestCamera({
    capture: await capture({ ...loop, kbps, audio: 'aac', gopSec: 1 }),
  });
  app = await startTestApp({ r2: r2Of(bucket) });
  db = connectDb(app.config.databaseUrl!);
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
}, 240_000);

afterAll(async () => {
  await db.$disconnect();
  await app.close();
  await camera.close();
  await bucket.close();
  await rm(dir, { recursive: true, force: true });
});

/** No upload is left unfinished, and every row matches its object. */
afterEach(async () => {
  const isLeft = () => bucket.contents.uploads.size;
  const store = createS3Store(r2Of(bucket));
  try {
    await expect.poll(isLeft, { timeout: 20_000 }).toBe(0);
    const breaches = await findBreaches({ db, store, recordDir: app.config.recordDir });
    expect(breaches.map(({ text }) => text)).toEqual([]);
  } finally {
    await store.close();
    // What one test leaves behind must not affect the next.
    await deletePlaybacks(app.client);
    await expect.poll(isLeft, { timeout: 20_000 }).toBe(0);
  }
});

/** The parts of the clip that the bucket has acknowledged since then, in order. */
const partsSince = (start: number, id: string) =>
  bucket.log
    .slice(start)
    .filter(({ op, key, status }) => op === 'UploadPart' && status === 200 && key.includes(id))
    .map(({ part }) => part!);

/** On a busy machine the camera's seconds and the disk's syncs take longer. */
const patience = { timeout: 60_000 };
const awaitParts = (start: number, id: string, count: number) =>
  expect.poll(() => partsSince(start, id).length, patience).toBeGreaterThanOrEqual(count);

const keyOf = async (id: string) => (await db.playback.findUniqueOrThrow({ where: { id } })).storagePath!;

/** Every judge agrees, and every picture between the first and the last is in the clip once, in order. */
async function expectWhole(playback: PlaybackFacts, { mayMiss = false, mayStartSlowly = false } = {}) {
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', failure: null });
  expect(bucket.contents.object(await keyOf(playback.id)).size).toBe(playback.fileSizeBytes);
  const file = await download(playback, dir);
  expect(await ffprobeWarnings(file)).toBe('');
  const { boxes } = await strictBoxes(file, { mayStartSlowly });
  const counters = (await readFrames(file)).map(({ counter }) => counter);
  const frames = loop.seconds * loop.fps;
  const steps = counters.slice(1).map((counter, i) => (counter - counters[i]! + frames) % frames);
  const lost = steps.reduce((sum, step) => sum + step - 1, 0);
  if (!mayMiss) expect(lost).toBe(0);
  return { file, boxes };
}

/** Begins an event, and waits until this many parts of its clip are in the bucket. */
async function begun(parts: number, ofCamera = cameraId) {
  const start = bucket.log.length;
  const event = await createEvent(app.client, { cameraId: ofCamera });
  const { id } = event.playback!;
  await awaitParts(start, id, parts);
  return { event, id, start };
}

async function ended(event: Awaited<ReturnType<typeof createEvent>>, endedAt?: string) {
  await endEvent(app.client, event.id, endedAt);
  return awaitEnd(app.client, event);
}

const uploadOf = (id: string) => [...bucket.contents.uploads.values()].find(({ key }) => key.includes(id))!;

test('at the end of a recording, all of the clip but its first and last part is in the bucket', async () => {
  const { event, id, start } = await begun(3);
  expect((await readPlayback(app.client, id)).recordingStatus).toBe('RECORDING');
  const running = bucket.log.length;
  const playback = await ended(event);
  const { boxes } = await expectWhole(playback);
  expect(boxes).toEqual(['ftyp', 'moov', 'free', 'mdat']);
  expect(playback.fileSizeBytes).toBeGreaterThan(15 * Mib);

  // During the recording, the parts after the first were sent in order; after the end, the missing ones. None was sent
  // twice.
  const sent = partsSince(start, id);
  const atEnd = partsSince(running, id);
  const before = sent.slice(0, sent.length - atEnd.length);
  expect(before).toEqual(before.map((_, i) => i + 2));
  expect([...sent].sort((a, b) => a - b)).toEqual(sent.map((_, i) => i + 1));
  expect(before.length).toBeGreaterThanOrEqual(3);
  const { pieces } = bucket.contents.object(await keyOf(id));
  expect(new Set(pieces.slice(0, -1).map(({ size }) => size))).toEqual(new Set([5 * Mib]));
  expect(await keyOf(id)).toMatch(new RegExp(`/${id}\\.1\\.mp4$`));
}, 240_000);

test('after a gap in the middle of an upload, the footage continues in the next part', async () => {
  const { event, id, start } = await begun(2);
  camera.drop();
  await awaitParts(start, id, 4);
  const playback = await ended(event);
  await expectWhole(playback, { mayMiss: true });
  expect(playback.gaps).toHaveLength(1);
}, 240_000);

test('the clip has the spool’s final times, even if they are corrected after parts were sent', async () => {
  const { event, id, start } = await begun(1);
  camera.jumpTimestamps(-3_600);
  await awaitParts(start, id, 3);
  const playback = await ended(event);
  const { file } = await expectWhole(playback, { mayMiss: true });
  const times = (await readFrames(file)).map(({ time }) => time);
  expect(times.every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
  expect(Math.abs(times.at(-1)! * 1_000 - playback.durationMs!)).toBeLessThan(500);
}, 240_000);

test('after a change of format, each playback has an upload of its own', async () => {
  const changing = await startTestCamera({
    capture: await capture({ ...loop, kbps, audio: 'aac', gopSec: 1 }),
  });
  onTestFinished(() => changing.close());
  const itsId = await app.addCamera({ rtspUrl: changing.url, preRollSec: 1 });
  const { event, id, start } = await begun(1, itsId);
  changing.switchTo(await capture({ ...loop, kbps, audio: 'aac', gopSec: 1, width: 640, height: 360 }));
  const furtherOf = async () =>
    (await db.playback.findMany({ where: { eventId: event.id, id: { not: id } } }))[0]?.id;
  await expect.poll(furtherOf, patience).toBeDefined();
  const further = (await furtherOf())!;
  await awaitParts(start, further, 1);
  await endEvent(app.client, event.id);
  for (const one of [id, further]) {
    const statusOf = async () => (await readPlayback(app.client, one)).recordingStatus;
    await expect.poll(statusOf, patience).toBe('COMPLETED');
    await expectWhole(await readPlayback(app.client, one));
    expect(await keyOf(one)).toMatch(/\.1\.mp4$/);
  }
  await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id: itsId });
}, 240_000);

test('an end in the past resends the part in which it lies, and leaves out the later parts', async () => {
  const { event, id, start } = await begun(4);
  const { startedAt } = await readPlayback(app.client, id);
  const endedAt = new Date(Date.parse(startedAt) + 4_000).toISOString();
  const playback = await ended(event, endedAt);
  await expectWhole(playback);
  expect(playback.durationMs).toBeLessThan(7_000);
  const { pieces } = bucket.contents.object(await keyOf(id));
  expect(pieces.length).toBeLessThan(5);
  expect(partsSince(start, id).filter((part) => part === pieces.length)).toHaveLength(2);
}, 240_000);

test('an end in the past within the first two parts aborts the upload, and the clip is one object', async () => {
  const { event, id } = await begun(2);
  const { startedAt } = await readPlayback(app.client, id);
  const playback = await ended(event, new Date(Date.parse(startedAt) + 500).toISOString());
  await expectWhole(playback);
  expect(playback.fileSizeBytes).toBeLessThanOrEqual(10 * Mib);
  expect(await keyOf(id)).toMatch(/\.2\.mp4$/);
  expect(bucket.contents.object(await keyOf(id)).pieces).toHaveLength(1);
  await expect.poll(() => db.storeRemoval.count(), patience).toBe(0);
}, 240_000);

test('an index that outgrows its reserve is put after the payload', async () => {
  const start = bucket.log.length;
  const event = await createEvent(app.client, { cameraId });
  const { id } = event.playback!;
  // Before there is enough footage for a part. The follower continues the upload that the row names.
  const row = await db.playback.findUniqueOrThrow({ where: { id } });
  const taken = (await takeAttempt(db, row, { partBytes: 5 * Mib, headBytes: 1_000 }))!;
  const { id: uploadId } = bucket.contents.begin(objectKeys(taken).clip, { 'content-type': 'video/mp4' });
  expect(await saveUploadId(db, taken, uploadId)).toBeTruthy();
  await awaitParts(start, id, 2);
  const { boxes, file } = await expectWhole(await ended(event), { mayStartSlowly: true });
  expect(boxes).toEqual(['ftyp', 'free', 'mdat', 'moov']);
  expect((await readFile(file)).readUInt32BE(36)).toBe(1_000 - 36 - 16);
}, 240_000);

test.each(['while it is recorded', 'at its end'])(
  'an upload that disappears %s is started again from the spool',
  async (when) => {
    const { event, id, start } = await begun(2);
    const first = uploadOf(id);
    if (when === 'at its end') {
      await endEvent(app.client, event.id);
      bucket.fail({
        match: (op) => op === 'CompleteMultipartUpload',
        times: 1,
        status: 404,
        code: 'NoSuchUpload',
      });
    }
    await bucket.contents.abort(first);
    if (when === 'while it is recorded') await awaitParts(start, id, 5);
    const playback = when === 'at its end' ? await awaitEnd(app.client, event) : await ended(event);
    await expectWhole(playback);
    expect(await keyOf(id)).toMatch(/\.2\.mp4$/);
  },
  240_000,
);

test.each(['listed by the bucket', 'kept beside the spool'])(
  'after a restart, at most one of the parts that are %s is sent twice',
  async (how) => {
    if (how === 'kept beside the spool') {
      const denied = { status: 403, code: 'AccessDenied', times: Number.POSITIVE_INFINITY };
      bucket.fail({ match: (op) => op.startsWith('List') && isDenied, ...denied });
      isDenied = true;
    }
    const { event, id, start } = await begun(2);
    await app.restart();
    await awaitParts(start, id, 4);
    await app.restart();
    const playback = await ended(event);
    isDenied = false;
    await expectWhole(playback, { mayMiss: true });
    const sent = partsSince(start, id);
    expect(sent.length - new Set(sent).size).toBeLessThanOrEqual(2);
    expect(await keyOf(id)).toMatch(/\.1\.mp4$/);
  },
  300_000,
);

test('a recording continues while the bucket is away, and the missing parts are sent afterwards', async () => {
  const { event, id, start } = await begun(1);
  await bucket.offline();
  await sleep(6_000);
  expect((await readPlayback(app.client, id)).recordingStatus).toBe('RECORDING');
  await bucket.online();
  await awaitParts(start, id, 3);
  const playback = await ended(event);
  await expectWhole(playback);
  expect(playback.gaps).toEqual([]);
}, 240_000);

test('an event that ends while the bucket is away is COMPLETED when the bucket is back', async () => {
  const { event, id } = await begun(1);
  await bucket.offline();
  await endEvent(app.client, event.id);
  const statusOf = async () => (await readPlayback(app.client, id)).recordingStatus;
  await expect.poll(statusOf, patience).toBe('PROCESSING');
  await bucket.online();
  await expectWhole(await awaitEnd(app.client, event));
}, 240_000);

test('a rule of the bucket that will abort the upload too early is logged', async () => {
  bucket.contents.abortsAt = new Date(Date.now() + 60_000);
  onTestFinished(() => {
    bucket.contents.abortsAt = undefined;
  });
  const { event, id } = await begun(1);
  const warnings = app.logged.filter((line) => line.includes('AbortIncompleteMultipartUpload'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(id);
  await expectWhole(await ended(event));
}, 240_000);

test('an upload that a rule of the bucket will abort during the recording is begun anew in time', async () => {
  const start = bucket.log.length;
  bucket.contents.abortsAt = new Date(Date.now() + 20_000);
  const { event, id } = await begun(1);
  bucket.contents.abortsAt = undefined;
  const begunSince = () =>
    bucket.log.slice(start).filter(({ op, key }) => op === 'CreateMultipartUpload' && key.includes(id));
  expect(begunSince()).toHaveLength(1);
  await expect.poll(() => begunSince().length, patience).toBe(2);
  const { key } = begunSince()[1]!;
  const parts = partsSince(start, id).length;
  await awaitParts(start, id, parts + 2);
  await expectWhole(await ended(event));
  expect(await keyOf(id)).toBe(key);
}, 240_000);

test('a playback that is deleted during its recording leaves no upload behind', async () => {
  const { id } = await begun(1);
  await app.client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id });
  await expect.poll(() => db.storeRemoval.count(), patience).toBe(0);
  expect([...bucket.contents.objects.keys()].filter((key) => key.includes(id))).toEqual([]);
}, 240_000);

describe.skipIf(browserMissing)('in a browser', () => {
  test('a clip that was uploaded in parts can be sought with range requests', async () => {
    const { event } = await begun(3);
    const playback = await ended(event);
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    const start = bucket.log.length;
    const shown = await page.evaluate(async (url) => {
      const video = document.createElement('video');
      Object.assign(video, { muted: true, preload: 'metadata', src: url });
      document.body.append(video);
      const heard = (name: string) =>
        new Promise((resolve, reject) => {
          video.addEventListener(name, resolve, { once: true });
          video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true });
        });
      await heard('loadedmetadata');
      const sought = heard('seeked');
      video.currentTime = video.duration * 0.6;
      await sought;
      return { at: video.currentTime / video.duration, width: video.videoWidth, duration: video.duration };
    }, playback.videoUrl!);
    expect(shown).toMatchObject({ at: expect.closeTo(0.6, 2), width: 320 });
    expect(shown.duration).toBeCloseTo(playback.durationMs! / 1_000, 1);
    // Each request is for a range. One that is no longer needed is cancelled and so has no status.
    const asked = bucket.log.slice(start).filter(({ op }) => op === 'GetObject');
    expect(asked.length).toBeGreaterThan(1);
  }, 240_000);
});
