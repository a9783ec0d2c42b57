import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, type TestContext, test } from 'vitest';
import type { Config } from '../../src/config.ts';
import { spoolMark } from '../../src/spool/mark.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent, readPlayback } from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { readFrames } from '../support/media/frames.ts';

let camera: TestCamera;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-disk-'));
  camera = await startTestCamera({ capture: await capture({ gopSec: 1, kbps: 2_000, seconds: 32 }) });
});

afterAll(async () => {
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

const creating = 'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }';

/** A small disk of its own, if this machine allows that. In CI it must. */
async function mountDisk(skip: TestContext['skip'], megabytes: number): Promise<string> {
  const at = await mkdtemp(path.join(dir, 'mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', at]);
  if (mounted.status !== 0 && !process.env['CI']) skip('Mounting a small disk is not allowed here.');
  expect(mounted.stderr?.toString()).toBe('');
  onTestFinished(() => void spawnSync('umount', ['-l', at]));
  return at;
}

async function startWith(changes: Partial<Config>): Promise<{ app: TestApp; cameraId: string }> {
  const app = await startTestApp(changes);
  onTestFinished(() => app.close());
  return { app, cameraId: await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 }) };
}

async function oneEvent(app: TestApp, cameraId: string) {
  const event = await createEvent(app.client, { cameraId });
  await sleep(500);
  await endEvent(app.client, event.id);
  return awaitEnd(app.client, event);
}

const readiness = async (app: TestApp) => {
  const response = await fetch(`${app.client.url}/readyz`);
  return { status: response.status, text: await response.text() };
};

const refusal = (app: TestApp, cameraId: string) =>
  app.client.fail(creating, { input: { cameraId, type: 'MOTION' } });

test('a full disk ends recordings with their footage and refuses new ones, until there is room again', async ({
  skip,
}) => {
  const disk = await mountDisk(skip, 16);
  const { app, cameraId } = await startWith({
    recordDir: path.join(disk, 'spool'),
    spoolMinFreeBytes: 1024 * 1024,
  });
  await awaitRing(app, [cameraId], 1);
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_000);
  const filler = path.join(disk, 'filler');
  const { bavail, bsize } = await statfs(disk);
  await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => {});

  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'SHUTDOWN' });
  expect((await readFrames(await download(playback, dir))).length).toBeGreaterThan(20);
  expect(await refusal(app, cameraId)).toMatchObject({ code: 'CAPACITY' });
  expect(await readiness(app)).toMatchObject({
    status: 503,
    text: expect.stringContaining('SPOOL_MIN_FREE'),
  });
  expect(app.logged.join('')).toContain('the spool takes no new recording');
  expect(await (await fetch(`${app.client.url}/metrics`)).text()).toContain('\nflashback_spool_ok 0\n');
  expect((await fetch(`${app.client.url}/healthz`)).status).toBe(200);

  await truncate(filler, 0);
  await until(async () => (await readiness(app)).status === 200, 'it is ready again');
  expect(await oneEvent(app, cameraId)).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'ENDED' });
});

test('a full disk of the database makes the server not ready, until there is room again', async ({
  skip,
}) => {
  const disk = await mountDisk(skip, 256);
  const recordDir = await mkdtemp(path.join(dir, 'spool-'));
  const { app, cameraId } = await startWith({
    ...{ dataDir: path.join(disk, 'data'), databaseUrl: undefined, recordDir },
  });
  await until(async () => (await readiness(app)).status === 200, 'it is ready');
  const filler = path.join(disk, 'filler');
  const { bavail, bsize } = await statfs(disk);
  await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => {});
  await until(async () => (await readiness(app)).status === 503, 'it is not ready');
  expect((await readiness(app)).text).toMatch(/^The database cannot be written: .*No space left on device/);
  await truncate(filler, 0);
  await until(async () => (await readiness(app)).status === 200, 'it is ready again');
  expect((await oneEvent(app, cameraId)).recordingStatus).toBe('COMPLETED');
});

test('at SPOOL_MAX_BYTES running recordings end and new ones are refused, until the spool is empty', async () => {
  const { app, cameraId } = await startWith({ spoolMaxBytes: 1_000_000 });
  const event = await createEvent(app.client, { cameraId });
  await until(
    async () => (await readPlayback(app.client, event.playback!.id)).endedAt !== null,
    'the recording has ended',
  );
  expect(await awaitEnd(app.client, event)).toMatchObject({
    recordingStatus: 'COMPLETED',
    endReason: 'SHUTDOWN',
  });
  expect(app.logged.join('')).toContain('SPOOL_MAX_BYTES is 1000000');
  await until(async () => (await readiness(app)).status === 200, 'it is ready again');
  expect((await oneEvent(app, cameraId)).recordingStatus).toBe('COMPLETED');

  // Without footage: every text that names the limit is one sentence.
  const nowhere = await app.addCamera({ rtspUrl: 'rtsp://127.0.0.1:9/none' }, 'OFFLINE');
  const empty = await createEvent(app.client, { cameraId: nowhere });
  const other = path.join(app.config.recordDir, randomUUID());
  await mkdir(other);
  await writeFile(path.join(other, '1.mp4'), Buffer.alloc(2_000_000));
  const limit = /: the spool holds \d+ bytes, and SPOOL_MAX_BYTES is 1000000\.$/;
  const failed = await awaitEnd(app.client, empty);
  expect(failed).toMatchObject({ recordingStatus: 'FAILED', failure: { code: 'DISK_FAILED' } });
  expect(failed.errorMessage).toMatch(limit);
  expect((await refusal(app, cameraId)).message).toMatch(limit);
  // The answer of /readyz is kept for a moment.
  await expect.poll(async () => (await readiness(app)).text.trim()).toMatch(limit);
});

test('a read-only disk refuses new events; the server keeps running and records when it can be written', async ({
  skip,
}) => {
  const disk = await mountDisk(skip, 16);
  const { app, cameraId } = await startWith({ recordDir: path.join(disk, 'spool') });
  expect((await oneEvent(app, cameraId)).recordingStatus).toBe('COMPLETED');
  // The spool is removed only after COMPLETED. Until then the disk is in use.
  await expect.poll(() => spawnSync('mount', ['-o', 'remount,ro', disk]).status).toBe(0);
  expect(await refusal(app, cameraId)).toMatchObject({
    code: 'CAPACITY',
    message: expect.stringContaining('EROFS'),
  });
  expect((await readiness(app)).status).toBe(503);
  expect(spawnSync('mount', ['-o', 'remount,rw', disk]).status).toBe(0);
  expect((await oneEvent(app, cameraId)).recordingStatus).toBe('COMPLETED');
});

test('a disk that is gone is waited for; recordings are refused, and nothing is written to the mount point', async ({
  skip,
}) => {
  const disk = await mountDisk(skip, 16);
  const recordDir = path.join(disk, 'spool');
  const { app, cameraId } = await startWith({ recordDir });
  const event = await createEvent(app.client, { cameraId });
  await sleep(500);
  expect(spawnSync('umount', ['-l', disk]).status).toBe(0);
  await until(
    async () => (await readPlayback(app.client, event.playback!.id)).recordingStatus === 'PROCESSING',
    'the recording has ended',
  );
  const refused = { code: 'CAPACITY', message: expect.stringContaining('ENOENT') };
  expect(await refusal(app, cameraId)).toMatchObject(refused);
  // A folder alone is not the disk.
  await mkdir(recordDir);
  expect(await refusal(app, cameraId)).toMatchObject(refused);
  expect(await readdir(recordDir)).toEqual([]);
  // An operator declares the disk lost.
  await writeFile(spoolMark(recordDir), '');
  expect(await awaitEnd(app.client, event)).toMatchObject({
    recordingStatus: 'FAILED',
    failure: { code: 'SPOOL_UNREADABLE', retryable: false },
  });
  expect((await oneEvent(app, cameraId)).recordingStatus).toBe('COMPLETED');
});
