// The hub can read transitions, but looking up their cameras fails.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { until } from '../support/camera/reader.ts';

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

/**
 * Makes a PROCESSING playback, and a subscriber that has received that transition.
 * @returns `fail` moves the playback to FAILED
 */
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

const hideCameras = () => sql.query('ALTER TABLE cameras RENAME TO cameras_away');
const restoreCameras = () => sql.query('ALTER TABLE cameras_away RENAME TO cameras');
const countOf = (words: string) => app.logged.filter((line) => line.includes(words)).length;

test('a look-up that fails for a moment costs no transition', async () => {
  const { stream, fail } = await subscribed();
  await hideCameras();
  const before = countOf('"msg":"transition"');
  await fail();
  await until(() => countOf('"msg":"transition"') > before, 'the hub to offer the transition');
  // Long enough for one look-up to fail. No log line shows that.
  await sleep(300);
  await restoreCameras();
  expect((await stream.next()).playbackStatusChanged).toMatchObject({
    to: 'FAILED',
    playback: { camera: { id: cameraId } },
  });
  stream.stop();
});

test('a look-up that keeps failing ends the stream, and a resumed subscription gets the missed transition', async () => {
  const { stream, cursor, fail } = await subscribed();
  await hideCameras();
  await fail();
  await expect(stream.next()).rejects.toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
  await restoreCameras();
  const resumed = app.client.subscribe<Changed>(text, { after: cursor });
  expect((await resumed.next()).playbackStatusChanged).toMatchObject({
    to: 'FAILED',
    playback: { camera: { id: cameraId } },
  });
  resumed.stop();
}, 30_000);
