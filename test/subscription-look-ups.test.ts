// The database answers the reader of transitions, and not the look-up of what a transition is about.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from './support/app.ts';
import { until } from './support/reader.ts';

let app: TestApp;
let sql: pg.Client;
const cameraId = randomUUID();

beforeAll(async () => {
  app = await startTestApp();
  sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
  await sql.query(`INSERT INTO cameras (id, name, rtsp_url) VALUES ($1, 'x', 'rtsp://h/')`, [cameraId]);
});

afterAll(async () => {
  await sql.end();
  await app.close();
});

interface Changed {
  playbackStatusChanged: { cursor: string; to: string; playback: { camera: { id: string } } };
}
const text = `subscription($after: String) {
  playbackStatusChanged(after: $after) { cursor to playback { camera { id } } } }`;

/** A playback whose FAILED nobody has been told of yet, and a subscriber who has seen what was before. */
async function subscribed() {
  const { rows } = await sql.query(
    `INSERT INTO playbacks (id, camera_id, recording_status) VALUES (gen_random_uuid(), $1, 'PROCESSING') RETURNING id`,
    [cameraId],
  );
  const stream = app.client.subscribe<Changed>(text);
  const { cursor } = (await stream.next()).playbackStatusChanged;
  const fail = () =>
    sql.query(`UPDATE playbacks SET recording_status = 'FAILED', updated_at = now() WHERE id = $1`, [
      rows[0].id,
    ]);
  return { stream, cursor, fail };
}

const takeCamerasAway = () => sql.query('ALTER TABLE cameras RENAME TO cameras_away');
const bringCamerasBack = () => sql.query('ALTER TABLE cameras_away RENAME TO cameras');
const countOf = (words: string) => app.logged.filter((line) => line.includes(words)).length;

test('a look-up that fails for a moment costs no transition', async () => {
  const { stream, fail } = await subscribed();
  await takeCamerasAway();
  const before = countOf('"msg":"transition"');
  await fail();
  await until(() => countOf('"msg":"transition"') > before, 'the transition was told to subscribers');
  // Time enough for its look-up to fail once: nothing tells of that.
  await sleep(300);
  await bringCamerasBack();
  expect((await stream.next()).playbackStatusChanged).toMatchObject({
    to: 'FAILED',
    playback: { camera: { id: cameraId } },
  });
  stream.stop();
});

test('one that goes on failing ends the stream, and who resumes is given what it missed', async () => {
  const { stream, cursor, fail } = await subscribed();
  await takeCamerasAway();
  await fail();
  await expect(stream.next()).rejects.toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
  await bringCamerasBack();
  const resumed = app.client.subscribe<Changed>(text, { after: cursor });
  expect((await resumed.next()).playbackStatusChanged).toMatchObject({
    to: 'FAILED',
    playback: { camera: { id: cameraId } },
  });
  resumed.stop();
}, 30_000);
