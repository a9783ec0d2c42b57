// `npm run screenshots`: views of the dashboard of a real server with real cameras, into docs/screenshots.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
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
import { awaitStoryboard } from '../support/media/storyboard.ts';

const target = path.resolve(process.argv[2] ?? 'docs/screenshots');
const looks = {
  'desk-dark': { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
  'desk-light': { viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
} as const;
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
  const [playback] = await record(client, cameras.slice(0, 4));
  await awaitStoryboard(client, playback!.id);
  await writeHistory(db, playback!, cameras);
  const running = [
    await createEvent(client, { cameraId: cameras[1]!, type: 'MOTION', label: 'car' }),
    await createEvent(client, { cameraId: cameras[4]!, type: 'PERSON', leaseSec: 900 }),
  ];
  await sleep(4_000);
  const browser = await launchBrowser();
  closers.push(() => browser.close());
  await shootAll(browser, app.url, viewsOf(playback!, cameras), app.ffmpeg.path);
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

/** Records several cameras at the same time. */
async function record(client: TestClient, cameras: readonly string[]): Promise<PlaybackFacts[]> {
  const events = await Promise.all(
    cameras.map((cameraId) =>
      createEvent(client, {
        cameraId,
        type: 'PERSON',
        label: 'visitor',
        description: 'Somebody comes up the drive and rings.',
        metadata: { detector: 'yard-2', score: 0.93 },
      }),
    ),
  );
  await sleep(9_000);
  for (const { id } of events) await endEvent(client, id);
  return Promise.all(events.map((event) => awaitEnd(client, event)));
}

/** A time zone in which it is afternoon now, so that the views of a day show most of that day. */
function afternoonZone(): string {
  const zones = 'Asia/Ho_Chi_Minh Europe/Berlin America/Sao_Paulo America/Los_Angeles Pacific/Auckland'.split(
    ' ',
  );
  const hoursOff = (timeZone: string) =>
    Math.abs(17 - Number(new Date().toLocaleString('en-GB', { timeZone, hour: 'numeric' })));
  return zones.sort((a, b) => hoursOff(a) - hoursOff(b))[0]!;
}

/** A history: the recorded playback, repeated at other times of the day. */
async function writeHistory(db: Db, { id }: PlaybackFacts, cameras: readonly string[]): Promise<void> {
  const { id: _id, ...row } = await db.playback.findUniqueOrThrow({ where: { id } });
  const types = ['MOTION', 'PERSON', 'VEHICLE'] as const;
  for (let i = 0; i < 60; i++) {
    const startedAt = new Date(row.startedAt.getTime() - (i + 1) * 9.7 * 60_000 - ((i * 7919) % 900) * 1_000);
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
        storyboardBytes: null,
        storyboardVttBytes: null,
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

interface View {
  readonly path: string;
  /** Brings the page into the state that the screenshot shows. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

function viewsOf(playback: PlaybackFacts, cameras: readonly string[]): Record<string, View> {
  const together = new URLSearchParams([
    ['at', playback.startedAt],
    ...cameras.slice(0, 4).map((id) => ['camera', id]),
  ]);
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  return {
    cameras: { path: '/cameras' },
    now: { path: '/now', prepare: (page) => button(page, 'Watch').first().click() },
    playbacks: { path: '/playbacks', prepare: pointAtTimeline },
    playback: { path: `/playbacks/${playback.id}`, prepare: (page) => button(page, 'Event').click() },
    together: {
      path: `/together?${together}`,
      prepare: (page) => page.locator('figure video').nth(3).waitFor(),
    },
    // The last one, because the browser remembers that the cameras are shown live.
    wall: {
      path: '/cameras',
      prepare: async (page) => {
        await button(page, 'Live').click();
        await page.locator('video[data-shown=true]').first().waitFor();
      },
    },
  };
}

/** Shows six hours, and points at the newest clip: its picture appears. */
async function pointAtTimeline(page: Page): Promise<void> {
  await page.getByRole('button', { name: '6 h', exact: true }).click();
  const line = page.getByRole('group', { name: /^Front door: / });
  await line.getByRole('link').first().waitFor();
  await sleep(1_000);
  const clip = (await line.getByRole('link', { name: /visitor/ }).boundingBox())!;
  // The clip's link is narrower than a pixel, although it is drawn wider.
  await page.mouse.move(clip.x + 0.3, clip.y + clip.height / 2);
}

async function shootAll(browser: Browser, url: string, views: Record<string, View>, ffmpeg: string) {
  for (const [look, options] of Object.entries(looks)) {
    const context = await browser.newContext({ ...options, locale: 'en-GB', timezoneId: afternoonZone() });
    const page = await context.newPage();
    for (const [view, { path: address, prepare }] of Object.entries(views)) {
      await page.goto(url + address);
      await page.getByText('Connected', { exact: true }).waitFor();
      await sleep(1_200);
      await prepare?.(page);
      await sleep(1_500);
      const file = path.join(target, `${view}-${look}.png`);
      await page.screenshot({ path: file });
      await reduceColors(ffmpeg, file);
    }
    await context.close();
  }
}

/** Makes a PNG of 256 colours, which has a third of the bytes. */
async function reduceColors(ffmpeg: string, file: string): Promise<void> {
  const graph = 'split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none';
  await promisify(execFile)(ffmpeg, ['-v', 'error', '-i', file, '-vf', graph, '-y', `${file}.new.png`]);
  await rename(`${file}.new.png`, file);
}

main().catch((error: Error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
