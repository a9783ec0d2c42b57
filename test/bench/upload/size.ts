// How many bytes an upload sends, and a clip of ten hours.

import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { awaitEnd, endEvent, readPlayback } from '../../support/app/playbacks.ts';
import { tools } from '../../support/media/judges.ts';
import { bucketSettings, type S3Server, startS3Server } from '../../support/s3/s3-server.ts';
import { fullHd } from '../engine/cameras.ts';
import { restartLater } from '../engine/restart-later.ts';
import { standUp } from '../engine/rig.ts';
import { sum } from '../engine/usage.ts';
import { figure, heading, ms } from '../figures.ts';
import { begin, maxDurationSec, partBytesIn, untilSent } from './rig.ts';

/** What was sent to the bucket of that playback, in bytes. */
const sentOf = ({ log }: S3Server, id: string) =>
  sum(
    log.filter(({ op, key }) => key.includes(id) && /^(Put|UploadPart)/.test(op)).map(({ length }) => length),
  );

/** Bytes sent for a clip of two minutes, its recovery objects included, beside the clip's own. */
export async function benchUploadBytes(): Promise<void> {
  const seconds = 120;
  heading(`Bytes sent for a clip of ${seconds} s, with recovery objects every 10 s`);
  for (const kbps of [1_000, 2_000, 4_000, 8_000]) {
    const bucket = await startS3Server();
    const environment = bucketSettings(bucket);
    const rig = await standUp({ capture: { ...fullHd, kbps }, preRollSec: 5, environment, maxDurationSec });
    const event = await begin(rig, rig.server);
    await sleep(seconds * 1_000);
    await endEvent(rig.server.client, event.id);
    const { fileSizeBytes } = await awaitEnd(rig.server.client, event);
    const sent = sentOf(bucket, event.playback.id);
    const parts = (sent - fileSizeBytes!) / partBytesIn(bucket);
    const target = kbps < 4_000 ? '≤ 2 times' : '≤ 1.02 times + two parts';
    const times = (sent / fileSizeBytes!).toFixed(2);
    figure(`${kbps / 1_000} Mbit/s: times the clip; parts above it`, `${times}; ${parts.toFixed(1)}`, target);
    await rig.close();
    await bucket.close();
  }
}

/** A clip of ten hours and more than 4 GiB, whose index outgrows its reserve. */
export async function benchLongUpload(): Promise<void> {
  const seconds = 36_000;
  heading('A clip of ten hours at 1 Mbit/s');
  const bucket = await startS3Server();
  const environment = bucketSettings(bucket);
  const rig = await standUp({ capture: { ...fullHd, kbps: 1_000 }, preRollSec: 5, environment });
  const event = await begin(rig, rig.server);
  await sleep(10_000);
  const server = await restartLater(rig, rig.server, [event], seconds, bucketSettings(bucket));
  await untilSent(bucket, 1);
  const before = performance.now();
  await endEvent(server.client, event.id);
  let ended = await readPlayback(server.client, event.playback.id);
  while (ended.recordingStatus === 'RECORDING' || ended.recordingStatus === 'PROCESSING') {
    await sleep(100);
    ended = await readPlayback(server.client, event.playback.id);
  }
  const { recordingStatus, errorMessage, videoUrl, fileSizeBytes, durationMs } = ended;
  const completedMs = performance.now() - before;
  if (recordingStatus !== 'COMPLETED') throw new Error(`The clip failed: ${errorMessage}`);
  const boxes = await topLevelBoxes(videoUrl!, fileSizeBytes!);
  const start = bucket.log.length;
  const sought = await promisify(execFile)(
    tools().ffmpeg,
    ['-v', 'warning', '-ss', `${seconds / 2}`, '-i', videoUrl!, '-frames:v', '30', '-f', 'null', '-'],
    { maxBuffer: 2 ** 24 },
  );
  const reads = bucket.log.slice(start).filter(({ op }) => op === 'GetObject').length;
  figure('endEvent → COMPLETED', ms(completedMs));
  figure(
    'length; size',
    `${(durationMs! / 3_600_000).toFixed(2)} h; ${(fileSizeBytes! / 2 ** 30).toFixed(2)} GiB`,
  );
  figure('boxes', boxes.join(' '));
  const warnings = sought.stderr.trim();
  figure('30 pictures from the middle, by ranges', `${reads} requests`, warnings || 'without a warning');
  await server.stop();
  await rig.close();
  await bucket.close();
}

/** The types of the boxes of an MP4, read by ranges. @throws Error if they do not add up to its size */
async function topLevelBoxes(url: string, size: number): Promise<string[]> {
  const types: string[] = [];
  let at = 0;
  while (at < size) {
    const answer = await fetch(url, { headers: { range: `bytes=${at}-${at + 15}` } });
    const head = Buffer.from(await answer.arrayBuffer());
    types.push(head.toString('latin1', 4, 8));
    const short = head.readUInt32BE(0);
    at += short === 1 ? Number(head.readBigUInt64BE(8)) : short;
  }
  if (at !== size) throw new Error(`The boxes end at ${at}, the file at ${size}.`);
  return types;
}
