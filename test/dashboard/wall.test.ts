// The live wall in a real browser: what it shows, how far behind the camera it is, and when it stops.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readCounter } from '../../src/demo/counter-strip.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitRing } from '../support/app/ring.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { clippedControls, seriousFindings, tooWide } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

const preRollSec = 6;
let app: TestApp;
let door: TestCamera;
let yard: TestCamera;
let doorId: string;
const dashboard = dashboardPages(() => app.app.url);
const { open } = dashboard;

beforeAll(async () => {
  door = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 2 }) });
  yard = await startTestCamera({ capture: await capture({ codec: 'h265', gopSec: 1 }) });
  app = await startTestApp();
  doorId = await app.addCamera({ name: 'Door', rtspUrl: door.url, preRollSec });
  await app.addCamera({ name: 'Yard', rtspUrl: yard.url, preRollSec: 1 });
  await awaitRing(app, [doorId], preRollSec + 2);
});

afterEach(async () => {
  expect(await dashboard.close()).toEqual([]);
});

afterAll(async () => {
  await app.close();
  await door.close();
  await yard.close();
});

const tile = (page: Page, name: string) => page.getByRole('article', { name, exact: true });
const liveButton = (page: Page) => page.getByRole('button', { name: 'Live', exact: true });

async function openLive(): Promise<Page> {
  const page = await open('/cameras');
  await liveButton(page).click();
  await tile(page, 'Door').getByRole('slider').waitFor();
  return page;
}

/** The counter that the browser shows in a tile, and when; undefined if it cannot be read at that moment. */
async function shown(page: Page, name: string): Promise<{ at: number; counter: number } | undefined> {
  const { at, width, height, gray } = await tile(page, name)
    .locator('video')
    .evaluate((video: HTMLVideoElement) => {
      const canvas = document.createElement('canvas');
      canvas.width = video.videoWidth;
      canvas.height = 16;
      const context = canvas.getContext('2d')!;
      const at = Date.now();
      context.drawImage(video, 0, 0);
      const { data, width, height } = context.getImageData(0, 0, canvas.width, 16);
      const gray = Array.from({ length: width * height }, (_, i) => data[i * 4]!);
      return { at, width, height, gray };
    });
  const counter = readCounter(Buffer.from(gray), width, height);
  return counter === undefined ? undefined : { at, counter };
}

/** How far (ms) the picture in a tile is behind what the camera sends, so many times. */
async function delaysOf(page: Page, name: string, camera: TestCamera, count: number): Promise<number[]> {
  const delays: number[] = [];
  while (delays.length < count) {
    const picture = await shown(page, name);
    if (picture) delays.push(picture.at - camera.sentAt(picture.counter, picture.at));
    await page.waitForTimeout(100);
  }
  return delays.sort((a, b) => a - b);
}

describe.skipIf(browserMissing)('the live wall', () => {
  test('a camera is live, at most a second behind at the median, and it stays so', async () => {
    const page = await openLive();
    await delaysOf(page, 'Door', door, 8);
    const delays = await delaysOf(page, 'Door', door, 40);
    const median = delays[20]!;
    console.log(
      `Live picture behind the camera: median ${median.toFixed(0)} ms, most ${delays.at(-1)!.toFixed(0)} ms`,
    );
    expect(median).toBeLessThanOrEqual(1_000);
    expect(median).toBeGreaterThan(0);
    expect(delays[30]!).toBeLessThan(1_500);
    expect(await seriousFindings(page)).toEqual([]);
    // This browser remembers the choice.
    await page.reload();
    await tile(page, 'Door').getByRole('slider').waitFor();
    expect(await liveButton(page).getAttribute('aria-pressed')).toBe('true');
  });

  test('with the keyboard one goes back into the pre-roll, and to the newest picture again', async () => {
    const page = await openLive();
    const slider = tile(page, 'Door').getByRole('slider', { name: 'Go back at Door' });
    await slider.focus();
    expect(await slider.getAttribute('aria-valuetext')).toBe('Live');
    for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowLeft');
    await tile(page, 'Door').getByRole('button', { name: '4.0 s ago' }).waitFor();
    // Nobody has watched for four seconds: the pictures come from the ring.
    await expect
      .poll(async () => Math.min(...(await delaysOf(page, 'Door', door, 3))), { timeout: 15_000 })
      .toBeGreaterThan(3_500);
    const delays = await delaysOf(page, 'Door', door, 15);
    expect(delays[7]!).toBeGreaterThan(3_500);
    expect(delays[7]!).toBeLessThan(5_500);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect
      .poll(async () => (await delaysOf(page, 'Door', door, 9))[4], { timeout: 15_000 })
      .toBeLessThan(1_000);
    expect(await slider.getAttribute('aria-valuetext')).toBe('Live');
  });

  test('a tile says why it is not live: the browser does not play the codec, or the camera is away', async () => {
    const page = await open('/cameras');
    const playsH265 = await page.evaluate(() =>
      MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L63.90"'),
    );
    await liveButton(page).click();
    if (playsH265) await tile(page, 'Yard').getByRole('slider').waitFor();
    else {
      await tile(page, 'Yard').getByText('Not live: this browser does not play H.265.').waitFor();
      await tile(page, 'Yard').getByRole('img').waitFor();
    }
    await tile(page, 'Door').getByRole('slider').waitFor();
    await door.offline();
    await tile(page, 'Door').getByText('Nothing listens at the camera’s address').waitFor();
    expect(await tile(page, 'Door').getByRole('slider').count()).toBe(0);
    await door.online();
    await tile(page, 'Door').getByRole('slider').waitFor();
    await expect
      .poll(async () => (await delaysOf(page, 'Door', door, 9))[4], { timeout: 15_000 })
      .toBeLessThan(1_000);
  });

  test('of more than sixteen cameras in view, sixteen are live, and another one once one of them is not', async () => {
    const ids = await Promise.all(
      Array.from({ length: 15 }, (_, i) =>
        app.addCamera({ name: `Gate ${i + 1}`, rtspUrl: door.url, preRollSec: 1 }),
      ),
    );
    const page = await open('/cameras', { viewport: { width: 1920, height: 1600 } });
    await liveButton(page).click();
    const full = page.getByText('Not live: 16 other cameras are in view.');
    await expect.poll(() => page.getByRole('slider').count(), { timeout: 30_000 }).toBeGreaterThanOrEqual(15);
    await full.waitFor();
    expect(await full.count()).toBe(1);
    await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id: ids[0] });
    await full.waitFor({ state: 'detached' });
    for (const id of ids.slice(1)) {
      await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id });
    }
    await expect.poll(() => page.getByRole('article').count()).toBe(2);
  });

  test('it connects again after a restart of the server, and stops when nobody looks', async () => {
    const page = await openLive();
    const sent: string[] = [];
    page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))));
    await page.context().setOffline(true);
    await page.getByText('Reconnecting…').waitFor();
    await page.context().setOffline(false);
    await page.getByText('Connected', { exact: true }).waitFor();
    await tile(page, 'Door').getByRole('slider').waitFor();
    const leaves = () => sent.filter((text) => text.includes('"leave"') && text.includes(doorId)).length;
    await expect
      .poll(() => sent.some((text) => text.includes('"watch"') && text.includes(doorId)))
      .toBe(true);
    // Out of view.
    await page.setViewportSize({ width: 1280, height: 400 });
    await page.evaluate(() => {
      document.querySelector<HTMLElement>('main')!.style.paddingTop = '3000px';
    });
    await expect.poll(leaves).toBe(1);
    dashboard.complaints.length = 0;
  });

  test.each([
    { colorScheme: 'dark' as const, viewport: { width: 320, height: 640 } },
    { colorScheme: 'light' as const, viewport: { width: 1366, height: 768 } },
    { forcedColors: 'active' as const, viewport: { width: 768, height: 900 } },
  ])('nothing is cut off, and axe finds nothing: %o', async (options) => {
    const page = await open('/cameras', options);
    await liveButton(page).click();
    await tile(page, 'Door').getByRole('slider').waitFor();
    expect(await tooWide(page)).toEqual([]);
    expect(await clippedControls(page)).toEqual([]);
    expect(await seriousFindings(page)).toEqual([]);
  });
});
