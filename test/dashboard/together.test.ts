// Several cameras' clips, played in step from one playhead, in a real browser.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent, type PlaybackFacts } from '../support/app/playbacks.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { seriousFindings } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { type CountedFrame, readCounterOfImage, readFrames } from '../support/media/frames.ts';

vi.setConfig({ testTimeout: 90_000 });

const names = ['Door', 'Yard'];
let app: TestApp;
let cameras: TestCamera[];
let ids: string[];
/** Of Door and Yard, over the same seconds. The clip of Yard begins earlier. */
let clips: { playback: PlaybackFacts; began: number; frames: CountedFrame[] }[];
let dir: string;
const dashboard = dashboardPages(() => app.app.url);

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-together-'));
  app = await startTestApp();
  const streams = [await capture({ gopSec: 1 }), await capture({ gopSec: 2 })];
  cameras = await Promise.all(streams.map((capture) => startTestCamera({ capture })));
  ids = await Promise.all(
    cameras.map(({ url }, i) => app.addCamera({ name: names[i]!, rtspUrl: url, preRollSec: 1 + 2 * i })),
  );
  ids.push(
    await app.addCamera({ name: 'Garden', rtspUrl: 'rtsp://127.0.0.1:9/', enabled: false }, 'DISABLED'),
  );
  await sleep(3_000);
  const events = await Promise.all(ids.slice(0, 2).map((cameraId) => createEvent(app.client, { cameraId })));
  await sleep(7_000);
  for (const { id } of events) await endEvent(app.client, id);
  clips = await Promise.all(
    events.map(async (event) => {
      const playback = await awaitEnd(app.client, event);
      const frames = await readFrames(await download(playback, dir));
      return { playback, began: Date.parse(playback.clipStartedAt!), frames };
    }),
  );
}, 120_000);

afterEach(async () => expect(await dashboard.close()).toEqual([]));

afterAll(async () => {
  await app.close();
  for (const camera of cameras) await camera.close();
  await rm(dir, { recursive: true, force: true });
});

const videoOf = (page: Page, name: string) => page.getByRole('figure', { name }).locator('video');
/** The moment that the video shows, by the position of its player. */
const momentOf = (video: Locator) =>
  video.evaluate((it: HTMLVideoElement) => Number(it.dataset['clipBegan']) + it.currentTime * 1_000);
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Plays for some seconds, and notes each picture of each video: when it was shown, and which moment it shows, in ms. */
const watch = (page: Page, ms: number) =>
  page.evaluate(async (ms) => {
    const videos = [...document.querySelectorAll('video')];
    const shown = videos.map(() => [] as { at: number; moment: number }[]);
    for (const [i, video] of videos.entries()) {
      const began = Number(video.dataset['clipBegan']);
      const note = (_now: number, { expectedDisplayTime: at, mediaTime }: VideoFrameCallbackMetadata) => {
        shown[i]!.push({ at, moment: began + mediaTime * 1_000 });
        video.requestVideoFrameCallback(note);
      };
      video.requestVideoFrameCallback(note);
    }
    await new Promise((resolve) => setTimeout(resolve, ms));
    return shown;
  }, ms);

describe.skipIf(browserMissing)('cameras that are played together', () => {
  test('show the same moment: while they play, and when they stand', async () => {
    const moment = clips[0]!.began + 500;
    const params = new URLSearchParams([
      ['at', new Date(moment).toISOString()],
      ...ids.map((id) => ['camera', id]),
    ]);
    const page = await dashboard.open(`/together?${params}`);
    await page.getByRole('figure', { name: 'Garden' }).getByText('No recording').waitFor();
    for (const name of names) await videoOf(page, name).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    const [door, yard] = (await watch(page, 4_000)) as [
      { at: number; moment: number }[],
      { at: number; moment: number }[],
    ];
    expect(door.length).toBeGreaterThan(20);
    const drifts = door.map(({ at, moment }) => {
      const near = yard.reduce((best, it) => (Math.abs(it.at - at) < Math.abs(best.at - at) ? it : best));
      return Math.abs(moment - at - (near.moment - near.at));
    });
    expect(median(drifts)).toBeLessThanOrEqual(100);

    await page.getByRole('button', { name: 'Pause' }).click();
    const sought = clips[0]!.began + 3_200;
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
    // What the pictures themselves say, by the counters drawn into them.
    const standing = await standingMoments(page);
    expect(Math.abs(standing[0]! - standing[1]!)).toBeLessThanOrEqual(100);
    expect(standing[0]!).toBeGreaterThan(sought - 2_000);
  });

  test('say where nothing was recorded, and go to the moment that is clicked', async () => {
    const end = clips[0]!.began + clips[0]!.playback.durationMs!;
    const params = new URLSearchParams([
      ['at', new Date(end + 60_000).toISOString()],
      ['camera', ids[0]!],
      ['camera', ids[1]!],
    ]);
    const page = await dashboard.open(`/together?${params}`);
    for (const name of names) await page.getByRole('figure', { name }).getByText('No recording').waitFor();
    const line = (await page.getByRole('group', { name: /^Door: / }).boundingBox())!;
    const clip = (await page
      .getByRole('group', { name: /^Door: / })
      .getByRole('link')
      .boundingBox())!;
    expect(clip.x).toBeGreaterThan(line.x);
    await page.mouse.click(clip.x + clip.width / 2, clip.y + 4);
    for (const name of names) await videoOf(page, name).waitFor();
    expect(new URL(page.url()).pathname).toBe('/together');
    await page.getByRole('checkbox', { name: 'Yard' }).uncheck();
    await page.getByRole('figure', { name: 'Yard' }).waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.getAll('camera')).toEqual([ids[0]]);
    await videoOf(page, 'Door').waitFor();
  });

  test('show what a running recording has so far', async () => {
    const event = await createEvent(app.client, { cameraId: ids[0]! });
    const { startedAt } = event.playback!;
    const params = new URLSearchParams([
      ['at', startedAt],
      ['camera', ids[0]!],
    ]);
    const page = await dashboard.open(`/together?${params}`);
    const video = videoOf(page, 'Door');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await expect.poll(() => momentOf(video)).toBeGreaterThan(Date.parse(startedAt) + 1_500);
    await endEvent(app.client, event.id);
    await awaitEnd(app.client, event);
    await page.locator('video[src*=".mp4"]').waitFor();
  });

  test('are reached from the timeline', async () => {
    const page = await dashboard.open('/playbacks');
    await page.getByRole('link', { name: 'Play together' }).click();
    // At the beginning of one clip, the other camera's may not have begun.
    for (const name of names) await page.getByRole('figure', { name }).waitFor();
    await page.locator('figure video').first().waitFor();
  });
});

/** The moments of the pictures on the screen, by the counters drawn into them. */
async function standingMoments(page: Page): Promise<number[]> {
  const moments: number[] = [];
  for (const [i, name] of names.entries()) {
    const file = path.join(dir, `${name}.png`);
    await page
      .getByRole('figure', { name })
      .locator('figcaption')
      .evaluate((it) => (it.style.visibility = 'hidden'));
    await videoOf(page, name).screenshot({ path: file });
    const counter = await readCounterOfImage(file);
    const { began, frames } = clips[i]!;
    moments.push(began + frames.find((frame) => frame.counter === counter)!.time * 1_000);
  }
  return moments;
}
