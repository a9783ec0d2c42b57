// Ending events in the dashboard: the right event ends, and the user can undo it.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, deletePlaybacks, endEvent } from '../support/app/playbacks.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let camera: TestCamera;
let cameraId: string;
const dashboard = dashboardPages(() => app.app.url);
const { open } = dashboard;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp();
  cameraId = await app.addCamera({ name: 'Door', rtspUrl: camera.url, preRollSec: 1 });
});

afterEach(async () => {
  const complaints = await dashboard.close();
  await deletePlaybacks(app.client);
  expect(complaints).toEqual([]);
});

afterAll(async () => {
  await app.close();
  await camera.close();
});

const cardOf = (page: Page, label: string) => page.getByRole('article', { name: `Door, Motion · ${label}` });
const endButton = (page: Page, label: string) =>
  cardOf(page, label).getByRole('button', { name: 'End event' });

async function endOf(eventId: string): Promise<string | null> {
  const { event } = await app.client.run<{ event: { endedAt: string | null } }>(
    'query($id: ID!) { event(id: $id) { endedAt } }',
    { id: eventId },
  );
  return event.endedAt;
}

describe.skipIf(browserMissing)('ending an event', () => {
  test('cards stay in place when an event arrives, and the clicked event ends with the time of the click', async () => {
    const page = await open('/now');
    const first = await createEvent(app.client, { cameraId, label: 'first' });
    const button = endButton(page, 'first');
    await button.hover();
    const place = await button.boundingBox();
    const second = await createEvent(app.client, { cameraId, label: 'second' });
    await cardOf(page, 'second').waitFor();
    // The first card's picture does not move the cards either.
    await cardOf(page, 'first').locator('img').waitFor();
    expect(await button.boundingBox()).toEqual(place);
    const clickedAt = Date.now();
    await page.mouse.click(place!.x + place!.width / 2, place!.y + place!.height / 2);
    await page.getByText(/^Door, Motion · first ended at \d\d:\d\d:\d\d\.$/).waitFor();
    const playback = await awaitEnd(app.client, first);
    expect(Math.abs(Date.parse(playback.endedAt!) - clickedAt)).toBeLessThan(2_000);
    const clipEnd = Date.parse(playback.clipStartedAt!) + playback.durationMs!;
    expect(Math.abs(clipEnd - Date.parse(playback.endedAt!))).toBeLessThan(1_500);
    expect(await endOf(second.id)).toBeNull();

    await page.mouse.move(0, 0);
    await expect
      .poll(() => page.getByRole('region', { name: 'Running' }).getByRole('article').allInnerTexts())
      .toEqual([expect.stringContaining('second')]);
    await endEvent(app.client, second.id);
  });

  test('the end can be undone, and is sent at once when the page is left', async () => {
    const kept = await createEvent(app.client, { cameraId, label: 'kept' });
    const ended = await createEvent(app.client, { cameraId, label: 'ended' });
    const page = await open('/now');
    await endButton(page, 'kept').click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await endButton(page, 'kept').waitFor();
    await endButton(page, 'ended').click();
    await cardOf(page, 'ended')
      .getByText(/^Ended at/)
      .waitFor();
    await page.goto('about:blank');
    await expect.poll(() => endOf(ended.id), { timeout: 5_000 }).not.toBeNull();
    expect(await endOf(kept.id)).toBeNull();
  });

  test('the time of the end is by the server’s clock, even if the browser’s clock is wrong', async () => {
    const event = await createEvent(app.client, { cameraId, label: 'late' });
    const cameras = await open('/cameras');
    await cameras.context().addInitScript('{ const now = Date.now; Date.now = () => now() - 3_600_000; }');
    const page = await dashboard.another('/now');
    await endButton(page, 'late').click();
    await page.goto('about:blank');
    await expect.poll(() => endOf(event.id)).not.toBeNull();
    expect(Math.abs(Date.parse((await endOf(event.id))!) - Date.now())).toBeLessThan(10_000);
  });
});
