// Storyboards: small pictures of a clip, in one JPEG, with a WebVTT beside it.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { readCounterOfImage, readFrames } from '../support/media/frames.ts';
import { awaitStoryboard, readStoryboard, storyboardUrl } from '../support/media/storyboard.ts';
import { r2Of, startS3Server } from '../support/s3/s3-server.ts';

let app: TestApp;
let camera: TestCamera;
let cameraId: string;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  app = await startTestApp();
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
});

afterAll(async () => {
  await app.close();
  await camera.close();
});

async function record(it: TestApp, camera: string, ms: number) {
  const event = await createEvent(it.client, { cameraId: camera });
  await sleep(ms);
  await endEvent(it.client, event.id);
  return awaitEnd(it.client, event);
}

const waiting = (it: TestApp) => readdir(path.join(it.config.recordDir, '.storyboards'));
const objectsOf = async (it: TestApp, id: string) =>
  (await readdir(path.join(it.config.dataDir, 'media'), { recursive: true })).filter((name) =>
    name.includes(id),
  );

test('each cue names the picture that the clip shows at its time; both objects are deleted with the playback', async () => {
  const playback = await record(app, cameraId, 4_000);
  const url = await awaitStoryboard(app.client, playback.id);
  const { cues, jpeg, type } = await readStoryboard(url);
  expect(type).toBe('text/vtt; charset=utf-8');
  const frames = await readFrames(await download(playback, app.config.dataDir));
  expect(cues.length).toBeGreaterThanOrEqual(4);
  const image = path.join(app.config.dataDir, 'storyboard.jpg');
  await writeFile(image, jpeg);
  for (const [i, { from, to, area }] of cues.entries()) {
    const shown = frames.findLast(({ time }) => time <= from + 0.002)!;
    const counter = await readCounterOfImage(image, area);
    expect({ from, counter }).toEqual({ from, counter: shown.counter });
    expect(to).toBeCloseTo(cues[i + 1]?.from ?? playback.durationMs! / 1_000, 2);
  }
  await expect.poll(() => waiting(app)).toEqual([]);

  expect((await objectsOf(app, playback.id)).map((name) => path.basename(name).slice(36)).sort()).toEqual([
    '.jpg',
    '.mp4',
    '.storyboard.jpg',
    '.storyboard.vtt',
  ]);
  expect((await fetch(url.replace(playback.id, 'x'))).status).toBe(403);
  await app.client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id: playback.id });
  await expect.poll(() => objectsOf(app, playback.id)).toEqual([]);
  expect((await fetch(url)).status).toBe(404);
}, 60_000);

/** The name of a file of keyframes that wait for their storyboard. */
const leftName = (id: string, camera: string, startedAt: string, count: number) =>
  `${id}_${camera}_${Date.parse(startedAt)}_${count}.mp4`;

test('what was stored of a storyboard after its playback was deleted is removed', async () => {
  const playback = await record(app, cameraId, 500);
  await awaitStoryboard(app.client, playback.id);
  const [stored] = await objectsOf(app, playback.id);
  const folder = path.join(app.config.dataDir, 'media', path.dirname(stored!));
  await app.client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id: playback.id });
  await expect.poll(() => objectsOf(app, playback.id)).toEqual([]);
  // The server was killed when it had stored the picture and not yet seen that the row is gone.
  await app.restart(async () => {
    const left = leftName(playback.id, cameraId, playback.startedAt, 1);
    await writeFile(path.join(app.config.recordDir, '.storyboards', left), 'keyframes');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, `${playback.id}.storyboard.jpg`), 'picture');
  });
  await expect.poll(() => objectsOf(app, playback.id)).toEqual([]);
  await expect.poll(() => waiting(app)).toEqual([]);
  await app.awaitCamera(cameraId, 'LIVE');
}, 60_000);

test('where a storyboard cannot be made, the clip is COMPLETED without one', async () => {
  const folder = path.join(app.config.recordDir, '.storyboards');
  const withoutStoryboard = () => app.logged.filter((line) => line.includes('the clip gets no storyboard'));
  await rm(folder, { recursive: true });
  await writeFile(folder, 'a file is in the way');
  const playback = await record(app, cameraId, 500);
  expect(playback.recordingStatus).toBe('COMPLETED');
  expect(withoutStoryboard()).toHaveLength(1);
  // Keyframes of this clip that were left behind, and cannot be decoded.
  await app.restart(async () => {
    await rm(folder);
    await mkdir(folder);
    await writeFile(
      path.join(folder, leftName(playback.id, cameraId, playback.startedAt, 3)),
      'no keyframes',
    );
  });
  await expect.poll(() => withoutStoryboard().length).toBe(2);
  await expect.poll(() => waiting(app)).toEqual([]);
  expect(await storyboardUrl(app.client, playback.id)).toBeNull();
  await app.awaitCamera(cameraId, 'LIVE');
}, 60_000);

test('with a bucket that is away for a while, storyboards come later, also after a restart', async () => {
  const bucket = await startS3Server();
  const it = await startTestApp({ r2: r2Of(bucket) });
  onTestFinished(async () => {
    await it.close();
    await bucket.close();
  });
  const bucketCamera = await it.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  const isStoryboard = (op: string, key: string) => op === 'PutObject' && key.endsWith('.storyboard.jpg');
  let isAway = true;
  bucket.fail({ match: (op, key) => isAway && isStoryboard(op, key), times: 1_000, status: 503 });
  const playback = await record(it, bucketCamera, 1_500);
  expect(playback.recordingStatus).toBe('COMPLETED');
  await expect
    .poll(() => bucket.log.some(({ op, key }) => isStoryboard(op, key)), { timeout: 15_000 })
    .toBe(true);
  expect(await storyboardUrl(it.client, playback.id)).toBeNull();
  expect(await waiting(it)).toHaveLength(1);
  isAway = false;
  await it.restart();
  const { cues, jpeg } = await readStoryboard(await awaitStoryboard(it.client, playback.id));
  expect(cues.length).toBeGreaterThanOrEqual(2);
  expect(jpeg.subarray(-2)).toEqual(Buffer.from('ffd9', 'hex'));
  await expect.poll(() => waiting(it)).toEqual([]);
}, 90_000);
