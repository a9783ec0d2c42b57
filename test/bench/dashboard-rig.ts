// A server with a live camera, a long list of playbacks, and a real Chromium, for the benches of the dashboard.
import { link } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Browser } from 'playwright-core';
import { runningServerUrl } from '../../src/db/embedded/server.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { launchBrowser } from '../support/browser/browser.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { makePlaybacks } from '../support/database/many-playbacks.ts';
import { liveCamera } from './recordings.ts';
import { type BenchServer, makeDataDir, startServer } from './server.ts';

export interface DashboardRig {
  readonly browser: Browser;
  readonly server: BenchServer;
  /** A connection to the server's database. */
  readonly sql: pg.Client;
  readonly cameraId: string;
}

/** Runs a bench with a live camera, its clip, and so many playbacks that all show this clip. */
export async function withDashboard(
  {
    clip,
    ...past
  }: {
    readonly clip: Parameters<typeof capture>[0];
    readonly playbacks: number;
    readonly clipSec: number;
  },
  bench: (rig: DashboardRig) => Promise<void>,
): Promise<void> {
  const camera = await startTestCamera({ capture: await capture(clip) });
  const data = await makeDataDir();
  const server = await startServer(data.dir);
  const sql = new pg.Client({ connectionString: runningServerUrl(data.dir)! });
  await sql.connect();
  const browser = await launchBrowser();
  try {
    const cameraId = await liveCamera(server.client, camera.url);
    await makePast(server, sql, cameraId, past);
    await bench({ browser, server, sql, cameraId });
  } finally {
    await browser.close();
    await sql.end();
    await server.stop();
    await camera.close();
    await data.remove();
  }
}

/** A clip that is really recorded, and the playbacks of the list, which all show this clip, one every six minutes. */
async function makePast(
  server: BenchServer,
  sql: pg.Client,
  cameraId: string,
  { playbacks, clipSec }: { readonly playbacks: number; readonly clipSec: number },
): Promise<void> {
  const event = await createEvent(server.client, { cameraId, label: 'visitor' });
  await sleep(clipSec * 1_000);
  await endEvent(server.client, event.id);
  const { id } = await awaitEnd(server.client, event);
  await makePlaybacks(sql, playbacks - 1);
  await sql.query(
    `UPDATE playbacks p SET (started_at, clip_started_at, ended_at) =
       (SELECT r.started_at - n * interval '6 minutes', r.clip_started_at - n * interval '6 minutes',
          r.ended_at - n * interval '6 minutes'),
       (storage_path, file_size_bytes, thumbnail_path, thumbnail_size_bytes, duration_ms, duration_sec, pre_roll_ms,
        codec, audio_codec, resolution) = (r.storage_path, r.file_size_bytes, r.thumbnail_path,
          r.thumbnail_size_bytes, r.duration_ms, r.duration_sec, r.pre_roll_ms, r.codec, r.audio_codec, r.resolution)
     FROM (SELECT id AS of, row_number() OVER (ORDER BY started_at DESC, id) AS n FROM playbacks) numbered,
       (SELECT * FROM playbacks WHERE id = $1) r
     WHERE p.id = numbered.of AND p.id <> r.id AND p.recording_status = 'COMPLETED'`,
    [id],
  );
  await givePosters(server, sql, id);
}

/** Gives each of the newest playbacks a file of its own as its poster, because a browser loads one file only once. */
async function givePosters(server: BenchServer, sql: pg.Client, recorded: string): Promise<void> {
  const { rows } = await sql.query<{ id: string; poster: string }>(
    `SELECT p.id, r.thumbnail_path AS poster FROM playbacks p, (SELECT thumbnail_path FROM playbacks WHERE id = $1) r
     WHERE p.id <> $1 AND p.thumbnail_path IS NOT NULL ORDER BY p.started_at DESC LIMIT 200`,
    [recorded],
  );
  const media = path.join(server.dataDir, 'media');
  for (const { id, poster } of rows) {
    const own = path.join(path.dirname(poster), `${id}.jpg`);
    await link(path.join(media, poster), path.join(media, own));
    await sql.query('UPDATE playbacks SET thumbnail_path = $2 WHERE id = $1', [id, own]);
  }
}
