import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type App, startApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { type Children, openChildren } from '../processes/children.ts';
import { type DemoCamera, startDemoCamera } from './camera.ts';
import {
  CameraStateDocument,
  CamerasDocument,
  CreateCameraDocument,
  CreateEventDocument,
  connect,
  EndEventDocument,
  type FlashbackClient,
  PlaybackDocument,
  TransitionsDocument,
  UpdateCameraDocument,
} from './client.ts';

/** `npm run demo` runs everything on this machine, records one event, and prints each step. */

const cameraName = 'Demo camera';
const preRollSec = 5;
const eventSec = 5;

const say = (text: string) => console.log(text);
const step = (text: string) => say(`\n● ${text}`);

/** The running parts, in the order in which they are closed: a part is closed before the parts that it uses. */
interface Parts {
  client?: FlashbackClient;
  app?: App;
  camera?: DemoCamera;
  children?: Children;
}

async function main(): Promise<void> {
  const parts: Parts = {};
  const stop = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  try {
    await run(parts, stop);
  } finally {
    await parts.client?.close();
    await parts.app?.close();
    await parts.camera?.close();
    await parts.children?.close();
  }
}

async function run(parts: Parts, stop: Promise<void>): Promise<void> {
  const config = readConfig({ DATA_DIR: './data/demo', LOG_LEVEL: 'warn', ...process.env });
  const log = createLog(config.logLevel);

  step('Starting PostgreSQL and the server (the first time it makes a database, which takes some seconds) …');
  const app = await startApp(config, log);
  parts.app = app;
  say(`  ${app.url} is up; ffmpeg ${app.ffmpeg.version} (${app.ffmpeg.source}); data in ${config.dataDir}`);

  step('Starting a camera: a picture with a clock and a frame counter, H.264 and AAC over RTSP …');
  const children = await openChildren({ dir: path.join(config.dataDir, 'demo-children'), log });
  parts.children = children;
  const camera = await startDemoCamera({
    ffmpeg: app.ffmpeg.path,
    spawn: children.spawn,
    onRestart: (reason) => say(`  the demo camera’s ffmpeg ended and is started again: ${reason}`),
  });
  parts.camera = camera;
  say(`  ${camera.url}`);

  const client = connect(app.url);
  parts.client = client;
  const cameraId = await register(client, camera.url);
  await becomesLive(client, cameraId);
  step(`Waiting ${preRollSec} seconds: there must be a past before it can be recorded …`);
  for (let left = preRollSec; left > 0 && (await notYet(stop, 1_000)); left--)
    process.stdout.write(`  ${left}`);
  say('');

  const playbackId = await oneEvent(client, cameraId, stop);
  if (playbackId) await tellFacts(client, playbackId);
  say(`\n  The dashboard, with this clip:     ${app.url}${playbackId ? `/playbacks/${playbackId}` : ''}`);
  say(`  GraphiQL, with operations to try:  ${app.url}/graphql`);
  say('  The server stays up; transitions go on being printed. Ctrl-C ends it.');
  await stop;
  step('Stopping …');
}

/** Waits for this time, or until the demo is interrupted. */
async function notYet(stop: Promise<void>, ms: number): Promise<boolean> {
  return Promise.race([stop.then(() => false), sleep(ms, true)]);
}

async function register(client: FlashbackClient, rtspUrl: string): Promise<string> {
  const { cameras } = await client.request(CamerasDocument, {});
  const known = cameras.find((camera) => camera.name === cameraName);
  if (known) {
    await client.request(UpdateCameraDocument, {
      input: { id: known.id, rtspUrl, preRollSec, enabled: true },
    });
    return known.id;
  }
  const { createCamera } = await client.request(CreateCameraDocument, {
    input: { name: cameraName, rtspUrl, preRollSec },
  });
  return createCamera.camera.id;
}

function becomesLive(client: FlashbackClient, cameraId: string): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = client.subscribe(
      CameraStateDocument,
      { cameraId },
      ({ cameraStateChanged: camera }) => {
        say(`  camera: ${camera.state}${camera.lastError ? ` (${camera.lastError})` : ''}`);
        if (camera.state !== 'LIVE') return;
        say(`  ${camera.codec} ${camera.resolution}, sound ${camera.audioCodec ?? 'none'}`);
        unsubscribe();
        resolve();
      },
    );
  });
}

/** @returns the playback once it is COMPLETED; undefined if the demo was interrupted */
async function oneEvent(
  client: FlashbackClient,
  cameraId: string,
  stop: Promise<void>,
): Promise<string | undefined> {
  step('createEvent(type: MOTION); every transition below comes over the graphql-ws subscription:');
  let wanted: string | undefined;
  let completed: (() => void) | undefined;
  const done = new Promise<void>((resolve) => {
    completed = resolve;
  });
  client.subscribe(TransitionsDocument, {}, ({ playbackStatusChanged: { at, from, to, playback } }) => {
    say(`  ${at}  ${(from ?? '').padEnd(10)} → ${to.padEnd(10)}  playback ${playback.id}`);
    if (playback.id === wanted && (to === 'COMPLETED' || to === 'FAILED')) completed?.();
  });
  const { createEvent } = await client.request(CreateEventDocument, {
    input: { cameraId, type: 'MOTION', label: 'demo' },
  });
  wanted = createEvent.playback?.id;
  say(`  createEvent answered: ${createEvent.playback?.recordingStatus}`);
  const goesOn = await notYet(stop, eventSec * 1_000);
  await client.request(EndEventDocument, { input: { id: createEvent.event.id } });
  if (!goesOn) return undefined;
  say('  endEvent answered');
  await Promise.race([done, stop]);
  return wanted;
}

async function tellFacts(client: FlashbackClient, id: string): Promise<void> {
  const { playback } = await client.request(PlaybackDocument, { id });
  if (!playback) return;
  step('The clip:');
  const facts: [string, unknown][] = [
    ['video', playback.videoUrl],
    ['poster', playback.thumbnailUrl],
    ['duration', `${((playback.durationMs ?? 0) / 1000).toFixed(2)} s`],
    [
      'pre-roll',
      `${((playback.preRollMs ?? 0) / 1000).toFixed(2)} s before the event (asked for: ${preRollSec})`,
    ],
    ['size', `${playback.fileSizeBytes} bytes`],
    ['codec', `${playback.codec} + ${playback.audioCodec ?? 'no sound'}, ${playback.resolution}`],
    ['ended by', playback.endReason],
    ...(playback.errorMessage ? [['failed', playback.errorMessage] as [string, unknown]] : []),
  ];
  for (const [name, value] of facts) say(`  ${name.padEnd(9)} ${value}`);
}

main().catch((error: Error) => {
  console.error(`\n${error.message}`);
  process.exit(1);
});
