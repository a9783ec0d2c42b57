// From endEvent to COMPLETED with a bucket, for clips of one minute, ten and sixty, over a line of 20 Mbit/s and a fast
// one. As in engine/endings.ts, the spools of a stopped server are made longer. The server is started again and uploads
// what it finds over the fast line before the event ends.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { runningServerUrl } from '../../src/db/embedded/server.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { type S3Server, startS3Server } from '../support/s3/s3-server.ts';
import { fullHd } from './engine/cameras.ts';
import { lengthenSpool } from './engine/long-spool.ts';
import { standUp, untilLive } from './engine/rig.ts';
import { figure, heading, ms, percentiles } from './figures.ts';
import { type BenchServer, startServer } from './server.ts';

const lineBitsPerSec = 20_000_000;
const clipBitsPerSec = 4_100_000;
/** Longer than a part takes to fill, so that everything that is sent during a recording is sent before the end. */
const shapedMs = 15_000;

interface Open {
  readonly id: string;
  readonly playback: { readonly id: string };
}

const environmentOf = (bucket: S3Server) => ({
  R2_ENDPOINT: bucket.endpoint,
  R2_BUCKET: bucket.bucket,
  R2_REGION: bucket.region,
  R2_ACCESS_KEY_ID: bucket.accessKeyId,
  R2_SECRET_ACCESS_KEY: bucket.secretAccessKey,
});

export async function benchUploads(minutes: number, clips: number): Promise<void> {
  heading(`endEvent → COMPLETED in a bucket, ${clips} clips of ${minutes} min (4 Mbit/s)`);
  const bucket = await startS3Server();
  const environment = environmentOf(bucket);
  const rig = await standUp({ capture: fullHd, preRollSec: 5, environment });
  const events: Open[] = [];
  for (let i = 0; i < clips * 2; i++) {
    const { id, playback } = await createEvent(rig.server.client, { cameraId: rig.cameras[0]!.id });
    events.push({ id, playback: { id: playback!.id } });
  }
  await sleep(10_000);
  const sql = new pg.Client({ connectionString: runningServerUrl(rig.dir)! });
  await sql.connect();
  const lengthen = "UPDATE playbacks SET started_at = started_at - $2 * interval '1 second' WHERE id = $1";
  for (const { playback } of events) await sql.query(lengthen, [playback.id, minutes * 60]);
  await sql.end();
  await rig.server.stop();
  for (const { playback } of events)
    await lengthenSpool(path.join(rig.dir, 'spool'), playback.id, minutes * 60);
  const server = await startServer(rig.dir, environment);
  await untilLive(server, 1);
  await untilSent(bucket, events);

  const idle = server.rssMib();
  const half = events.length / 2;
  const fast = await endEach(server, events.slice(0, half));
  bucket.shape(lineBitsPerSec / 8);
  await sleep(shapedMs);
  const shaped = await endEach(server, events.slice(half));
  const peak = Math.max(...fast.rssMib, ...shaped.rssMib);
  await server.stop();
  await rig.close();
  await bucket.close();

  const transferMs = (minutes * 60 * clipBitsPerSec * 1_000) / lineBitsPerSec;
  figure('fast line, p50 / p95', percentiles(fast.completedMs, 50, 95), 'p95 1000 ms');
  figure('20 Mbit/s, p50 / p95', percentiles(shaped.completedMs, 50, 95), 'p95 1000 ms + two parts, 5.2 s');
  figure('the reference: its file over the same line, by its size', ms(transferMs));
  figure('memory above that before the first end', `${(peak - idle).toFixed(0)} MiB`, '≤ 64 MiB');
}

/** Resolves when every full part is in the bucket. */
async function untilSent(bucket: S3Server, events: readonly Open[]): Promise<void> {
  for (let quietMs = 0, before = -1; quietMs < 3_000; ) {
    await sleep(500);
    const sent = bucket.log.filter(({ op, status }) => op === 'UploadPart' && status === 200).length;
    const begun = [...bucket.contents.uploads.values()].length;
    quietMs = sent === before && begun === events.length ? quietMs + 500 : 0;
    before = sent;
  }
}

/** Ends events one after another. */
async function endEach({ client, rssMib }: BenchServer, events: readonly Open[]) {
  const completedMs: number[] = [];
  const memory: number[] = [];
  const sampling = setInterval(() => memory.push(rssMib()), 20);
  for (const event of events) {
    const before = performance.now();
    await endEvent(client, event.id);
    const { recordingStatus, errorMessage } = await awaitEnd(client, event);
    if (recordingStatus !== 'COMPLETED') throw new Error(`The clip failed: ${errorMessage}`);
    completedMs.push(performance.now() - before);
    await sleep(1_300);
  }
  clearInterval(sampling);
  return { completedMs, rssMib: memory };
}

/**
 * 64 events that end at the same time over the line of 20 Mbit/s: every one becomes COMPLETED, and nothing is missing.
 */
export async function benchManyUploads(): Promise<void> {
  heading('64 recordings at once over a line of 20 Mbit/s, ended after 30 s');
  const bucket = await startS3Server({ bytesPerSecond: lineBitsPerSec / 8 });
  const capture = { ...fullHd, kbps: 1_000 };
  const rig = await standUp({ count: 64, capture, preRollSec: 0, environment: environmentOf(bucket) });
  const events: Open[] = [];
  for (const { id: cameraId } of rig.cameras) {
    const { id, playback } = await createEvent(rig.server.client, { cameraId });
    events.push({ id, playback: { id: playback!.id } });
  }
  await sleep(30_000);
  const began = performance.now();
  const ended = await Promise.all(
    events.map(async (event) => {
      await endEvent(rig.server.client, event.id);
      const playback = await awaitEnd(rig.server.client, event);
      return { ...playback, completedMs: performance.now() - began };
    }),
  );
  const bytes = ended.reduce((sum, { fileSizeBytes }) => sum + (fileSizeBytes ?? 0), 0);
  figure(
    'COMPLETED',
    `${ended.filter(({ recordingStatus }) => recordingStatus === 'COMPLETED').length}`,
    '64',
  );
  figure('clips with gaps', `${ended.filter(({ gaps }) => gaps.length > 0).length}`, '0');
  const times = ended.map(({ completedMs }) => completedMs);
  figure('first / median / last COMPLETED', percentiles(times, 1, 50, 100));
  figure('what the line needs for all of it', ms((bytes * 8_000) / lineBitsPerSec));
  await rig.close();
  await bucket.close();
}
