// What a start does with footage of an earlier run.
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent, readPlayback } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { readFrames } from '../support/media/frames.ts';

let app: TestApp;
let camera: TestCamera;
let cameraId: string;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-interrupted-'));
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp();
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
});

afterAll(async () => {
  await app.close();
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

const spoolOf = (playbackId: string) => path.join(app.config.recordDir, playbackId);
const spoolFile = async (playbackId: string) =>
  path.join(spoolOf(playbackId), (await readdir(spoolOf(playbackId))).find((name) => name.endsWith('.mp4'))!);

test('a spool that cannot be read is not taken for an empty one, and does not delay other recordings', async () => {
  const [broken, whole] = await Promise.all([1, 2].map(() => createEvent(app.client, { cameraId })));
  const spool = spoolOf(broken!.playback!.id);
  await sleep(2_000);
  await app.restart(async () => {
    await rename(spool, `${spool}.aside`);
    // A symbolic link to itself cannot be followed (ELOOP), not even by root.
    await symlink(spool, spool);
  });
  await app.awaitCamera(cameraId, 'LIVE');
  await endEvent(app.client, whole!.id);
  expect((await awaitEnd(app.client, whole!)).recordingStatus).toBe('COMPLETED');
  expect(app.logged.filter((line) => line.includes('can be neither resumed nor finished'))).toHaveLength(1);
  expect((await readPlayback(app.client, broken!.playback!.id)).recordingStatus).toBe('RECORDING');

  await rm(spool);
  await rename(`${spool}.aside`, spool);
  await endEvent(app.client, broken!.id);
  const saved = await awaitEnd(app.client, broken!);
  expect(saved.recordingStatus).toBe('COMPLETED');
  // At least most of the two seconds before the server was stopped.
  expect((await readFrames(await download(saved, dir))).length).toBeGreaterThan(20);
}, 60_000);

test('a recording that was interrupted for longer than an MP4 can state ends with its footage', async () => {
  const event = await createEvent(app.client, { cameraId });
  await sleep(2_000);
  await app.restart(async () => {
    const file = await spoolFile(event.playback!.id);
    const startedAt = Number.parseInt(path.basename(file), 10) - 7 * 3_600_000;
    await rename(file, path.join(path.dirname(file), `${startedAt}.mp4`));
  });
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'SHUTDOWN' });
  expect((await readFrames(await download(playback, dir))).length).toBeGreaterThan(20);
});

test('no footage is removed if the database knows nothing, because it may be the wrong database', async () => {
  const stranger = spoolOf('019a0000-0000-7000-8000-000000000000');
  await mkdir(stranger);
  const sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
  await app.restart(() => sql.query('TRUNCATE playbacks CASCADE'));
  expect(await readdir(app.config.recordDir)).toContain(path.basename(stranger));
  expect(app.logged.some((line) => line.includes('it may be the wrong database'))).toBe(true);
  await app.restart(() =>
    sql.query(
      'INSERT INTO playbacks (id, camera_id, started_at, pre_roll_sec) VALUES (gen_random_uuid(), $1, now(), 0)',
      [cameraId],
    ),
  );
  expect(await readdir(app.config.recordDir)).not.toContain(path.basename(stranger));
  await sql.end();
});

test('a playback that was not requested is not recorded, nor is one without a deadline', async () => {
  const sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
  const insert = async (status: string) => {
    const { rows } = await sql.query(
      `INSERT INTO playbacks (id, camera_id, recording_status) VALUES (gen_random_uuid(), $1, $2) RETURNING id`,
      [cameraId, status],
    );
    return { id: '', playback: { id: rows[0].id as string } };
  };
  await sql.query('UPDATE cameras SET max_duration_sec = 9');
  let running!: Awaited<ReturnType<typeof insert>>;
  await app.restart(async () => {
    running = await insert('RECORDING');
  });
  await app.awaitCamera(cameraId, 'LIVE');
  // Nor one that another program inserts while the server runs.
  const strange = await insert('PENDING');
  const statusOf = async ({ playback }: typeof running) =>
    (await readPlayback(app.client, playback.id)).recordingStatus;
  await until(async () => (await statusOf(strange)) === 'FAILED', 'nobody waits for the one');
  expect(await readPlayback(app.client, strange.playback.id)).toMatchObject({
    failure: { code: 'NOT_RECORDED', retryable: false },
    transitions: [{ to: 'PENDING' }, { to: 'FAILED' }],
  });
  await until(async () => (await statusOf(running)) === 'COMPLETED', 'the other is over');
  expect((await readPlayback(app.client, running.playback.id)).endReason).toBe('MAX_DURATION');
  await sql.end();
});
