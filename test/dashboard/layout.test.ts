// Every page with the longest values that the API accepts, at every width: no control is cut off.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectDb } from '../../src/db/client.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { clippedControls, openDashboard, tooWide } from '../support/browser/dashboard-page.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { writePast } from '../support/database/history.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const word = (length: number) => 'W'.repeat(length);
const secret = 'admin-secret-of-the-test-01';

let app: TestApp;
let camera: TestCamera;
let browser: Browser;
let running: string;
let views: Record<string, string>;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  app = await startTestApp({ apiKeys: [{ name: word(100), role: 'ADMIN', secret }] });
  const retention = [
    { days: 36_500, maxBytes: 999_999_999_999_999 },
    { eventType: 'LINE_CROSSING', days: 1 },
  ];
  const cameraId = await app.addCamera({
    ...{ name: word(200), rtspUrl: camera.url, preRollSec: 1, retention },
  });
  const awayId = await app.addCamera(
    { name: `Away ${word(195)}`, rtspUrl: `rtsp://127.0.0.1:9/${word(900)}` },
    'OFFLINE',
  );
  const described = {
    label: word(200),
    description: word(2_000),
    metadata: { [word(100)]: word(1_000) },
  };
  const event = await createEvent(app.client, { cameraId, ...described });
  await endEvent(app.client, event.id);
  const completed = await awaitEnd(app.client, event);
  await app.client.run(
    'mutation($id: ID!, $reason: String!) { protectPlayback(id: $id, reason: $reason) { playback { id } } }',
    { id: completed.id, reason: word(500) },
  );
  await app.client.run(
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } } }',
    { input: { name: word(100), role: 'VIEWER', cameraIds: [cameraId], expiresAt: '2099-01-01T00:00:00Z' } },
  );
  running = (await createEvent(app.client, { cameraId, ...described, leaseSec: 3_600 })).id;
  await writePast(app.config.databaseUrl!, [{ cameraId, startedAt: new Date(), failed: true }]);
  const failedId = await lengthenFailure();
  const { playbacks } = await app.client.run<{ playbacks: { items: { id: string }[] } }>(
    '{ playbacks(filter: { recordingStatus: [RECORDING] }) { items { id } } }',
  );
  views = {
    cameras: '/cameras',
    'add a camera': '/cameras/new',
    camera: `/cameras/${cameraId}`,
    'camera away': `/cameras/${awayId}`,
    alerts: '/cameras',
    now: '/now',
    keys: '/keys',
    'first steps': '/start',
    playbacks: '/playbacks',
    pages: '/playbacks?page=1',
    completed: `/playbacks/${completed.id}`,
    failed: `/playbacks/${failedId}`,
    running: `/playbacks/${playbacks.items[0]!.id}`,
  };
  if (!browserMissing) browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await endEvent(app.client, running);
  await app.close();
  await camera.close();
});

async function lengthenFailure(): Promise<string> {
  const db = connectDb(app.config.databaseUrl!);
  const [failed] = await db.playback.updateManyAndReturn({
    where: { recordingStatus: 'FAILED' },
    data: { errorMessage: word(500) },
  });
  await db.$disconnect();
  return failed!.id;
}

const touch: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
};
/** 683 px is the width of a screen of 1366 px at a zoom of 200 %. */
const looks = [
  ['a finger', touch, [320, 390]],
  ['a mouse', {}, [683, 768, 1366, 3840]],
] as const;

describe.skipIf(browserMissing)('the longest values', () => {
  test.each(looks)('cut off no control for %s, at any width', async (_name, look, widths) => {
    const opened = await openDashboard(browser, app.app.url, '/cameras', { ...look, apiKey: secret });
    const { page } = opened;
    const findings: string[] = [];
    for (const [view, path] of Object.entries(views)) {
      await page.goto(app.app.url + path);
      await settled(page, view);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 });
        await twoFrames(page);
        if (process.env['SCREENSHOTS'])
          await page.screenshot({
            path: `${process.env['SCREENSHOTS']}/${view}-${width}.png`,
            fullPage: true,
          });
        // A page may need some frames for its new width.
        let found = await faultsOf(page);
        for (let tries = 0; found.length > 0 && tries < 30; tries++) {
          await twoFrames(page);
          found = await faultsOf(page);
        }
        findings.push(...found.map((fault) => `${view} ${width}: ${fault}`));
      }
    }
    await opened.close();
    expect(findings).toEqual([]);
  });
});

const faultsOf = async (page: Page) => [
  ...(await clippedControls(page)),
  ...(await tooWide(page)).slice(0, 3),
];

const twoFrames = (page: Page) =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');

/** Resolves when the examined content is there. */
async function settled(page: Page, view: string): Promise<void> {
  await page.getByText('Connected', { exact: true }).waitFor();
  await page.getByRole('heading', { level: 1 }).waitFor();
  if (view === 'now') {
    await page.getByRole('button', { name: 'End event' }).waitFor();
    await page.getByRole('button', { name: 'Watch' }).waitFor();
  }
  if (view === 'playbacks' || view === 'pages') await page.getByRole('article').nth(2).waitFor();
  if (view === 'alerts') await page.getByRole('button', { name: 'Alerts' }).click();
  if (view === 'alerts') await page.getByRole('checkbox', { name: 'Motion' }).waitFor();
  // The bar of what can be done with the chosen ones.
  if (view === 'pages') await page.getByRole('article').getByRole('checkbox').first().check();
  if (view === 'keys') await page.getByRole('button', { name: 'Revoke' }).waitFor();
  if (view === 'running') await page.getByRole('button', { name: 'End event' }).waitFor();
  if (view === 'completed') await page.getByRole('region', { name: 'Player' }).waitFor();
  if (view.includes('camera') && view !== 'cameras') await page.getByRole('dialog').waitFor();
}
