// `npm run figure:retention -- --clips 100000`: how fast expired clips are removed, and how that slows the API down.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { runningServerUrl } from '../../src/db/embedded/server.ts';
import { compilePrograms } from '../support/processes/program.ts';
import { startServer } from '../torture/server.ts';

const { values } = parseArgs({ options: { clips: { type: 'string', default: '100000' } } });
const clips = Number(values.clips);
const days = 20;
const askEveryMs = 50;

const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-retention-'));
const env = { DATA_DIR: path.join(dir, 'data'), PORT: '0', SPOOL_MIN_FREE_BYTES: '0', LOG_LEVEL: 'info' };

/** Queries one page of the API again and again. @returns the p95 of its time, in milliseconds */
async function p95While(url: string, isOver: () => Promise<boolean> | boolean): Promise<number> {
  const took: number[] = [];
  const query = '{ playbacks(pageSize: 20) { items { id recordingStatus camera { id } } } cameras { id } }';
  const headers = { 'content-type': 'application/json' };
  while (!(await isOver())) {
    const began = performance.now();
    await (
      await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    ).json();
    took.push(performance.now() - began);
    await sleep(askEveryMs);
  }
  return took.sort((a, b) => a - b)[Math.floor(took.length * 0.95)]!;
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: runningServerUrl(env.DATA_DIR)! });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** COMPLETED playbacks of the last weeks with transitions, and their objects in the local store. */
async function fill(db: pg.Client): Promise<void> {
  const { rows } = await db.query(
    `INSERT INTO cameras (id, name, rtsp_url, enabled, updated_at)
     VALUES (gen_random_uuid(), 'Camera', 'rtsp://127.0.0.1:9/none', false, now()) RETURNING id`,
  );
  const cameraId: string = rows[0].id;
  const made = await db.query(
    `INSERT INTO playbacks (id, camera_id, recording_status, started_at, storage_path, file_size_bytes, updated_at)
     SELECT gen_random_uuid(), $1, 'COMPLETED', now() - interval '3 days' - (n % $3::int) * interval '1 day',
       'pending', 1, now() FROM generate_series(1, $2::int) n
     RETURNING id, to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day`,
    [cameraId, clips, days],
  );
  await db.query(
    `INSERT INTO playback_transitions (playback_id, from_status, to_status)
     SELECT p.id, s.f::recording_status, s.t::recording_status FROM playbacks p,
       (VALUES (NULL, 'PENDING'), ('PENDING', 'RECORDING'), ('RECORDING', 'PROCESSING'), ('PROCESSING', 'COMPLETED')) s(f, t)`,
  );
  await db.query('ANALYZE');
  const media = path.join(env.DATA_DIR, 'media', cameraId);
  for (const day of new Set(made.rows.map((row) => row.day)))
    await mkdir(path.join(media, day), { recursive: true });
  for (let at = 0; at < made.rows.length; at += 64) {
    await Promise.all(
      made.rows
        .slice(at, at + 64)
        .flatMap(({ id, day }) =>
          ['mp4', 'jpg'].map((of) => writeFile(path.join(media, day, `${id}.${of}`), 'x')),
        ),
    );
  }
}

await compilePrograms();
const filling = await startServer(env);
await fill(await connect());
// A server that runs during the insertion is busy with these transitions.
await filling.stop();

const atRest = await startServer(env);
const until = Date.now() + 10_000;
const before = await p95While(atRest.url, () => Date.now() > until);
await atRest.stop();

const sweeping = await startServer({ ...env, RETENTION_DAYS: '1' });
const db = await connect();
let lookAgainAt = 0;
let isOver = false;
const during = await p95While(sweeping.url, async () => {
  if (Date.now() < lookAgainAt) return isOver;
  lookAgainAt = Date.now() + 500;
  const { rows } = await db.query(
    'SELECT EXISTS (SELECT FROM playbacks) OR EXISTS (SELECT FROM store_removals) AS any',
  );
  isOver = !rows[0].any;
  return isOver;
});
const seconds = (Date.now() - sweeping.readyAt) / 1_000;
console.log(`${clips} expired clips, rows and objects: gone in ${seconds.toFixed(1)} s`);
console.log(`p95 of a page of the API: ${before.toFixed(1)} ms before, ${during.toFixed(1)} ms during`);
await db.end();
await sweeping.stop();
await rm(dir, { recursive: true });
