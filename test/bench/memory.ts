// The server's memory while it finishes a spool of 1 GB: the clip must never be in memory as a whole.
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Fragment } from '../../src/mp4/fragment.ts';
import type { InitSegment } from '../../src/mp4/init-segment.ts';
import { readPlayback } from '../support/app/playbacks.ts';
import { makeFragmented, split } from '../support/media/fragmented.ts';
import { shiftFragment } from '../support/media/shift-fragment.ts';
import { figure, heading } from './figures.ts';
import { makeDataDir, startServer } from './server.ts';

const spoolBytes = 1_000_000_000;

export async function benchMemory(): Promise<void> {
  heading('Finishing a spool of 1 GB into the local store');
  const data = await makeDataDir();
  let server = await startServer(data.dir);
  const { createCamera } = await server.client.run<{ createCamera: { camera: { id: string } } }>(
    'mutation { createCamera(input: { name: "None", rtspUrl: "rtsp://127.0.0.1:9/", preRollSec: 0 }) { camera { id } } }',
  );
  const id = randomUUID();
  await writeSpool(path.join(data.dir, 'spool', id));
  await insertProcessing(data.dir, id, createCamera.camera.id);
  await server.stop();

  server = await startServer(data.dir);
  // The work begins at the start of the server. Its idle memory is measured after the work and a garbage collection.
  let peak = 0;
  const before = performance.now();
  for (;;) {
    peak = Math.max(peak, server.rssMib());
    const { recordingStatus, errorMessage } = await readPlayback(server.client, id);
    if (recordingStatus === 'FAILED') throw new Error(`The clip failed: ${errorMessage}`);
    if (recordingStatus === 'COMPLETED') break;
    await sleep(20);
  }
  const seconds = (performance.now() - before) / 1_000;
  await server.stop();
  server = await startServer(data.dir);
  await sleep(2_000);
  const idle = server.rssMib();
  figure('idle', `${idle.toFixed(0)} MiB`);
  figure('peak above idle', `${(peak - idle).toFixed(0)} MiB`, '≤ 100 MiB');
  figure('time', `${seconds.toFixed(1)} s`);
  await server.stop();
  await data.remove();
}

/** Some seconds of real fragments at 4 Mbit/s, repeated with later timestamps. */
async function writeSpool(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const encode =
    '-c:v libx264 -preset ultrafast -g 30 -b:v 4M -minrate 4M -maxrate 4M -bufsize 4M -x264-params nal-hrd=cbr -c:a aac';
  const { init, fragments } = split(await makeFragmented(path.join(folder, 'source.mkv'), { encode }));
  await rm(path.join(folder, 'source.mkv'));
  const lengthSec = fragments.at(-1)!.end;
  const file = await open(path.join(folder, `${Date.now()}.mp4`), 'w');
  await file.write(init.bytes);
  for (let written = 0, round = 0; written < spoolBytes; round++) {
    for (const fragment of fragments) written += await append(file, fragment, init, round * lengthSec);
  }
  await file.close();
}

async function append(
  file: FileHandle,
  fragment: Fragment,
  init: InitSegment,
  laterSec: number,
): Promise<number> {
  const offsets = new Map(init.tracks.map((track) => [track.id, Math.round(laterSec * track.timescale)]));
  const moof = shiftFragment(fragment, offsets);
  await file.write(Buffer.concat([moof, ...fragment.mdat]));
  return fragment.bytes;
}

async function insertProcessing(dataDir: string, id: string, cameraId: string): Promise<void> {
  const socket = encodeURIComponent(path.join(dataDir, 'run'));
  const client = new pg.Client({
    connectionString: `postgresql://flashback@localhost/postgres?host=${socket}`,
  });
  await client.connect();
  await client.query(
    `INSERT INTO playbacks (id, camera_id, recording_status, ended_at, end_reason) VALUES ($1, $2, 'PROCESSING', now(), 'ENDED')`,
    [id, cameraId],
  );
  await client.end();
}
