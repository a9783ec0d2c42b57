// How the dashboard looks with an unusual browser, camera or day.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent, type PlaybackFacts } from '../support/app/playbacks.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { seriousFindings } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { writePast } from '../support/database/history.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

let app: TestApp;
let cameras: TestCamera[];
let cameraId: string;
let playback: PlaybackFacts;
const dashboard = dashboardPages(() => app.app.url);
const { open } = dashboard;

beforeAll(async () => {
  cameras = [
    await startTestCamera({ capture: await capture({ gopSec: 1 }) }),
    await startTestCamera({ capture: await capture({ gopSec: 1, width: 320, height: 240 }) }),
  ];
  app = await startTestApp();
  cameraId = await app.addCamera({ name: 'Door', rtspUrl: cameras[0]!.url, preRollSec: 1 });
  await app.addCamera({ name: 'Square', rtspUrl: cameras[1]!.url, preRollSec: 1 });
  const event = await createEvent(app.client, { cameraId, label: 'done' });
  await endEvent(app.client, event.id);
  playback = await awaitEnd(app.client, event);
  // Days of 25 and 23 hours in Berlin.
  for (const startedAt of ['2026-10-25T11:00:00Z', '2026-03-29T10:00:00Z'])
    await writePast(app.config.databaseUrl!, [{ cameraId, startedAt: new Date(startedAt) }]);
});

afterEach(async () => {
  const complaints = await dashboard.close();
  expect(complaints).toEqual([]);
});

afterAll(async () => {
  await app.close();
  for (const camera of cameras) await camera.close();
});

/** The background colour of an element, or of its pseudo-element `::before`. */
const fill = (page: Page, selector: string, pseudo?: string) =>
  page
    .locator(selector)
    .first()
    .evaluate((it, of) => getComputedStyle(it, of).backgroundColor, pseudo);

describe.skipIf(browserMissing)('appearance', () => {
  test('clips, bar, playhead and states are visible in forced colours', async () => {
    const event = await createEvent(app.client, { cameraId, label: 'runs' });
    const page = await open('/playbacks?when=today', { forcedColors: 'active' });
    await page.getByRole('link', { name: /Motion · done, Completed/ }).waitFor();
    const canvas = await fill(page, 'body');
    const seen = async (selector: string, pseudo?: string) =>
      expect(await fill(page, selector, pseudo), selector).not.toBe(canvas);
    await seen('a[data-status=COMPLETED]');
    await seen('[aria-label=Connection]', '::before');
    expect(await seriousFindings(page)).toEqual([]);
    await page.goto(`${app.app.url}/playbacks/${playback.id}`);
    await page.getByRole('slider').waitFor();
    await seen('[role=slider] > [class*=head]');
    await seen('[role=slider] > [class*=event]');
    await seen('[class*=badge]', '::before');
    await page.goto(`${app.app.url}/now`);
    const now = page.locator('[aria-current=step]').first();
    await now.waitFor();
    const ahead = page.locator('[aria-label=Progress] li[data-state=ahead]').first();
    const edge = (it: Element) => getComputedStyle(it).borderTop;
    expect(await now.evaluate(edge)).not.toBe(await ahead.evaluate(edge));
    await endEvent(app.client, event.id);
    await awaitEnd(app.client, event);
  });

  test('a camera of 4:3 is shown whole, in a tile as tall as the others', async () => {
    const page = await open('/cameras');
    const pictures = page.getByRole('img', { name: /^What/ });
    await expect.poll(() => pictures.count()).toBe(2);
    const tiles = page.getByRole('article').getByRole('link', { name: /^Open/ });
    const boxes = await tiles.evaluateAll((all) =>
      all.map((it) => {
        const { width, height } = it.getBoundingClientRect();
        const picture = it.querySelector('img')!;
        return {
          ratio: width / height,
          within: picture.getBoundingClientRect().height <= height + 1,
          fit: getComputedStyle(picture).objectFit,
        };
      }),
    );
    for (const box of boxes)
      expect(box).toEqual({ ratio: expect.closeTo(16 / 9, 1), within: true, fit: 'contain' });
  });

  test('the full screen is dark, and its slider has the usual keys', async () => {
    const page = await open(`/playbacks/${playback.id}`, { colorScheme: 'light' });
    const slider = page.getByRole('slider', { name: 'Position' });
    const at = async () => Number(await slider.getAttribute('aria-valuenow'));
    await slider.focus();
    await page.keyboard.press('End');
    await expect.poll(at).toBeCloseTo(playback.durationMs! / 1_000, 0);
    const end = await at();
    await page.keyboard.press('ArrowDown');
    // The clip may be shorter than a second.
    await expect.poll(at).toBeCloseTo(Math.max(0, end - 1), 1);
    await page.keyboard.press('ArrowUp');
    await expect.poll(at).toBeCloseTo(end, 1);
    await page.keyboard.press('PageDown');
    await expect.poll(at).toBe(0);
    await page.getByRole('button', { name: /^Full screen/ }).click();
    await expect.poll(() => page.evaluate('document.fullscreenElement !== null')).toBe(true);
    const [red] = /\d+/.exec(await fill(page, '[aria-label=Player]'))!;
    expect(Number(red)).toBeLessThan(64);
  });

  test('the user can choose light or dark, whatever the system’s theme is', async () => {
    const page = await open('/cameras', { colorScheme: 'dark' });
    const red = async () => Number(/\d+/.exec(await fill(page, 'html'))![0]);
    expect(await red()).toBeLessThan(64);
    await page.getByRole('button', { name: /Change to light$/ }).click();
    expect(await red()).toBeGreaterThan(200);
    await page.getByRole('button', { name: /Change to dark$/ }).click();
    expect(await red()).toBeLessThan(64);
  });

  test.each([
    ['2026-10-25', 'Sunday 25 October', 13 / 25],
    ['2026-03-29', 'Sunday 29 March', 11 / 23],
  ])('when the clocks change, on %s, hours and clips are at the right places', async (day, name, place) => {
    const page = await open(`/playbacks?day=${day}`);
    const timeline = page.getByRole('region', { name });
    const line = timeline.getByRole('group', { name: 'Door: 1 playback' });
    const clip = line.getByRole('link', { name: /^12:00:00, Motion/ });
    const [whole, part] = [(await line.boundingBox())!, (await clip.boundingBox())!];
    expect((part.x - whole.x) / whole.width).toBeCloseTo(place, 2);
    const noon = (await timeline.getByText('12:00', { exact: true }).boundingBox())!;
    expect(Math.abs(noon.x - part.x)).toBeLessThan(6);
    await page.getByRole('button', { name: 'Earlier' }).click();
    await expect
      .poll(() => new URL(page.url()).searchParams.get('day'))
      .toBe(`${day.slice(0, 8)}${Number(day.slice(8)) - 1}`);
  });
});
