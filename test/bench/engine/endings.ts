// From endEvent to a readable clip, for clips of one minute, ten and sixty. To save time, a server is stopped after
// some seconds of recording, and the spools are made longer; the server then continues these recordings. The
// reference's camera sends its hour in a minute.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { awaitEnd, createEvent, endEvent } from '../../support/app/playbacks.ts';
import { figure, heading, ms, percentile, percentiles } from '../figures.ts';
import { startReference, untilRecorded } from '../reference.ts';
import type { BenchServer } from '../server.ts';
import { fullHd, startCameras } from './cameras.ts';
import { type Open, restartLater } from './restart-later.ts';
import { standUp } from './rig.ts';

const speed = 60;
/** How long the second server records before the first end, so that some of the footage is its own. */
const liveMs = 6_000;

interface Ending {
  /** The playlist has ended and its last segment was read. */
  readonly watchableMs: number;
  readonly completedMs: number;
}

export async function benchEndings(minutes: number, clips: number): Promise<void> {
  heading(`endEvent → clip, ${clips} clips of ${minutes} min (4 Mbit/s), local store`);
  const rig = await standUp({ capture: fullHd, preRollSec: 5 });
  const events: Open[] = [];
  for (let i = 0; i < clips; i++) {
    const { id, playback } = await createEvent(rig.server.client, { cameraId: rig.cameras[0]!.id });
    events.push({ id, playback: { id: playback!.id } });
  }
  await sleep(10_000);
  const server = await restartLater(rig, rig.server, events, minutes * 60);
  await sleep(liveMs);
  const endings: Ending[] = [];
  for (const event of events) {
    endings.push(await end(server, event));
    await sleep(1_300);
  }
  await server.stop();
  await rig.close();

  const watchable = endings.map((e) => e.watchableMs);
  const completed = endings.map((e) => e.completedMs);
  figure('can be watched to its end (HLS), p50 / p95', percentiles(watchable, 50, 95), 'p95 1000 ms');
  figure('COMPLETED, p50 / p95', percentiles(completed, 50, 95), '1000 ms + transfer');
  const reference = await referenceEnding(minutes * 60);
  figure(
    'reference: SIGINT → file finished, and read',
    `${ms(reference.finishedMs)}, ${ms(reference.readMs)}`,
  );
  const ratio = (ours: number[], reference: number) => (percentile(ours, 50) / reference).toFixed(2);
  figure('watchable p50 / the reference’s finished', ratio(watchable, reference.finishedMs));
  figure('COMPLETED p50 / the reference’s read', ratio(completed, reference.readMs));
}

async function end({ client }: BenchServer, event: Open): Promise<Ending> {
  const { playback } = await client.run<{ playback: { liveUrl: string } }>(
    'query($id: ID!) { playback(id: $id) { liveUrl } }',
    { id: event.playback.id },
  );
  const before = performance.now();
  const since = () => performance.now() - before;
  await endEvent(client, event.id);
  const completed = awaitEnd(client, { id: event.id, playback: event.playback }).then((ended) => {
    if (ended.recordingStatus !== 'COMPLETED') throw new Error(`The clip failed: ${ended.errorMessage}`);
    return since();
  });
  await watchToEnd(playback.liveUrl);
  return { watchableMs: since(), completedMs: await completed };
}

/** Does what a player does: reads the playlist until it ends, then the last segment. */
async function watchToEnd(url: string): Promise<void> {
  for (;;) {
    const playlist = await (await fetch(url)).text();
    if (playlist.includes('#EXT-X-ENDLIST')) {
      const last = playlist.split('\n').findLast((line) => line.endsWith('.m4s'))!;
      await (await fetch(new URL(last, url))).arrayBuffer();
      return;
    }
    await sleep(50);
  }
}

async function referenceEnding(seconds: number) {
  const source = await startCameras(1, fullHd, speed);
  const file = path.join(process.env['TMPDIR'] ?? '/tmp', `flashback-reference-${process.pid}.mp4`);
  const reference = startReference(source.all[0]!.url, file);
  await untilRecorded(reference, seconds);
  const ended = await reference.end();
  await source.close();
  await rm(file, { force: true });
  return ended;
}
