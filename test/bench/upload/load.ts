// What uploads cost the server, and many of them at once.
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestClient } from '../../support/app/client.ts';
import { createEvent, download, endEvent, readPlayback } from '../../support/app/playbacks.ts';
import { bucketSettings, startS3Server } from '../../support/s3/s3-server.ts';
import { fullHd } from '../engine/cameras.ts';
import { inTurns, lookAtEach, missingFrames } from '../engine/clips.ts';
import { standUp } from '../engine/rig.ts';
import { sum, usageOver } from '../engine/usage.ts';
import { figure, heading, ms, percentiles, spread } from '../figures.ts';
import { lineBitsPerSec, maxDurationSec, watchMemory } from './rig.ts';

/** What uploading while recording costs the server's processor. */
export async function benchUploadCost(): Promise<void> {
  const cameras = 16;
  /** Six parts of each recording. */
  const windowSec = 63;
  const percent = (value: number) => `${(value / cameras).toFixed(3)} %`;
  const costOf = async (environment: Record<string, string>) => {
    const rig = await standUp({
      count: cameras,
      capture: fullHd,
      preRollSec: 5,
      environment,
      maxDurationSec,
    });
    const memory = watchMemory(() => rig.server);
    await inTurns(rig.cameras, 8, ({ id }) => createEvent(rig.server.client, { cameraId: id }));
    // Pre-rolls and posters are done, and every upload has begun.
    await sleep(25_000);
    const { node, ffmpeg, database } = await usageOver(windowSec, rig.server.pid);
    const peakMib = memory.peakMib();
    await rig.close();
    return { own: node + ffmpeg, database, peakMib };
  };
  heading(`${cameras} recordings at 4 Mbit/s over ${windowSec} s, CPU of Node and ffmpeg, each`);
  const without = await costOf({});
  const bucket = await startS3Server();
  const parts = await costOf({ ...bucketSettings(bucket), OFFSITE_EVERY_SEC: '0' });
  const whole = await costOf(bucketSettings(bucket));
  await bucket.close();
  figure('with the local store', percent(without.own));
  figure('uploaded in parts', percent(parts.own));
  figure('uploaded in parts, with recovery objects', percent(whole.own));
  figure(
    'the two, times the first',
    `${(parts.own / without.own).toFixed(2)}, ${(whole.own / without.own).toFixed(2)}`,
    '≤ 1.1',
  );
  const above = (it: typeof parts) => `${(it.peakMib - without.peakMib).toFixed(0)} MiB`;
  figure('memory of both above the first’s', `${above(parts)}, ${above(whole)}`, '≤ 64 MiB');
  figure(
    'the database’s, of all three',
    [without, parts, whole].map(({ database }) => percent(database)).join(', '),
  );
}

/** How many playbacks are neither COMPLETED nor FAILED. */
async function countRunning(client: TestClient): Promise<number> {
  const { playbacks } = await client.run<{ playbacks: { total: number } }>(
    '{ playbacks(filter: { recordingStatus: [PENDING, RECORDING, PROCESSING] }) { total } }',
  );
  return playbacks.total;
}

const many = { count: 64, seconds: 60, capture: { ...fullHd, kbps: 2_000 } };

/** The most memory that as many recordings take with the local store, above that before them, in MiB. */
async function manyRecordingsMib(): Promise<number> {
  const { count, seconds, capture } = many;
  const rig = await standUp({ count, capture, preRollSec: 5, maxDurationSec });
  const memory = watchMemory(() => rig.server);
  await inTurns(rig.cameras, 8, ({ id }) => createEvent(rig.server.client, { cameraId: id }));
  await sleep(seconds * 1_000);
  const peakMib = memory.peakMib();
  await rig.close();
  return peakMib;
}

/** 64 events that end at the same time over the line of 20 Mbit/s, which takes a sixth of what they record. */
export async function benchManyUploads(): Promise<void> {
  const { count, seconds, capture } = many;
  heading(`${count} recordings at 2 Mbit/s at once over a line of 20 Mbit/s, ended after ${seconds} s`);
  const withoutMib = await manyRecordingsMib();
  const bucket = await startS3Server({ bytesPerSecond: lineBitsPerSec / 8 });
  const rig = await standUp({
    count,
    capture,
    preRollSec: 5,
    environment: bucketSettings(bucket),
    maxDurationSec,
  });
  const { client } = rig.server;
  const memory = watchMemory(() => rig.server);
  const events = await inTurns(rig.cameras, 8, async ({ id: cameraId }) => {
    const { id, playback } = await createEvent(client, { cameraId });
    return { id, playback: { id: playback!.id } };
  });
  await sleep(seconds * 1_000);
  const sentBytes = events.map(({ playback }) =>
    sum(
      bucket.log
        .filter(({ key, status, op }) => key.includes(playback.id) && status === 200 && op !== 'GetObject')
        .map(({ length }) => length),
    ),
  );
  const began = performance.now();
  await inTurns(events, 8, ({ id }) => endEvent(client, id));
  const overMs: number[] = [];
  while (overMs.length < count) {
    await sleep(1_000);
    const over = count - (await countRunning(client));
    while (overMs.length < over) overMs.push(performance.now() - began);
  }
  const peakMib = memory.peakMib();
  const ended = await inTurns(events, 8, ({ playback }) => readPlayback(client, playback.id));
  const completed = ended.filter(({ recordingStatus }) => recordingStatus === 'COMPLETED');
  const bytes = sum(ended.map(({ fileSizeBytes }) => fileSizeBytes ?? 0));
  const lost = await lookAtEach(completed, async (playback) => {
    const file = await download(playback, rig.dir);
    const missing = await missingFrames(file);
    await rm(file);
    return missing;
  });
  figure('COMPLETED', `${completed.length}`, `${count}`);
  figure('frames lost', `${sum(lost)}`, '0');
  figure(
    'kB of each in the bucket at the end: least / median / most',
    spread(sentBytes.map((it) => it / 1_000)),
  );
  figure('first / median / last COMPLETED', percentiles(overMs, 1, 50, 100));
  const sentMs = (sum(sentBytes) * 8_000) / lineBitsPerSec;
  figure(
    'what the line needs for all clips; was sent before the end',
    `${ms((bytes * 8_000) / lineBitsPerSec)}; ${ms(sentMs)}`,
  );
  figure(
    'memory above that of such recordings with the local store',
    `${(peakMib - withoutMib).toFixed(0)} MiB`,
    '≤ 64 MiB',
  );
  await rig.close();
  await bucket.close();
}
