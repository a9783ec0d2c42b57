// How long an event takes its caller, and how soon its clip is complete, beside the reference pipeline in the same run.
import { rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestClient } from '../support/app/client.ts';
import { createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { beginEvent } from './begin.ts';
import { figure, heading, ms, percentile } from './figures.ts';
import { startReference } from './reference.ts';
import { makeDataDir, startServer } from './server.ts';

const events = 100;
const apartMs = 700;
const clips = 8;
const clipSec = 60;

export async function benchRecordings(): Promise<void> {
  const camera = await startTestCamera({
    capture: await capture({ audio: 'aac', width: 1920, height: 1080, kbps: 4_000 }),
  });
  const data = await makeDataDir();
  const server = await startServer(data.dir);
  const cameraId = await liveCamera(server.client, camera.url);

  heading(`createEvent on a live 1080p camera with its ring of 7 s taken, ${events} events, row committed`);
  const took: number[] = [];
  for (let i = 0; i < events; i++) {
    const { id, tookMs } = await beginEvent(server.client.run, cameraId);
    took.push(tookMs);
    await endEvent(server.client, id);
    // Meanwhile clip and poster are made, as they would be between two events.
    await sleep(apartMs);
  }
  figure('p50', ms(percentile(took, 50)), '≤ 10 ms');
  figure('p99', ms(percentile(took, 99)), '≤ 50 ms');
  await untilDone(server.client);

  heading(`endEvent → COMPLETED, ${clips} clips of ${clipSec} s (4 Mbit/s), local store`);
  const open: { id: string; playbackId: string }[] = [];
  for (let i = 0; i < clips; i++) {
    const event = await createEvent(server.client, { cameraId });
    open.push({ id: event.id, playbackId: event.playback!.id });
    await sleep(1_300);
  }
  await sleep(clipSec * 1_000 - clips * 1_300);
  const waits: number[] = [];
  for (const event of open) {
    waits.push(await endToCompleted(server.client, event));
    await sleep(1_300);
  }
  const reference = await referencePipeline(camera.url);
  figure('p50', ms(percentile(waits, 50)));
  figure('p95', ms(percentile(waits, 95)), '≤ 1500 ms');
  figure('reference: SIGINT → file finished and read', ms(reference));
  figure('ratio p50 / reference', (percentile(waits, 50) / reference).toFixed(2));

  await server.stop();
  await camera.close();
  await data.remove();
}

export async function liveCamera(client: TestClient, rtspUrl: string): Promise<string> {
  const { createCamera } = await client.run<{ createCamera: { camera: { id: string } } }>(
    'mutation($url: String!) { createCamera(input: { name: "Bench", rtspUrl: $url, preRollSec: 5 }) { camera { id } } }',
    { url: rtspUrl },
  );
  const states = client.subscribe<{ cameraStateChanged: { state: string } }>(
    'subscription($id: ID!) { cameraStateChanged(cameraId: $id) { state } }',
    { id: createCamera.camera.id },
  );
  await states.until(({ cameraStateChanged }) => cameraStateChanged.state === 'LIVE');
  states.stop();
  await sleep(6_000);
  return createCamera.camera.id;
}

async function untilDone(client: TestClient): Promise<void> {
  for (;;) {
    const { playbacks } = await client.run<{ playbacks: { total: number } }>(
      '{ playbacks(filter: { recordingStatus: [RECORDING, PROCESSING] }) { total } }',
    );
    if (playbacks.total === 0) return;
    await sleep(200);
  }
}

async function endToCompleted(client: TestClient, event: { id: string }): Promise<number> {
  const transitions = client.subscribe<{ playbackStatusChanged: { to: string } }>(
    'subscription($id: ID!) { playbackStatusChanged(filter: { eventId: $id }) { to } }',
    { id: event.id },
  );
  await transitions.next();
  const before = performance.now();
  await endEvent(client, event.id);
  await transitions.until(({ playbackStatusChanged: { to } }) => to === 'COMPLETED');
  const took = performance.now() - before;
  transitions.stop();
  return took;
}

/** The same clip by the reference pipeline. @returns milliseconds from its end until its file is complete and read */
async function referencePipeline(url: string): Promise<number> {
  const file = path.join(os.tmpdir(), `flashback-reference-${process.pid}.mp4`);
  const reference = startReference(url, file);
  await sleep(clipSec * 1_000);
  const { readMs } = await reference.end();
  if ((await stat(file)).size === 0) throw new Error('The reference pipeline recorded nothing.');
  await rm(file);
  return readMs;
}
