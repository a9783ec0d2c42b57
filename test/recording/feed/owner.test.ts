// A camera becomes another node's, and comes back: who reads it, and what becomes of a recording.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { startTestApp } from '../../support/app/app.ts';
import { readClip } from '../../support/app/clip.ts';
import { awaitEnd, createEvent, endEvent } from '../../support/app/playbacks.ts';
import { startTestCamera } from '../../support/camera/camera.ts';
import { capture } from '../../support/camera/captures.ts';
import { until } from '../../support/camera/reader.ts';

test('a camera that becomes another node’s is read here until its recording is over, and again once it is back', async () => {
  const app = await startTestApp();
  const camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-owner-'));
  const sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
  onTestFinished(async () => {
    await sql.end();
    await app.close();
    await camera.close();
    await rm(dir, { recursive: true, force: true });
  });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  const event = await createEvent(app.client, { cameraId });
  const ownerIs = (owner: string) =>
    sql.query(
      `UPDATE cameras SET node_id = $1::varchar, owner_epoch = (SELECT incarnation FROM nodes WHERE id = $1::varchar)`,
      [owner],
    );
  const { rows } = await sql.query('SELECT id FROM nodes');

  // Another node with a capacity like this gets every camera that is not recorded.
  await sql.query(`INSERT INTO nodes (id, incarnation, version, capacity, started_at, heartbeat_at, lease_until)
    VALUES ('other', nextval('node_incarnations'), '1', 2000000000, now(), now(), now() + interval '1 hour')`);
  const goesAway = async (times: number) => {
    await ownerIs('other');
    const noticed = () => app.logged.filter((line) => line.includes('is another node’s now')).length;
    await until(() => noticed() === times, 'it is noticed');
  };
  await goesAway(1);
  // It comes back while it is recorded: the row has what the other node wrote, until this one writes.
  await sql.query("UPDATE cameras SET state = 'OFFLINE'");
  await ownerIs(rows[0].id);
  const state = async () => (await sql.query('SELECT state FROM cameras')).rows[0].state;
  await expect.poll(state, { timeout: 10_000 }).toBe('LIVE');
  await goesAway(2);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', gaps: [] });
  const clip = await readClip(camera, playback, dir);
  expect(Date.parse(playback.startedAt) - clip.firstSentAt).toBeGreaterThan(0);
  await until(() => camera.sessions === 0, 'the camera is let go');
  expect(camera.sessionsEver).toBe(1);

  await sql.query("DELETE FROM nodes WHERE id = 'other'");
  await until(() => camera.sessions === 1, 'the camera is read again');
  expect((await sql.query('SELECT node_id FROM cameras')).rows).toEqual([{ node_id: rows[0].id }]);
});
