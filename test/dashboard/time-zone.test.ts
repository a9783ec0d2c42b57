// A playback around midnight, in three time zones: list, timeline, filters and file names agree on its day.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { connectDb } from '../../src/db/client.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { writePast } from '../support/database/history.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

let app: TestApp;
const dashboard = dashboardPages(() => app.app.url);
let ids: string[];

beforeAll(async () => {
  app = await startTestApp();
  const cameraId = await app.addCamera(
    { name: 'Gate', rtspUrl: 'rtsp://127.0.0.1:9/', enabled: false },
    'DISABLED',
  );
  // In Ho Chi Minh City, it is midnight between them; in Berlin, 18:00.
  const past = ['2026-10-20T16:30:00Z', '2026-10-20T17:30:00Z'];
  await writePast(
    app.config.databaseUrl!,
    past.map((startedAt) => ({ cameraId, startedAt: new Date(startedAt) })),
  );
  const db = connectDb(app.config.databaseUrl!);
  const rows = await db.playback.findMany({ orderBy: { startedAt: 'asc' } });
  await db.$disconnect();
  ids = rows.map(({ id }) => id);
  for (const { storagePath } of rows) {
    const file = path.join(app.config.dataDir, 'media', storagePath!);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, 'a clip');
  }
});

afterEach(async () => {
  // The clips are no videos.
  await dashboard.close();
});

afterAll(() => app.close());

/** Chooses the zone in the dialog, as a user does. */
async function choose(page: Page, zone: string): Promise<void> {
  await page.getByTitle('Language and time zone').click();
  await page.getByLabel('Time zone', { exact: true }).selectOption(zone);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

/** What list and timeline show: their days, and the times of the playbacks. */
async function shown(page: Page) {
  const list = page.getByRole('region', { name: 'Playbacks', exact: true });
  const timeline = page.locator('section[aria-labelledby]');
  const clips = timeline.getByRole('link', { name: /^\d\d:/ });
  return {
    days: await list.getByRole('heading', { level: 2 }).allTextContents(),
    times: await list.getByRole('article').locator('time').allTextContents(),
    timeline: await timeline.getByRole('heading').textContent(),
    clips: await clips.evaluateAll((links) => links.map((it) => it.ariaLabel?.slice(0, 8))),
  };
}

/** The beginning of the name that a downloaded clip gets. */
async function fileName(page: Page, id: string): Promise<string> {
  await page.goto(`${app.app.url}/playbacks/${id}`);
  const button = page.getByRole('button', { name: 'Download' });
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  return download.suggestedFilename().slice(0, 19);
}

const twentieth = 'Tuesday 20 October';
const twentyFirst = 'Wednesday 21 October';

const zones = [
  {
    zone: 'UTC',
    name: 'Times in UTC',
    times: ['16:30:00', '17:30:00'],
    days: [twentieth, twentieth],
    files: ['2026-10-20_16-30-00', '2026-10-20_17-30-00'],
  },
  {
    // Chromium calls it Asia/Saigon.
    zone: 'Asia/Ho_Chi_Minh',
    name: 'Times in Asia/Ho_Chi_Minh, GMT+7',
    times: ['23:30:00', '00:30:00'],
    days: [twentieth, twentyFirst],
    files: ['2026-10-20_23-30-00', '2026-10-21_00-30-00'],
  },
  // The browser's.
  {
    zone: '',
    name: 'Times in Europe/Berlin, GMT+1',
    times: ['18:30:00', '19:30:00'],
    days: [twentieth, twentieth],
    files: ['2026-10-20_18-30-00', '2026-10-20_19-30-00'],
  },
];

test.skipIf(browserMissing).each(zones)(
  'in the zone "$zone", list, timeline, filters and file names agree',
  async ({ zone, name, times, days, files }) => {
    const page = await dashboard.open('/playbacks');
    await choose(page, 'UTC');
    await choose(page, zone);
    await page.getByText(name, { exact: true }).waitFor();
    const see = async (search: string, expected: object) => {
      await page.goto(`${app.app.url}/playbacks?${search}`);
      await page
        .getByRole('status')
        .filter({ hasText: /playback/ })
        .waitFor();
      await expect.poll(() => shown(page), { message: search }).toMatchObject(expected);
    };
    for (const [date, next, day] of [
      ['2026-10-20', '2026-10-21', twentieth],
      ['2026-10-21', '2026-10-22', twentyFirst],
    ] as const) {
      const clips = times.filter((_, i) => days[i] === day);
      const dayOnly = {
        days: clips.length > 0 ? [day] : [],
        times: [...clips].reverse(),
        timeline: day,
        clips,
      };
      await see(`day=${date}`, dayOnly);
      await see(`from=${date}T00:00&to=${next}T00:00`, dayOnly);
    }
    const both = { days: [...new Set(days)].reverse(), times: [...times].reverse() };
    await see('from=2026-10-20T00:00&to=2026-10-22T00:00', both);
    expect([await fileName(page, ids[0]!), await fileName(page, ids[1]!)]).toEqual(files);
    // The facts of the playback's page.
    await page.getByRole('complementary', { name: 'Facts' }).getByText(times[1]!, { exact: true }).waitFor();
  },
);
