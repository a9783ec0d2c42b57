// Protected playbacks: nothing deletes them until an operator lifts their protection.
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { writePast } from '../support/database/history.ts';

let app: TestApp;
let camera: TestCamera;
let cameraId: string;
let sql: pg.Client;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp({ retentionDays: 7 });
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
});

afterAll(async () => {
  await sql.end();
  await app.close();
  await camera.close();
});

const protect =
  'mutation($id: ID!, $reason: String!) { protectPlayback(id: $id, reason: $reason) { playback { id } } }';
const lift = 'mutation($id: ID!) { unprotectPlayback(id: $id) { playback { protection { reason } } } }';
const remove = 'mutation($id: ID!) { deletePlayback(id: $id) { id } }';
const removeCamera = 'mutation($id: ID!) { deleteCamera(id: $id) { id } }';

async function listed(filter: object): Promise<string[]> {
  const { playbacks } = await app.client.run<{ playbacks: { items: { id: string }[] } }>(
    'query($filter: PlaybackFilter) { playbacks(filter: $filter) { items { id } } }',
    { filter },
  );
  return playbacks.items.map(({ id }) => id);
}

async function addPast(daysAgo: number, of = cameraId): Promise<string> {
  const startedAt = new Date(Date.now() - daysAgo * 86_400_000);
  await writePast(app.config.databaseUrl!, [{ cameraId: of, startedAt }]);
  const [id] = await listed({ cameraId: of, startedBefore: new Date(startedAt.getTime() + 1).toISOString() });
  return id!;
}

test('a protected playback outlives its age, deletePlayback and its camera, until the protection is lifted', async () => {
  const kept = await addPast(30);
  await app.client.run(protect, { id: kept, reason: 'for the police' });
  await app.client.run(protect, { id: kept.toUpperCase(), reason: 'for the court' });
  const other = await addPast(20);
  const { playback } = await app.client.run<{ playback: object }>(
    'query($id: ID!) { playback(id: $id) { protection { reason by at } } }',
    { id: kept },
  );
  expect(playback).toEqual({ protection: { reason: 'for the court', by: 'local', at: expect.any(String) } });

  // The start looks for expired playbacks.
  await app.restart();
  await until(async () => !(await listed({})).includes(other), 'the other one has expired');
  expect(await listed({ protected: true })).toEqual([kept]);
  expect(await listed({ protected: false })).toEqual([]);

  const refused = { code: 'CONFLICT', message: expect.stringContaining('protected') };
  expect(await app.client.fail(remove, { id: kept })).toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('protected by local (for the court)'),
  });
  expect(await app.client.fail(removeCamera, { id: cameraId })).toMatchObject(refused);
  // Nor does anything that forgets to ask.
  await expect(sql.query('DELETE FROM cameras')).rejects.toThrow(`The playback ${kept} is protected`);
  expect(await listed({})).toEqual([kept]);

  expect(await app.client.run(lift, { id: kept })).toEqual({
    unprotectPlayback: { playback: { protection: null } },
  });
  await app.client.run(lift, { id: kept });
  await app.client.run(remove, { id: kept });
  expect(await listed({})).toEqual([]);
  const logged = app.logged.filter((line) => line.includes('protect') && line.includes(kept));
  expect(logged.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ by: 'local', reason: 'for the police' }),
    expect.objectContaining({ by: 'local', reason: 'for the court' }),
    expect.objectContaining({ msg: 'the protection of a playback was lifted', reason: 'for the court' }),
  ]);
});

test('a playback that becomes protected while its camera is being deleted keeps the camera', async () => {
  const doomed = await app.addCamera({ rtspUrl: 'rtsp://127.0.0.1:9/none', enabled: false }, 'DISABLED');
  const failed = new Date(Date.now() - 1_000);
  await writePast(app.config.databaseUrl!, [{ cameraId: doomed, startedAt: failed, failed: true }]);
  const [id] = await listed({ cameraId: doomed });
  // Holds the row, so that the deletion has looked for protected ones already.
  await sql.query('BEGIN');
  await sql.query(
    `UPDATE playbacks SET protected_at = now(), protected_by = 'x', protection_reason = 'y' WHERE id = $1`,
    [id],
  );
  const deleting = app.client.fail(removeCamera, { id: doomed });
  await until(async () => {
    const { rowCount } = await sql.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rowCount === 1;
  }, 'the deletion waits for the row');
  await sql.query('COMMIT');
  expect(await deleting).toMatchObject({ code: 'CONFLICT' });
  expect(await listed({ cameraId: doomed })).toEqual([id]);
  await app.client.run(lift, { id });
  await app.client.run(removeCamera, { id: doomed });
});

test('protecting and deleting a running recording at the same moment leaves it whole or deletes it', async () => {
  // An earlier test has restarted the server: without a picture, a recording would be FAILED.
  await app.awaitCamera(cameraId, 'LIVE');
  for (let round = 0; round < 3; round++) {
    const event = await createEvent(app.client, { cameraId });
    const { id } = event.playback!;
    const [kept, gone] = await Promise.all([
      app.client.ask(protect, { id, reason: 'evidence' }),
      app.client.ask(remove, { id }),
    ]);
    expect([kept, gone].filter(({ errors }) => errors)).toHaveLength(1);
    await endEvent(app.client, event.id);
    if (gone.errors) {
      expect(await awaitEnd(app.client, event)).toMatchObject({
        recordingStatus: 'COMPLETED',
        failure: null,
      });
      expect(await listed({ protected: true })).toEqual([id]);
      await app.client.run(lift, { id });
      await app.client.run(remove, { id });
    }
    expect(await listed({ cameraId })).toEqual([]);
  }
});

test('a reason is needed, and only lists can be filtered by protection', async () => {
  const id = await addPast(1);
  for (const reason of ['', ' ', 'x'.repeat(501)]) {
    expect(await app.client.fail(protect, { id, reason })).toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path: ['reason'], message: 'Expected text of 1 to 500 characters.' }],
    });
  }
  const nowhere = '01900000-0000-7000-8000-000000000009';
  expect((await app.client.fail(protect, { id: nowhere, reason: 'x' })).code).toBe('NOT_FOUND');
  expect((await app.client.fail(lift, { id: nowhere })).code).toBe('NOT_FOUND');
  const transitions = app.client.subscribe(
    'subscription { playbackStatusChanged(filter: { protected: true }) { to } }',
  );
  await expect(transitions.next()).rejects.toThrow('Lists can be filtered by protection');
});
