// From endEvent to COMPLETED with a bucket, for clips of one minute, ten and sixty, over a fast line and one of
// 20 Mbit/s. To save time, the spools of a stopped server are made longer, as in ../engine/endings.ts. The server that is
// started after that uploads what it finds, over the fast line, before the event ends.
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createS3Store } from '../../../src/store/s3.ts';
import type { SentPart } from '../../../src/store/store.ts';
import { awaitEnd, endEvent } from '../../support/app/playbacks.ts';
import { bucketSettings, r2Of, type S3Server, startS3Server } from '../../support/s3/s3-server.ts';
import { fullHd, startCameras } from '../engine/cameras.ts';
import { inTurns } from '../engine/clips.ts';
import { type Open, restartLater } from '../engine/restart-later.ts';
import { standUp } from '../engine/rig.ts';
import { figure, heading, ms, percentiles } from '../figures.ts';
import { startReference, untilRecorded } from '../reference.ts';
import type { BenchServer } from '../server.ts';
import { begin, lineBitsPerSec, maxDurationSec, partBytesIn, untilSent, watchMemory } from './rig.ts';

/** Longer than a part takes to fill, so that everything that is sent during a recording is sent before the end. */
const shapedMs = 15_000;
/** Seconds that the reference's camera sends in one. */
const referenceSpeed = 60;

/** @param rounds in each, one clip ends over the fast line, and then another one over the slow line, alone */
export async function benchUploads(minutes: number, rounds: number): Promise<void> {
  heading(`endEvent → COMPLETED in a bucket, ${rounds} clips of ${minutes} min on each line (4 Mbit/s)`);
  const bucket = await startS3Server();
  const rig = await standUp({
    capture: fullHd,
    preRollSec: 5,
    environment: bucketSettings(bucket),
    maxDurationSec,
  });
  let { server } = rig;
  const memory = watchMemory(() => server);
  const fastMs: number[] = [];
  const slowMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const events = [await begin(rig, server), await begin(rig, server)] as const;
    await sleep(10_000);
    server = await restartLater(rig, server, events, minutes * 60, bucketSettings(bucket));
    await untilSent(bucket, events.length);
    fastMs.push(await end(server, events[0]));
    bucket.shape(lineBitsPerSec / 8);
    await sleep(shapedMs);
    slowMs.push(await end(server, events[1]));
    bucket.shape(undefined);
  }
  const peakMib = memory.peakMib();
  await server.stop();
  await rig.close();
  const twoPartsMs = (2 * partBytesIn(bucket) * 8_000) / lineBitsPerSec;
  const reference = await referenceUpload(bucket, minutes * 60);
  await bucket.close();

  figure('fast line, p50 / p95', percentiles(fastMs, 50, 95), 'p95 1000 ms');
  figure('the reference: SIGINT → file uploaded', ms(reference.uploadedMs));
  figure('20 Mbit/s, p50 / p95', percentiles(slowMs, 50, 95), `p95 1000 ms + two parts, ${ms(twoPartsMs)}`);
  const slowReferenceMs = reference.finishedMs + (reference.bytes * 8_000) / lineBitsPerSec;
  figure('the reference: its file over that line, by its size', ms(slowReferenceMs));
  figure('memory above that before the uploads', `${peakMib.toFixed(0)} MiB`, '≤ 64 MiB');
}

/** @returns milliseconds from endEvent to COMPLETED */
async function end({ client }: BenchServer, event: Open): Promise<number> {
  const before = performance.now();
  await endEvent(client, event.id);
  const { recordingStatus, errorMessage } = await awaitEnd(client, event);
  if (recordingStatus !== 'COMPLETED') throw new Error(`The clip failed: ${errorMessage}`);
  return performance.now() - before;
}

/** The reference pipeline, which uploads its file in parts, four in parallel, when it is complete. */
async function referenceUpload(bucket: S3Server, seconds: number) {
  const source = await startCameras(1, fullHd, referenceSpeed);
  const file = path.join(process.env['TMPDIR'] ?? '/tmp', `flashback-reference-${process.pid}.mp4`);
  const reference = startReference(source.all[0]!.url, file);
  await untilRecorded(reference, seconds);
  const { finishedMs, readMs } = await reference.end();
  await source.close();
  const before = performance.now();
  const bytes = await uploadFile(bucket, file);
  await rm(file);
  return { bytes, finishedMs, uploadedMs: Math.min(finishedMs, readMs) + performance.now() - before };
}

/** @returns its size in bytes */
async function uploadFile(bucket: S3Server, name: string): Promise<number> {
  const partBytes = partBytesIn(bucket);
  const store = createS3Store(r2Of(bucket));
  const file = await open(name);
  const { size } = await file.stat();
  const upload = await store.uploads!.begin('reference.mp4', 'video/mp4', 'reference', {});
  const parts = new Map<number, SentPart>();
  const numbers = Array.from({ length: Math.ceil(size / partBytes) }, (_, i) => i + 1);
  await inTurns(numbers, 4, async (number) => {
    const from = (number - 1) * partBytes;
    const bytes = Buffer.allocUnsafe(Math.min(partBytes, size - from));
    await file.read(bytes, 0, bytes.length, from);
    parts.set(number, { bytes: bytes.length, etag: await upload.sendPart(number, bytes, {}) });
  });
  await upload.complete(parts, {});
  await file.close();
  await store.close();
  return size;
}
