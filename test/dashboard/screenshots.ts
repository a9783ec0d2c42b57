// `npm run screenshots`: the dashboard's four views of a real server with real cameras, into docs/screenshots.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { startApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { connectDb, type Db } from '../../src/db/client.ts';
import { startDatabaseServer } from '../../src/db/embedded/server.ts';
import { startDemoCamera } from '../../src/demo/camera.ts';
import { createLog } from '../../src/log.ts';
import { openChildren } from '../../src/processes/children.ts';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { awaitEnd, createEvent, endEvent, type PlaybackFacts } from '../support/app/playbacks.ts';
import { launchBrowser } from '../support/browser/browser.ts';
import { buildDashboard } from '../support/browser/dashboard.ts';

const target = path.resolve(process.argv[2] ?? 'docs/screenshots');
const sizes = { desk: [1440, 900], phone: [390, 844] } as const;
const names = ['Front door', 'Driveway', 'Yard', 'Loading bay', 'Reception'];

async function main(): Promise<void> {
  const closers: (() => Promise<unknown> | unknown)[] = [];
  try {
    await run(closers);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function run(closers: (() => Promise<unknown> | unknown)[]): Promise<void> {
  await buildDashboard();
  await mkdir(target, { recursive: true });
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-screenshots-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const log = createLog('error');
  const children = await openChildren({ dir: path.join(dir, 'more-children'), log });
  closers.push(() => children.close());
  const database = await startDatabaseServer({ dataDir: path.join(dir, 'database'), children, log });
  closers.push(() => database.close());
  const app = await startApp(readConfig({ DATA_DIR: dir, PORT: '0', DATABASE_URL: database.url }), log);
  closers.push(() => app.close());
  const camera = await startDemoCamera({ ffmpeg: app.ffmpeg.path, spawn: children.spawn });
  closers.push(() => camera.close());
  const client = connectClient(app.url);
  closers.push(() => client.close());
  const db = connectDb(database.url);
  closers.push(() => db.$disconnect());

  const cameras = await addCameras(client, camera.url);
  await sleep(7_000);
  const playback = await recordOne(client, cameras[0]!);
  await writeHistory(db, playback, cameras);
  const running = [
    await createEvent(client, { cameraId: cameras[1]!, type: 'MOTION', label: 'car' }),
    await createEvent(client, { cameraId: cameras[0]!, type: 'PERSON', leaseSec: 900 }),
  ];
  await sleep(4_000);
  const browser = await launchBrowser();
  closers.push(() => browser.close());
  await shootAll(browser, app.url, playback.id);
  for (const { id } of running) await endEvent(client, id);
}

async function addCameras(client: TestClient, rtspUrl: string): Promise<string[]> {
  const ids: string[] = [];
  const add = async (name: string, settings: object) => {
    const { createCamera } = await client.run<{ createCamera: { camera: { id: string } } }>(
      'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
      { input: { name, rtspUrl, recordOn: ['MOTION', 'PERSON', 'VEHICLE'], ...settings } },
    );
    ids.push(createCamera.camera.id);
  };
  for (const name of names) await add(name, {});
  await add('Back gate', { rtspUrl: 'rtsp://127.0.0.1:9/stream' });
  await add('Garden', { enabled: false });
  await add('Cellar', { preRollSec: 0 });
  return ids;
}

async function recordOne(client: TestClient, cameraId: string): Promise<PlaybackFacts> {
  const event = await createEvent(client, {
    cameraId,
    type: 'PERSON',
    label: 'visitor',
    description: 'Somebody comes up the drive and rings.',
    metadata: { detector: 'yard-2', score: 0.93 },
  });
  await sleep(9_000);
  await endEvent(client, event.id);
  return awaitEnd(client, event);
}

/** A history: the recorded playback, repeated at other times of two days. */
async function writeHistory(db: Db, { id }: PlaybackFacts, cameras: readonly string[]): Promise<void> {
  const { id: _id, ...row } = await db.playback.findUniqueOrThrow({ where: { id } });
  const types = ['MOTION', 'PERSON', 'VEHICLE'] as const;
  for (let i = 0; i < 60; i++) {
    const startedAt = new Date(
      row.startedAt.getTime() - (i + 1) * 23.7 * 60_000 - ((i * 7919) % 900) * 1_000,
    );
    const shift = (at: Date | null) =>
      at && new Date(at.getTime() - row.startedAt.getTime() + startedAt.getTime());
    const clipStartedAt = shift(row.clipStartedAt);
    const cameraId = cameras[(i * 3 + (i % 2)) % names.length]!;
    const type = types[i % 3]!;
    const event = await db.event.create({
      data: { cameraId, channel: 1, type, startedAt, endedAt: startedAt },
    });
    const failed = i % 17 === 5;
    const gap = clipStartedAt && i % 11 === 3;
    const gapAt = (ms: number) => new Date((clipStartedAt?.getTime() ?? 0) + ms).toISOString();
    await db.playback.create({
      data: {
        ...row,
        cameraId,
        eventId: event.id,
        startedAt,
        clipStartedAt: failed ? null : clipStartedAt,
        endedAt: shift(row.endedAt),
        gaps: gap ? [{ from: gapAt(7_000), to: gapAt(9_500) }] : [],
        ...(failed && {
          recordingStatus: 'FAILED' as const,
          durationMs: null,
          failureCode: 'CAMERA_UNREACHABLE',
          errorMessage: 'The camera delivered nothing while the event lasted.',
        }),
      },
    });
  }
}

async function shootAll(browser: Browser, url: string, playbackId: string): Promise<void> {
  const views = {
    cameras: '/cameras',
    now: '/now',
    playbacks: '/playbacks',
    playback: `/playbacks/${playbackId}`,
  };
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [size, [width, height]] of Object.entries(sizes)) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale: 'en-GB' });
      const page = await context.newPage();
      for (const [view, address] of Object.entries(views)) {
        await page.goto(url + address);
        await settle(page, view);
        await page.screenshot({ path: path.join(target, `${view}-${size}-${colorScheme}.png`) });
      }
      await context.close();
    }
  }
}

/** Waits until the expected content is shown: pictures, and on one view the clip at its event. */
async function settle(page: Page, view: string): Promise<void> {
  await page.getByText('Connected', { exact: true }).waitFor();
  if (view === 'now') {
    const watch = page.getByRole('button', { name: 'Watch' }).first();
    if (await watch.isVisible().catch(() => false)) await watch.click();
  }
  if (view === 'playback') await page.getByRole('button', { name: 'Event' }).click();
  await sleep(1_200);
}

main().catch((error: Error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
