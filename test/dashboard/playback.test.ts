// One playback in a real browser, with a real server, camera and bucket: player, facts, failure, links.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import {
  awaitEnd,
  createEvent,
  deletePlaybacks,
  endEvent,
  type PlaybackFacts,
} from '../support/app/playbacks.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { seriousFindings } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import type { Operation } from '../support/s3/faults.ts';
import { type S3Server, startS3Server } from '../support/s3/s3-server.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const linkSec = 600;
let app: TestApp;
let bucket: S3Server;
let camera: TestCamera;
let cameraId: string;
const dashboard = dashboardPages(() => app.app.url);
const { open } = dashboard;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  bucket = await startS3Server();
  const { endpoint, bucket: name, accessKeyId, secretAccessKey, region } = bucket;
  const r2 = { endpoint, bucket: name, accessKeyId, secretAccessKey, region, urlTtlSec: linkSec };
  // The bucket's clock can be set. Live links are this server's own, and expire while the user watches.
  app = await startTestApp({ r2, urlTtlSec: 2 });
  cameraId = await app.addCamera({ name: 'Front door', rtspUrl: camera.url, preRollSec: 2 });
});

afterEach(async () => {
  // Live links are valid for two seconds here.
  refusedLinks();
  const complaints = await dashboard.close();
  // What a failed test left behind must not make the next one fail.
  await deletePlaybacks(app.client);
  expect(complaints).toEqual([]);
});

afterAll(async () => {
  await app.close();
  await bucket.close();
  await camera.close();
});

async function record(cameraId: string, during: () => Promise<unknown>): Promise<PlaybackFacts> {
  const event = await createEvent(app.client, { cameraId, label: 'a fox' });
  await during();
  await endEvent(app.client, event.id);
  return awaitEnd(app.client, event);
}

const playerOf = (page: Page) => page.getByRole('region', { name: 'Player' });
const positionOf = (video: Locator) => video.evaluate((it) => (it as HTMLVideoElement).currentTime);
const isClip = (op: Operation, key: string) => op === 'PutObject' && key.endsWith('.mp4');

/** The browser logs links that are refused. Here they are expected. */
function refusedLinks(): number {
  const [meant, others] = [[] as string[], [] as string[]];
  for (const complaint of dashboard.complaints.splice(0))
    (/status of 403|ERR_BLOCKED_BY_ORB/.test(complaint) ? meant : others).push(complaint);
  dashboard.complaints.push(...others);
  return meant.length;
}

describe.skipIf(browserMissing)('one playback', () => {
  test('plays at once, marks the event, steps by single frames, and shows all facts', async () => {
    const playback = await record(cameraId, () => sleep(2_000));
    const page = await open(`/playbacks/${playback.id}`);
    const player = playerOf(page);
    const video = player.locator('video');
    const seconds = () => positionOf(video);
    await player.getByRole('button', { name: 'Play from the pre-roll on' }).click();
    await expect.poll(seconds).toBeGreaterThan(0.3);
    await page.keyboard.press('k');

    const preRoll = player.locator('[data-part=pre-roll]');
    const shaded = await preRoll.evaluate(
      (it) => it.clientWidth / (it.parentElement as HTMLElement).clientWidth,
    );
    expect(shaded).toBeCloseTo(playback.preRollMs! / playback.durationMs!, 1);
    await player.getByRole('button', { name: 'Event', exact: true }).click();
    await expect.poll(seconds).toBeCloseTo(playback.preRollMs! / 1_000, 2);

    // Steps forward and back by single frames, at 15 frames per second.
    const shown = () =>
      page.evaluate<number>(`new Promise((resolve) => {
      const video = document.querySelector('video');
      video.requestVideoFrameCallback((_now, { mediaTime }) => resolve(mediaTime));
      video.currentTime += 0.0001;
    })`);
    const before = await shown();
    await player.getByRole('button', { name: /^One frame on/ }).click();
    await expect.poll(async () => Math.round(((await shown()) - before) * 15)).toBe(1);
    await page.keyboard.press(',');
    await expect.poll(async () => Math.round(((await shown()) - before) * 15)).toBe(0);
    await player.getByLabel('Speed').selectOption('0.25 ×');
    expect(await video.evaluate((it) => (it as HTMLVideoElement).playbackRate)).toBe(0.25);

    const facts = page.getByRole('complementary', { name: 'Facts' });
    for (const fact of ['a fox', 'H.264, 320 × 180', 'AAC', 'its event ended', playback.id]) {
      await facts.getByText(fact, { exact: true }).waitFor();
    }
    const way = await page.getByRole('region', { name: 'Transitions' }).getByRole('listitem').allInnerTexts();
    expect(way.map((text) => text.split('\n')[0])).toEqual([
      'Pending',
      'Recording',
      'Processing',
      'Completed',
    ]);
  });

  test('shows times in the viewer’s zone, and names the zone', async () => {
    const playback = await record(cameraId, () => sleep(500));
    const page = await open(`/playbacks/${playback.id}`);
    await page.getByText('Times in Europe/Berlin, GMT+1').waitFor();
    const berlin = new Date(playback.startedAt).toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin' });
    await page.getByRole('complementary', { name: 'Facts' }).getByText(berlin).first().waitFor();
  });

  test('shows a failure as a sentence, with who must act', async () => {
    const id = await app.addCamera({ name: 'Nowhere', rtspUrl: 'rtsp://127.0.0.1:9/none' }, 'OFFLINE');
    const playback = await record(id, () => sleep(300));
    const page = await open(`/playbacks/${playback.id}`);
    const failure = page.getByRole('region', { name: 'Failure' });
    await failure.getByText(playback.failure!.message).waitFor();
    await failure.getByText('whoever looks after the camera or its network').waitFor();
    expect(await failure.getByRole('button').count()).toBe(0);
    expect(await page.getByText('Stopped because').count()).toBe(0);
    await failure.getByRole('link', { name: 'The camera' }).click();
    await page.getByRole('dialog', { name: 'Nowhere' }).waitFor();
    await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id });
  });

  test('is deleted after a confirmation, in another tab, too', async () => {
    const playback = await record(cameraId, () => sleep(500));
    const page = await open(`/playbacks/${playback.id}`);
    const list = await dashboard.another('/playbacks');
    const link = list.locator(`section[aria-label=Playbacks] a[href="/playbacks/${playback.id}"]`);
    await link.waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    const question = page.getByRole('dialog', { name: 'Delete this playback?' });
    await question.getByRole('button', { name: 'Keep' }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await question.getByRole('button', { name: 'Delete' }).click();
    await link.waitFor({ state: 'detached' });
    expect(await app.client.run('query($id: ID!) { playback(id: $id) { id } }', { id: playback.id })).toEqual(
      {
        playback: null,
      },
    );
  });

  test('is protected for a reason, which another tab shows too, and is not deleted until that is lifted', async () => {
    const playback = await record(cameraId, () => sleep(300));
    const page = await open(`/playbacks/${playback.id}`);
    const list = await dashboard.another('/playbacks?protected=no');
    const card = list.getByRole('article', { name: 'Front door, Motion · a fox' });
    await card.waitFor();
    await page.getByRole('button', { name: 'Protect' }).click();
    const dialog = page.getByRole('dialog', { name: 'Protect this playback?' });
    await dialog.getByRole('button', { name: 'Protect' }).click();
    await dialog.getByText('Expected text of 1 to 500 characters.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByLabel('Reason').fill('for the police');
    await page.keyboard.press('Enter');
    const panel = page.getByRole('region', { name: 'Protection' });
    await panel.getByText('for the police').waitFor();
    expect(await page.getByRole('button', { name: 'Delete' }).count()).toBe(0);
    await card.waitFor({ state: 'detached' });
    await list.getByLabel('Protection').selectOption('Protected');
    await card.getByRole('img', { name: 'Protected' }).waitFor();
    await panel.getByRole('button', { name: 'Lift the protection' }).click();
    await page.getByRole('button', { name: 'Delete' }).waitFor();
    await card.waitFor({ state: 'detached' });
  });

  test('is reviewed once it is played, which hides it in a list of what is to be reviewed', async () => {
    const playback = await record(cameraId, () => sleep(300));
    const page = await open(`/playbacks/${playback.id}`);
    const list = await dashboard.another('/playbacks?reviewed=no');
    const card = list.getByRole('article', { name: 'Front door, Motion · a fox' });
    await card.waitFor();
    await page.getByRole('button', { name: 'Mark as reviewed' }).waitFor();
    await playerOf(page).getByRole('button', { name: 'Play from the pre-roll on' }).click();
    await card.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Mark as not reviewed' }).waitFor();
    await page.keyboard.press('r');
    await card.waitFor();
    await page.keyboard.press('k');
    await page.reload();
    await page.getByRole('button', { name: 'Mark as reviewed' }).waitFor();
  });

  test('has marks where its gaps are', async () => {
    const playback = await record(cameraId, async () => {
      await camera.offline();
      await app.awaitCamera(cameraId, 'OFFLINE').finally(() => camera.online());
      await app.awaitCamera(cameraId, 'LIVE');
    });
    const [gap] = playback.gaps;
    const page = await open(`/playbacks/${playback.id}`);
    const mark = playerOf(page).locator('[data-part=gap]');
    const [whole, part] = [(await mark.locator('..').boundingBox())!, (await mark.boundingBox())!];
    const share = (at: string) =>
      (Date.parse(at) - Date.parse(playback.clipStartedAt!)) / playback.durationMs!;
    expect((part.x - whole.x) / whole.width).toBeCloseTo(share(gap!.from), 1);
    expect((part.x + part.width - whole.x) / whole.width).toBeCloseTo(share(gap!.to), 1);
    await page.getByRole('complementary', { name: 'Facts' }).getByText('nothing came for').waitFor();
  });

  test('fills the screen and returns, and its link can be copied', async () => {
    const playback = await record(cameraId, () => sleep(300));
    const page = await open(`/playbacks/${playback.id}`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await playerOf(page)
      .getByRole('button', { name: /^Full screen/ })
      .click();
    const filling = () => page.evaluate('document.fullscreenElement?.getAttribute("aria-label")');
    await expect.poll(filling).toBe('Player');
    await page.keyboard.press('f');
    await expect.poll(filling).toBeUndefined();
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText('The link to this page is copied.').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(page.url());
    const link = page.getByRole('button', { name: 'Download' });
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toMatch(/^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_front-door_motion\.mp4$/);
    const berlin = new Date(playback.startedAt).toLocaleString('sv-SE', { timeZone: 'Europe/Berlin' });
    expect(download.suggestedFilename()).toContain(berlin.replace(' ', '_').replaceAll(':', '-'));
    expect(await download.failure()).toBeNull();
  });

  test('can be retried after the bucket refused it, and becomes COMPLETED visibly', async () => {
    // Two refusals: a single one is retried without a notice.
    bucket.fail({ match: isClip, times: 2, status: 403, code: 'AccessDenied' });
    const playback = await record(cameraId, () => sleep(300));
    const page = await open(`/playbacks/${playback.id}`);
    const failure = page.getByRole('region', { name: 'Failure' });
    await failure.getByText('whoever looks after the bucket or the disk').waitFor();
    bucket.fail({ match: isClip, times: 1, delayMs: 1_000 });
    await failure.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[aria-current=step]', { hasText: 'Processing' }).waitFor();
    await playerOf(page).getByRole('button', { name: 'Play from the pre-roll on' }).click();
    await expect.poll(() => positionOf(page.locator('video'))).toBeGreaterThan(0.3);
  });

  test('renews links that expired while the page was open, for clip and poster', async () => {
    await record(cameraId, () => sleep(300));
    const page = await open('/playbacks');
    const refused = new Set<string>();
    page.on('requestfailed', (it) => refused.add(path.extname(new URL(it.url()).pathname)));
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    await network.send('Network.setCacheDisabled', { cacheDisabled: true });
    const card = page.getByRole('article', { name: 'Front door, Motion · a fox' });
    const poster = card.locator('img');
    await poster.waitFor();
    const first = await poster.getAttribute('src');
    let aheadMs = 0;
    const advance = (ms: number) => {
      bucket.advanceClock(ms);
      aheadMs += ms;
    };
    try {
      advance((linkSec - 5) * 1_000);
      await expect.poll(async () => (await fetch(first!)).status).toBe(403);
      // The page has queried a new one since. New links are valid for some seconds.
      advance(2_000);
      await card.getByRole('link').click();
      await playerOf(page).getByRole('button', { name: 'Play from the pre-roll on' }).click();
      await expect.poll(() => positionOf(page.locator('video'))).toBeGreaterThan(0.3);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download' }).click(),
      ]);
      expect(await download.failure()).toBeNull();
      await page.goBack();
      const width = () => poster.evaluate((it) => (it as HTMLImageElement).naturalWidth);
      await expect.poll(width).toBeGreaterThan(0);
      expect(await poster.getAttribute('src')).not.toBe(first);
      expect(refused).toContain('.mp4');
    } finally {
      bucket.advanceClock(-aheadMs);
    }
  });

  test('can be watched while it is recorded, even when its link expires meanwhile', async () => {
    const event = await createEvent(app.client, { cameraId, label: 'a fox' });
    const page = await open(`/playbacks/${event.playback!.id}`);
    const live = page.getByLabel('Front door, live');
    await expect.poll(() => positionOf(live)).toBeGreaterThan(4);
    expect(refusedLinks()).toBeGreaterThanOrEqual(1);
    await page.getByRole('button', { name: 'Jump to now' }).click();
    const behind = () =>
      live.evaluate((it) => {
        const { buffered, currentTime } = it as HTMLVideoElement;
        return buffered.length > 0 ? buffered.end(buffered.length - 1) - currentTime : Number.NaN;
      });
    await expect.poll(behind).toBeLessThan(2.5);
    await endEvent(app.client, event.id);
    await playerOf(page).waitFor();
  });
});
