// A server that was paused, and behind which another one has started, writes no row when it goes on, and ends.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { spoolMark } from '../../src/spool/mark.ts';
import { connectClient } from '../support/app/client.ts';
import { awaitEnd, createEvent, endEvent, readPlayback } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { type Server, startServer } from '../torture/server.ts';

/** The session that holds a server's claim, which PostgreSQL ends when the server's machine does not answer. */
const endClaim = `SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database d ON d.oid = database
  WHERE locktype = 'advisory' AND granted AND datname = current_database()`;

test('a paused server that another one has replaced writes nothing more, and ends', {
  timeout: 120_000,
}, async () => {
  const database = await createTestDatabase();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-replaced-'));
  const camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  const sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  const servers: Server[] = [];
  onTestFinished(async () => {
    for (const server of servers.filter(({ isAlive }) => isAlive)) {
      server.kill();
      await server.over();
    }
    await sql.end();
    await camera.close();
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  });
  async function start(nodeId: string) {
    const server = await startServer({
      ...{
        DATA_DIR: path.join(dir, nodeId),
        NODE_ID: nodeId,
        SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
      },
      ...{ DATABASE_URL: database.url, PORT: '0', SPOOL_MIN_FREE_BYTES: '0' },
    });
    servers.push(server);
    return { server, client: connectClient(server.url) };
  }

  // The first server records, and is paused while it is asked for another event.
  const first = await start('first');
  const { createCamera } = await first.client.run<{ createCamera: { camera: { id: string } } }>(
    'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
    { input: { name: 'Camera', rtspUrl: camera.url } },
  );
  const cameraId = createCamera.camera.id;
  const event = await createEvent(first.client, { cameraId });
  process.kill(first.server.pid, 'SIGSTOP');
  const refused = expect(createEvent(first.client, { cameraId })).rejects.toThrow();

  // A second one takes its place, and goes on with its recording.
  await sql.query(endClaim);
  // Somebody has said that the first one's disk is lost (docs/operations.md, "The spool").
  await mkdir(path.join(dir, 'second', 'spool'), { recursive: true, mode: 0o700 });
  await writeFile(spoolMark(path.join(dir, 'second', 'spool')), '');
  const second = await start('second');
  await expect
    .poll(async () => (await readPlayback(second.client, event.playback!.id)).recordingStatus)
    .toBe('RECORDING');
  const state = `SELECT node_id, recording_status, gaps, upload_attempt FROM playbacks`;
  const before = (await sql.query(state)).rows;
  expect(before).toMatchObject([{ node_id: 'second', recording_status: 'RECORDING' }]);

  // The first one goes on, and finds that it is replaced.
  process.kill(first.server.pid, 'SIGCONT');
  await refused;
  await first.server.over();
  expect(first.server.lastWords()).toContain('Another server has taken the place of this one (node first)');
  expect((await sql.query(state)).rows).toEqual(before);
  expect((await sql.query('SELECT count(*)::int AS n FROM events')).rows).toEqual([{ n: 1 }]);
  expect((await sql.query('SELECT DISTINCT node_id FROM cameras')).rows).toEqual([{ node_id: 'second' }]);

  // The second one was not disturbed.
  await endEvent(second.client, event.id);
  expect(await awaitEnd(second.client, event)).toMatchObject({ recordingStatus: 'COMPLETED' });
  const { nodes } = await second.client.run<{ nodes: object[] }>(
    '{ nodes { id state cameras recordings capacity } }',
  );
  expect(nodes).toEqual([
    { id: 'first', state: 'LOST', cameras: 0, recordings: 0, capacity: 200 },
    { id: 'second', state: 'LIVE', cameras: 1, recordings: 0, capacity: 200 },
  ]);
});
