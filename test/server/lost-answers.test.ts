// The database commits, and its answer is lost: an acknowledged event is recorded nevertheless, with its pre-roll.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent, readPlayback } from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database/database-proxy.ts';

let app: TestApp;
let camera: TestCamera;
let cameraId: string;
let dir: string;
let database: TestDatabase;
let proxy: DatabaseProxy;
/** Connects directly to the database, not through the proxy. */
let sql: pg.Client;

const preRollSec = 3;
const insertsEvent = 'INSERT INTO events';

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-lost-'));
  database = await createTestDatabase();
  proxy = await startDatabaseProxy(database.url);
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp({ databaseUrl: proxy.url });
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec });
});

beforeEach(() => awaitRing(app, [cameraId], preRollSec));
afterEach(() => proxy.mend());

afterAll(async () => {
  await app.close();
  await sql.end();
  await proxy.close();
  await database.drop();
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

const creating = `mutation($input: CreateEventInput!) {
  createEvent(input: $input) { event { id } playback { id recordingStatus } } }`;

/** The clip exists and has the requested pre-roll, and there is only this event. */
async function expectWholeClip(event: { id: string; playback: { id: string } | null }) {
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', missedMs: 0 });
  expect(playback.preRollMs).toBeGreaterThan(preRollSec * 1_000 - 100);
  expect(playback.transitions.map(({ to }) => to)).toEqual([
    ...['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED'],
  ]);
}

test('a call whose database answer is lost once succeeds, and is one event', async () => {
  const { rows: before } = await sql.query('SELECT count(*)::int AS n FROM events');
  const lost = proxy.lost;
  proxy.loseAnswer(insertsEvent);
  const event = await createEvent(app.client, { cameraId });
  expect(proxy.lost).toBe(lost + 1);
  expect(event.playback?.recordingStatus).toBe('RECORDING');
  await endEvent(app.client, event.id);
  await expectWholeClip(event);
  expect((await sql.query('SELECT count(*)::int AS n FROM events')).rows[0].n).toBe(before[0].n + 1);
});

test('if answers are lost for longer, the call fails, and its repetition returns the first try’s recording', async () => {
  const input = { cameraId, type: 'MOTION', idempotencyKey: randomUUID() };
  proxy.loseAnswer(insertsEvent, Number.POSITIVE_INFINITY);
  expect((await app.client.fail(creating, { input })).code).toBe('INTERNAL_SERVER_ERROR');
  proxy.mend();
  const event = await createEvent(app.client, input);
  expect(event.playback?.recordingStatus).toBe('RECORDING');
  await endEvent(app.client, event.id);
  await expectWholeClip(event);
});

test('a recording whose row never reached the database is ended; what delays that is logged once', async () => {
  const before = await readdir(app.config.recordDir);
  // The statement that writes event and playback, and those that write RECORDING.
  proxy.loseStatement('playbacks', Number.POSITIVE_INFINITY);
  const input = { cameraId, type: 'MOTION' };
  expect((await app.client.fail(creating, { input })).code).toBe('INTERNAL_SERVER_ERROR');
  const warnings = () => app.logged.filter((line) => line.includes('nor its recording undone'));
  await until(async () => warnings().length > 0, 'the error is logged');
  const lost = proxy.lost;
  await until(async () => proxy.lost > lost + 2, 'more tries have failed');
  proxy.mend();
  await until(
    async () => (await readdir(app.config.recordDir)).length === before.length,
    'its recording is given up',
  );
  expect(warnings()).toHaveLength(1);
});

/** The rows of a server that was killed between its commit and the recording. */
async function unrecorded(idempotencyKey: string, startedAt: Date, endedAt?: Date) {
  const [id, playbackId] = [randomUUID(), randomUUID()];
  await sql.query(
    `WITH e AS (INSERT INTO events (id, camera_id, type, started_at, ended_at, idempotency_key) VALUES ($1, $2, 'MOTION', $3, $4, $5))
     INSERT INTO playbacks (id, camera_id, event_id, started_at, pre_roll_sec, deadline_at, ended_at, end_reason, record_until)
     VALUES ($6, $2, $1, $3, $7, now() + interval '1 hour', $4, CASE WHEN $4::timestamptz IS NULL THEN NULL ELSE 'ENDED' END::end_reason, $4)`,
    [id, cameraId, startedAt, endedAt ?? null, idempotencyKey, playbackId, preRollSec],
  );
  return { id, playback: { id: playbackId } };
}

test('a repeated idempotency key begins the recording of a playback that nobody records, from the ring', async () => {
  const idempotencyKey = randomUUID();
  const event = await unrecorded(idempotencyKey, new Date(Date.now() - 500));
  const repeated = await createEvent(app.client, { cameraId, idempotencyKey });
  expect(repeated).toMatchObject({
    id: event.id,
    playback: { id: event.playback.id, recordingStatus: 'RECORDING' },
  });
  await endEvent(app.client, event.id);
  await expectWholeClip(event);
});

test('an event that ended before it was recorded is recorded from the ring', async () => {
  const now = Date.now();
  const event = await unrecorded(randomUUID(), new Date(now - 700), new Date(now - 200));
  await expectWholeClip(event);
});

test('a recording by hand begins although the database’s answer was lost', async () => {
  const lost = proxy.lost;
  proxy.loseAnswer('INSERT INTO "public"."playbacks"');
  const { startRecording } = await app.client.run<{ startRecording: { playback: { id: string } } }>(
    'mutation($input: StartRecordingInput!) { startRecording(input: $input) { playback { id } } }',
    { input: { cameraId, durationSec: 1 } },
  );
  expect(proxy.lost).toBe(lost + 1);
  const { id } = startRecording.playback;
  await until(
    async () => (await readPlayback(app.client, id)).recordingStatus === 'COMPLETED',
    'it is there',
  );
  expect((await readPlayback(app.client, id)).preRollMs).toBeGreaterThan(preRollSec * 1_000 - 100);
});
