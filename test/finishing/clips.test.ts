import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { isSpoolName } from '../../src/spool/names.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import {
  awaitEnd,
  createEvent,
  download,
  endEvent,
  type PlaybackFacts,
  readPlayback,
} from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { readCounterOfImage, readFrames } from '../support/media/frames.ts';
import { r2Of, type S3Server, startS3Server } from '../support/s3/s3-server.ts';

let app: TestApp;
let camera: TestCamera;
let cameraId: string;
let bucket: S3Server;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-clips-'));
  bucket = await startS3Server();
  camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  app = await startTestApp({ r2: r2Of(bucket) });
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
});

afterAll(async () => {
  await app.close();
  await camera.close();
  await bucket.close();
  await rm(dir, { recursive: true, force: true });
});

async function oneEvent(ms: number) {
  const event = await createEvent(app.client, { cameraId });
  await sleep(ms);
  await endEvent(app.client, event.id);
  return event;
}

async function posterOf(playback: PlaybackFacts): Promise<Buffer> {
  return Buffer.from(await (await fetch(playback.thumbnailUrl!)).arrayBuffer());
}

/** A clip or a poster, and no recovery object or storyboard. */
const isPut = (op: string, key: string) =>
  op === 'PutObject' && !key.startsWith('recovery/') && !key.includes('.storyboard.');

test('the bucket gets clip and poster only when the footage is final, and then the playback is COMPLETED', async () => {
  const before = bucket.log.length;
  const event = await createEvent(app.client, { cameraId });
  const { id } = event.playback!;
  const puts = () => bucket.log.slice(before).filter(({ op, key }) => isPut(op, key));
  await sleep(1_200);
  expect(puts()).toEqual([]);
  // The bucket's answers are delayed. Until then the playback must not be COMPLETED.
  bucket.fail({ match: isPut, times: 2, delayMs: 700 });
  await endEvent(app.client, event.id);
  await until(async () => puts().length > 0, 'the upload has begun');
  expect((await readPlayback(app.client, id)).recordingStatus).toBe('PROCESSING');
  const playback = await awaitEnd(app.client, event);
  expect(playback.recordingStatus).toBe('COMPLETED');
  expect(
    puts()
      .map(({ key }) => path.extname(key))
      .sort(),
  ).toEqual(['.jpg', '.mp4']);
  const clipKey = puts().find(({ key }) => key.endsWith('.mp4'))!.key;
  expect(await bucket.bytes(clipKey)).toHaveLength(playback.fileSizeBytes!);

  // The presigned link plays, and the poster shows the clip's first frame.
  const frames = await readFrames(await download(playback, dir));
  expect(playback.videoUrl).toContain('X-Amz-Signature');
  const poster = path.join(dir, 'poster.jpg');
  await writeFile(poster, await posterOf(playback));
  expect(await readCounterOfImage(poster)).toBe(frames[0]!.counter);
  expect((await readdir(app.config.recordDir)).filter(isSpoolName)).toEqual([]);
});

test('the poster is made while the recording runs; a poster truncated by a power cut is not used', async () => {
  const events = await Promise.all([1, 2].map(() => createEvent(app.client, { cameraId })));
  expect((await readPlayback(app.client, events[0]!.playback!.id)).thumbnailUrl).toBeNull();
  const kept = events.map(({ playback }) => path.join(app.config.recordDir, playback!.id, 'poster.jpg'));
  await Promise.all(
    kept.map((file) =>
      until(async () => (await stat(file).catch(() => undefined)) !== undefined, `${file} is there`),
    ),
  );
  const jpeg = await readFile(kept[0]!);
  // A comment after SOI (T.81, B.2.4.5) distinguishes this file from a poster that is made at the end.
  const marked = Buffer.concat([
    jpeg.subarray(0, 2),
    Buffer.from('fffe00066d696e65', 'hex'),
    jpeg.subarray(2),
  ]);
  await writeFile(kept[0]!, marked);
  await writeFile(kept[1]!, marked.subarray(0, marked.length / 2));
  const running = await readPlayback(app.client, events[0]!.playback!.id);
  expect(running).toMatchObject({ recordingStatus: 'RECORDING', videoUrl: null });
  expect(await posterOf(running)).toEqual(marked);
  for (const { id } of events) await endEvent(app.client, id);
  const [whole, torn] = await Promise.all(events.map((event) => awaitEnd(app.client, event)));
  expect(await posterOf(whole!)).toEqual(marked);
  const made = await posterOf(torn!);
  expect(made.subarray(-2)).toEqual(Buffer.from('ffd9', 'hex'));
  const poster = path.join(dir, 'poster.jpg');
  await writeFile(poster, made);
  const frames = await readFrames(await download(torn!, dir));
  expect(await readCounterOfImage(poster)).toBe(frames[0]!.counter);
});

test('a bucket that fails for a while delays COMPLETED, and nothing is lost', async () => {
  bucket.fail({ match: isPut, times: 1, status: 500 });
  bucket.fail({ match: isPut, times: 1, reset: 'midway' });
  const event = await oneEvent(600);
  expect((await awaitEnd(app.client, event)).recordingStatus).toBe('COMPLETED');

  await bucket.offline();
  onTestFinished(() => bucket.online());
  const later = await oneEvent(600);
  // The store retries several times before it reports a failure.
  const noticed = () => app.logged.some((line) => line.includes('STORE_UNREACHABLE'));
  await expect.poll(noticed, { timeout: 40_000 }).toBe(true);
  await expect
    .poll(async () => (await readPlayback(app.client, later.playback!.id)).recordingStatus)
    .toBe('PROCESSING');
  await bucket.online();
  expect((await awaitEnd(app.client, later)).recordingStatus).toBe('COMPLETED');
}, 90_000);

test('if the bucket reports another size than was sent, the footage is kept and can be retried', async () => {
  // A single wrong size may be an accident and is retried at once.
  bucket.fail({ match: (op, key) => op === 'HeadObject' && key.endsWith('.mp4'), times: 2, wrongSize: 7 });
  const event = await oneEvent(600);
  const failed = await awaitEnd(app.client, event);
  expect(failed).toMatchObject({
    recordingStatus: 'FAILED',
    videoUrl: null,
    failure: { code: 'STORE_MISMATCH', fault: 'STORAGE', retryable: true },
  });
  await app.client.run('mutation($id: ID!) { retryPlayback(id: $id) { playback { id } } }', {
    id: failed.id,
  });
  await until(
    async () => (await readPlayback(app.client, failed.id)).recordingStatus === 'COMPLETED',
    'it is COMPLETED',
  );
  expect((await readPlayback(app.client, failed.id)).failure).toBeNull();
});

test('an object that a working bucket refuses makes its playback FAILED and names who must act', async () => {
  const match = (op: string, key: string) => op === 'PutObject' && key.endsWith('.mp4');
  bucket.fail({ match, times: 2, status: 403, code: 'AccessDenied' });
  const failed = await awaitEnd(app.client, await oneEvent(600));
  expect(failed).toMatchObject({
    recordingStatus: 'FAILED',
    failure: { code: 'STORE_REFUSED', fault: 'STORAGE' },
  });
  expect(JSON.stringify(failed)).not.toContain(bucket.secretAccessKey);
});

test('a playback that is PROCESSING when the server stops is finished after the next start', async () => {
  await bucket.offline();
  const event = await oneEvent(600);
  await until(
    async () => (await readPlayback(app.client, event.playback!.id)).recordingStatus === 'PROCESSING',
    'it is PROCESSING',
  );
  const restarted = app.restart();
  await bucket.online();
  await restarted;
  expect(await awaitEnd(app.client, event)).toMatchObject({ recordingStatus: 'COMPLETED', failure: null });
});

test('paths and addresses may contain spaces, quotes, dollar signs and leading dashes', async () => {
  const witness = path.join(dir, 'touched');
  const nasty = path.join(dir, `-rf it's "$(touch ${witness.replaceAll('/', '_')})" ; &`);
  await mkdir(nasty);
  const other = await startTestApp({ dataDir: nasty, recordDir: path.join(nasty, '-spool `x`') });
  onTestFinished(() => other.close());
  const id = await other.addCamera({
    rtspUrl: `${camera.url}?a='$(touch%20${witness})'&b=-i;\`x\``,
    preRollSec: 1,
  });
  const event = await createEvent(other.client, { cameraId: id });
  await sleep(1_000);
  await endEvent(other.client, event.id);
  const playback = await awaitEnd(other.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', errorMessage: null });
  expect(playback.thumbnailUrl).not.toBeNull();
  expect((await readFrames(await download(playback, dir))).length).toBeGreaterThan(10);
  expect((await readdir(dir)).filter((name) => name.includes('touched') && !name.startsWith('-rf'))).toEqual(
    [],
  );
});
