// The timeline in a real browser: zoom, move, numbers instead of clips, and the picture under the pointer.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent } from '../support/app/playbacks.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { seriousFindings } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { writePast } from '../support/database/history.ts';
import { readCounterOfImage, readFrames } from '../support/media/frames.ts';

vi.setConfig({ testTimeout: 90_000 });

/** Noon in the browser's zone. */
const noon = Date.parse('2026-03-10T11:00:00.000Z');
const minuteMs = 60_000;
const many = 3_000;

let app: TestApp;
let camera: TestCamera;
let door: string;
let yard: string;
let dir: string;
const dashboard = dashboardPages(() => app.app.url);
const { open } = dashboard;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-timeline-'));
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp();
  door = await app.addCamera({ name: 'Door', rtspUrl: camera.url, preRollSec: 1 });
  yard = await app.addCamera({ name: 'Yard', rtspUrl: camera.url, preRollSec: 1 });
  await writePast(app.config.databaseUrl!, [
    ...Array.from({ length: 13 }, (_, i) => ({
      cameraId: i % 2 ? yard : door,
      startedAt: new Date(noon + (i - 6) * 10 * minuteMs),
      type: (['MOTION', 'PERSON'] as const)[i % 2]!,
      failed: i === 12,
    })),
    // A busy day in the year before.
    ...Array.from({ length: many }, (_, i) => ({
      cameraId: i % 3 ? yard : door,
      startedAt: new Date(Date.parse('2025-11-20T08:00:00.000Z') + i * 10_000),
      type: (['VEHICLE', 'MOTION'] as const)[i % 2]!,
    })),
  ]);
});

afterEach(async () => expect(await dashboard.close()).toEqual([]));

afterAll(async () => {
  await app.close();
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

const lineOf = (page: Page, name: string) => page.getByRole('group', { name: new RegExp(`^${name}: `) });
const clips = (page: Page) => lineOf(page, 'Door').getByRole('link');
const scale = (page: Page) => page.getByRole('slider', { name: 'Scale' });
const search = (page: Page) => new URL(page.url()).searchParams;

/** The ends of what is shown, by the address. */
function ends(page: Page): [number, number] {
  const [from, to] = ['from', 'to'].map((name) => {
    const text = search(page).get(name) ?? '';
    return Date.parse(text.endsWith('Z') ? text : `${text}+01:00`);
  });
  return [from!, to!];
}

/** The moment at a point across the line, by the address. */
async function momentAt(page: Page, line: Locator, x: number): Promise<number> {
  const { x: left, width } = (await line.boundingBox())!;
  const [from, to] = ends(page);
  return from + ((x - left) / width) * (to - from);
}

const centre = async (it: Locator) => {
  const { x, y, width, height } = (await it.boundingBox())!;
  return { x: x + width / 2, y: y + height / 2 };
};

const hours = '/playbacks?from=2026-03-10T11:00&to=2026-03-10T13:00';

describe.skipIf(browserMissing)('the timeline', () => {
  test('is zoomed by the wheel around the pointer, and moved by a drag; list and address follow', async () => {
    const page = await open(hours);
    await page.getByText('12 playbacks').waitFor();
    const clip = clips(page)
      .filter({ hasNot: page.locator('x') })
      .nth(3);
    expect(await clip.getAttribute('aria-label')).toContain('12:00:00, Motion');
    const { x, y } = await centre(clip);
    const line = lineOf(page, 'Door');
    const before = await momentAt(page, line, x);
    await page.mouse.move(x, y);
    for (let i = 0; i < 6; i++) await page.mouse.wheel(0, -100);
    await page.getByText('3 playbacks').waitFor();
    const [from, to] = ends(page);
    expect(to - from).toBeLessThan(30 * minuteMs);
    // What was under the pointer still is.
    expect(Math.abs((await momentAt(page, line, x)) - before)).toBeLessThan(5_000);
    expect(Math.abs((await centre(clips(page).first())).x - x)).toBeLessThan(12);

    await page.mouse.down();
    await page.mouse.move(x + 50, y, { steps: 5 });
    await page.mouse.move(x + 100, y, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => ends(page)[0]).toBeLessThan(from);
    const { width } = (await line.boundingBox())!;
    expect((from - ends(page)[0]) / (to - from)).toBeCloseTo(100 / width, 1);
    // The end of the drag has opened no clip, and all of it is one step back.
    expect(new URL(page.url()).pathname).toBe('/playbacks');
    await page.goBack();
    await expect.poll(() => search(page).get('from')).toBe('2026-03-10T11:00');
    await clips(page).nth(3).click();
    await page.waitForURL(/\/playbacks\/[0-9a-f-]{36}$/);
    // The clips of this history are not in the store, and the player asks twice.
    await page.getByText('The clip cannot be loaded').waitFor();
    expect(dashboard.complaints.length).toBeGreaterThan(0);
    dashboard.complaints.splice(0);
  });

  test('is zoomed by two fingers, and moved by one', async () => {
    const page = await open(hours, { hasTouch: true });
    await page.getByText('12 playbacks').waitFor();
    const { x, y } = await centre(lineOf(page, 'Door'));
    const touch = await page.context().newCDPSession(page);
    const fingers = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...xs: number[]) =>
      touch.send('Input.dispatchTouchEvent', { type, touchPoints: xs.map((x, id) => ({ x, y, id })) });
    await fingers('touchStart', x - 40, x + 40);
    for (let apart = 50; apart <= 160; apart += 10) await fingers('touchMove', x - apart, x + apart);
    await fingers('touchEnd');
    await expect.poll(() => ends(page)[1] - ends(page)[0]).toBeLessThan(40 * minuteMs);
    const [from, to] = ends(page);
    expect(Math.abs((from + to) / 2 - noon)).toBeLessThan(2 * minuteMs);
    await fingers('touchStart', x);
    for (let by = 10; by <= 80; by += 10) await fingers('touchMove', x - by);
    await fingers('touchEnd');
    await expect.poll(() => ends(page)[0]).toBeGreaterThan(from);
  });

  test('goes from a year to a second by keys, and counts where there are too many to draw', async () => {
    const page = await open('/playbacks?day=2025-11-20');
    await page.getByText('3,000 playbacks: zoom in to see each.').waitFor();
    expect(await clips(page).count()).toBe(0);
    await page.getByRole('group', { name: 'Yard: 2,000 playbacks' }).waitFor();
    expect(await page.getByRole('list', { name: 'Colours' }).allInnerTexts()).toEqual(['Motion\nVehicle']);
    // 8:00 to 16:20 UTC is 9:00 to 17:20 here, of 24 hours: columns there, and nowhere else.
    const path = lineOf(page, 'Yard').locator('path').first();
    const { x, width } = (await path.boundingBox())!;
    const whole = (await lineOf(page, 'Yard').boundingBox())!;
    expect((x - whole.x) / whole.width).toBeCloseTo(9 / 24, 1);
    expect(width / whole.width).toBeCloseTo(8.33 / 24, 1);
    expect(await seriousFindings(page)).toEqual([]);

    for (let i = 0; i < 20; i++) await page.keyboard.press('-');
    await expect.poll(() => ends(page)[1] - ends(page)[0]).toBe(366 * 24 * 60 * minuteMs);
    await page.getByText('3,013 playbacks: zoom in to see each.').waitFor();
    await page.getByText('2025-11', { exact: true }).waitFor();
    await page.goto(`${app.app.url}${hours}`);
    await page.getByText('12 playbacks').waitFor();
    for (let i = 0; i < 40; i++) await page.keyboard.press('+');
    await expect.poll(() => ends(page)[1] - ends(page)[0]).toBe(1_000);
    // A clip that began before is drawn from one end to the other.
    const long = clips(page).filter({ visible: true });
    await expect.poll(() => long.count()).toBe(1);
    await scale(page).focus();
    const [from] = ends(page);
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => ends(page)[0] - from).toBe(500);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => ends(page)[0] - from).toBe(375);
    expect(await scale(page).getAttribute('aria-valuetext')).toMatch(/^Tuesday 10 March, 1\d:\d\d:\d\d – /);
  });

  test('keeps its ends through an hour that occurs twice', async () => {
    const page = await open('/playbacks?day=2026-10-25');
    await page.getByText('0 playbacks').waitFor();
    const [from, to] = ['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'];
    await page.goto(`${app.app.url}/playbacks?from=${from}&to=${to}`);
    // Both are 2:30 here.
    await page.getByRole('region', { name: 'Sunday 25 October, 02:30 – 02:30' }).waitFor();
    await scale(page).focus();
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => search(page).get('from')).toBe('2026-10-25T01:00:00.000Z');
    expect(search(page).get('to')).toBe('2026-10-25T03:00');
  });

  test('shows the picture of the moment under the pointer', async () => {
    const event = await createEvent(app.client, { cameraId: door });
    await sleep(5_000);
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    const frames = await readFrames(await download(playback, dir));
    const begin = Date.parse(playback.clipStartedAt!);
    const [from, to] = [begin - 1_000, begin + playback.durationMs! + 1_000].map((at) =>
      new Date(at).toISOString(),
    );
    await expect
      .poll(
        async () => {
          const { playback: it } = await app.client.run<{ playback: { storyboardUrl: string | null } }>(
            `{ playback(id: "${playback.id}") { storyboardUrl } }`,
          );
          return it.storyboardUrl;
        },
        { timeout: 15_000 },
      )
      .not.toBeNull();
    const page = await open(`/playbacks?from=${from}&to=${to}`);
    await clips(page).waitFor();
    const line = (await lineOf(page, 'Door').boundingBox())!;
    const perSec = line.width / (playback.durationMs! / 1_000 + 2);
    const counters: number[] = [];
    for (const sec of [0.5, 2.5, 4.5]) {
      await page.mouse.move(line.x + (1 + sec) * perSec, line.y + 10);
      const tile = page.locator('[class*=tile]');
      await tile.waitFor();
      await expect.poll(() => tile.evaluate((it) => getComputedStyle(it).backgroundPositionX)).toBeTruthy();
      const file = path.join(dir, 'tile.png');
      await tile.screenshot({ path: file });
      const counter = await readCounterOfImage(file);
      const shown = frames.findLast(({ time }) => time <= sec)!.counter;
      // The newest keyframe at that moment: one a second, of 15 pictures.
      expect(counter).toBeLessThanOrEqual(shown);
      expect(counter).toBeGreaterThan(shown - 16);
      counters.push(counter);
    }
    expect(new Set(counters).size).toBe(3);
    await page.mouse.move(0, 0);
    await page.locator('[class*=tile]').waitFor({ state: 'detached' });
  });

  test('can be used without colours', async () => {
    const page = await open(hours, { forcedColors: 'active' });
    await page.getByText('12 playbacks').waitFor();

    const fill = (it: Locator) => it.evaluate((it) => getComputedStyle(it).backgroundColor);
    expect(await fill(clips(page).first())).not.toBe(await fill(lineOf(page, 'Door')));
    expect(await seriousFindings(page)).toEqual([]);
  });
});
