// The spool's disk is not mounted: its footage is neither lost nor reported as lost, and nothing is written to the
// mount point.
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectDb } from '../../src/db/client.ts';
import { findBreaches } from '../../src/finishing/check.ts';
import { spoolMark } from '../../src/spool/mark.ts';
import { isSpoolName } from '../../src/spool/names.ts';
import { holdsFootage } from '../../src/spool/reader.ts';
import { createLocalStore } from '../../src/store/local.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent, readPlayback } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { r2Of, type S3Server, startS3Server } from '../support/s3/s3-server.ts';

let app: TestApp;
let bucket: S3Server;
let camera: TestCamera;
let cameraId: string;
let sql: pg.Client;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  bucket = await startS3Server();
  const patience = { attempts: 1, connectMs: 1_000, silenceMs: 1_000 };
  const r2 = { ...r2Of(bucket), patience };
  app = await startTestApp({ r2 });
  sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
});

// Clips stay PROCESSING until a test lets the bucket accept them.
beforeEach(() => bucket.offline());
let isOnline = false;
async function letBucketTakeClips(): Promise<void> {
  if (!isOnline) await bucket.online();
  isOnline = true;
}
afterEach(async () => {
  await letBucketTakeClips();
  isOnline = false;
});

afterAll(async () => {
  await sql.end();
  await app.close();
  await bucket.close();
  await camera.close();
});

/** An empty mount point, as it looks without its disk. */
async function unmount(): Promise<void> {
  await rename(app.config.recordDir, `${app.config.recordDir}.aside`);
  await mkdir(app.config.recordDir);
}

async function mount(): Promise<void> {
  await rmdir(app.config.recordDir);
  await rename(`${app.config.recordDir}.aside`, app.config.recordDir);
}

const statusOf = async ({ playback }: { playback: { id: string } | null }) =>
  (await readPlayback(app.client, playback!.id)).recordingStatus;
const isProcessing = (event: { playback: { id: string } | null }) =>
  until(async () => (await statusOf(event)) === 'PROCESSING', 'it is PROCESSING');

/** Waits until its footage is on the disk. */
async function recording() {
  await app.awaitCamera(cameraId, 'LIVE');
  const event = await createEvent(app.client, { cameraId });
  await until(() => holdsFootage(app.config.recordDir, event.playback!.id), 'footage is on the disk');
  return event;
}

async function recorded() {
  const event = await recording();
  await endEvent(app.client, event.id);
  await isProcessing(event);
  return event;
}

const creating = 'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }';
const refusal = () => app.client.fail(creating, { input: { cameraId, type: 'MOTION' } });
const isReady = async () => (await fetch(`${app.client.url}/readyz`)).status === 200;
const retrying = 'mutation($id: ID!) { retryPlayback(id: $id) { playback { recordingStatus } } }';

test('if the disk is not mounted at the start, clips and recordings wait for it, and continue when it is', async () => {
  const processing = await recorded();
  const open = await recording();
  await app.restart(unmount);
  await app.awaitCamera(cameraId, 'LIVE');
  expect(await refusal()).toMatchObject({
    code: 'CAPACITY',
    message: expect.stringContaining('not mounted'),
  });
  expect(await isReady()).toBe(false);
  await letBucketTakeClips();
  const told = () => app.logged.filter((line) => line.includes('a clip cannot be finished now')).length;
  const before = told();
  await until(() => told() > before, 'the clip was tried');
  expect(await statusOf(processing)).toBe('PROCESSING');
  expect(await statusOf(open)).toBe('RECORDING');
  // Nothing was written to the mount point.
  expect(await readdir(app.config.recordDir)).toEqual([]);

  await mount();
  expect(await awaitEnd(app.client, processing)).toMatchObject({ recordingStatus: 'COMPLETED' });
  await endEvent(app.client, open.id);
  expect(await awaitEnd(app.client, open)).toMatchObject({ recordingStatus: 'COMPLETED' });
  await until(isReady, 'it is ready again');
}, 60_000);

test('if the disk is unmounted during a recording, its footage is finished when the disk is back', async () => {
  const event = await recording();
  await unmount();
  await isProcessing(event);
  await letBucketTakeClips();
  await mount();
  expect(await awaitEnd(app.client, event)).toMatchObject({ recordingStatus: 'COMPLETED' });
}, 60_000);

test('a new spool is used, and so is one that was emptied without unfinished footage', async () => {
  await letBucketTakeClips();
  await app.restart(() => rm(app.config.recordDir, { recursive: true }));
  await app.awaitCamera(cameraId, 'LIVE');
  const event = await createEvent(app.client, { cameraId });
  await endEvent(app.client, event.id);
  expect((await awaitEnd(app.client, event)).recordingStatus).toBe('COMPLETED');
});

test('failure.retryable says what retryPlayback does, and check-store reports held footage, for every code', async () => {
  const event = await recorded();
  const { id } = event.playback!;
  const fail = (code: string) =>
    sql.query(
      `UPDATE playbacks SET recording_status = 'FAILED', failure_code = $2, error_message = 'x' WHERE id = $1`,
      [id, code],
    );
  const db = connectDb(app.config.databaseUrl!);
  const store = createLocalStore({ dir: path.join(app.config.dataDir, 'none'), baseUrl: () => '' });
  const { recordDir } = app.config;
  const breaches = async () =>
    (await findBreaches({ db, store, recordDir })).filter(({ text }) => text.includes(id));
  await fail('SPOOL_UNREADABLE');
  expect(await readPlayback(app.client, id)).toMatchObject({ failure: { retryable: true } });
  expect(await breaches()).toEqual([
    expect.objectContaining({
      text: `The playback ${id} is FAILED, but its footage is held: it can be retried.`,
    }),
  ]);
  await app.client.run(retrying, { id });
  expect(['PROCESSING', 'COMPLETED']).toContain(await statusOf(event));

  // Without a whole fragment nothing can be retried, whatever the code is.
  await fail('STORE_MISMATCH');
  const folder = path.join(recordDir, id);
  for (const name of await readdir(folder))
    if (name.endsWith('.mp4')) await writeFile(path.join(folder, name), 'torn');
  expect(await readPlayback(app.client, id)).toMatchObject({ failure: { retryable: false } });
  expect((await app.client.fail(retrying, { id })).code).toBe('CONFLICT');
  const [useless, ...more] = await breaches();
  expect(more).toEqual([]);
  expect(useless?.text).toBe(
    `The playback ${id} is FAILED, and its spool holds no footage: nobody needs it.`,
  );
  await useless!.repair!();
  expect((await readdir(recordDir)).filter(isSpoolName)).toEqual([]);

  await rename(spoolMark(recordDir), `${recordDir}.mark`);
  expect((await findBreaches({ db, store, recordDir })).map(({ text }) => text)).toContainEqual(
    expect.stringContaining('not mounted'),
  );
  await rename(`${recordDir}.mark`, spoolMark(recordDir));
  await db.$disconnect();
}, 60_000);

test('footage of a playback that is not in the database is kept and reported', async () => {
  const event = await recorded();
  const { id } = event.playback!;
  const job = 'graphile_worker.jobs WHERE key = $1';
  // As in a database of which a part is older than the rest: the queue still has a job for the clip.
  await app.restart(async () => {
    await sql.query('DELETE FROM playbacks WHERE id = $1', [id]);
    await sql.query(`SELECT graphile_worker.reschedule_jobs(ARRAY(SELECT id FROM ${job}), run_at := now())`, [
      id,
    ]);
  });
  const hasJob = async () => (await sql.query(`SELECT FROM ${job}`, [id])).rowCount! > 0;
  await until(async () => !(await hasJob()), 'the queue has looked for the playback');
  expect(await readdir(app.config.recordDir)).toContain(id);
  expect(app.logged.some((line) => line.includes(id) && line.includes('it is kept'))).toBe(true);
});
