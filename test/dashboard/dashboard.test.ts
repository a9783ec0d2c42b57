// The dashboard's views in a real browser, with a real server, camera and store.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { createEvent, deletePlaybacks, endEvent } from '../support/app/playbacks.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const password = 'op3n s&same';
let app: TestApp;
let camera: TestCamera;
let locked: TestCamera;
let cameraId: string;
const dashboard = dashboardPages(() => app.app.url);
const { open } = dashboard;

beforeAll(async () => {
  const film = await capture({ audio: 'aac', gopSec: 1 });
  camera = await startTestCamera({ capture: film });
  locked = await startTestCamera({ capture: film, users: { admin: password } });
  app = await startTestApp();
  cameraId = await app.addCamera({ name: 'Front door', rtspUrl: camera.url, preRollSec: 2 });
});

afterEach(async () => {
  const complaints = await dashboard.close();
  // What a failed test left behind must not make the next one fail.
  await deletePlaybacks(app.client);
  expect(complaints).toEqual([]);
});

afterAll(async () => {
  await app.close();
  await camera.close();
  await locked.close();
});

const tile = (page: Page, name: string) => page.getByRole('article', { name, exact: true });

describe.skipIf(browserMissing)('cameras', () => {
  test('a camera is added: errors appear at their fields, it connects visibly, and its password is never shown', async () => {
    const page = await open('/cameras');
    const answers: string[] = [];
    page.on('response', async (response) => {
      if (response.url().endsWith('/graphql')) answers.push(await response.text().catch(() => ''));
    });
    await page.getByRole('link', { name: 'Add camera' }).click();
    let form = page.getByRole('dialog', { name: 'Add a camera' });
    await form.getByLabel('Name', { exact: true }).fill('Yard');
    await form.getByLabel('Address').fill('http://192.0.2.1/');
    await form.getByLabel('Pre-roll').fill('99');
    await form.getByRole('button', { name: 'Add and connect' }).click();
    await expect.poll(() => form.getByLabel('Address').getAttribute('aria-invalid')).toBe('true');
    await form.getByText('The address does not begin with rtsp://').waitFor();
    await form.getByText('Expected a whole number from 0 to 60.').waitFor();
    expect(await form.getByLabel('Address').evaluate((it) => it === document.activeElement)).toBe(true);

    // The address is pasted with the password, which then moves into its own field.
    await form.getByLabel('Address').fill(locked.urlAs('admin', password));
    await form.getByLabel('Pre-roll').fill('1');
    expect(await form.getByLabel('User name').inputValue()).toBe('admin');
    expect(await form.getByLabel('Address').inputValue()).toBe(locked.url);
    await form.getByRole('button', { name: 'Add and connect' }).click();
    // The dialog now changes the camera instead of adding one.
    form = page.getByRole('dialog', { name: 'Yard' });
    await form.getByText('Live', { exact: true }).waitFor();
    await form.getByText('320 × 180 · H.264 · AAC').waitFor();
    expect(await form.getByLabel('Password').inputValue()).toBe('');

    // A new name leaves the address and its password unchanged: the camera stays live.
    const other = await dashboard.another('/cameras');
    await tile(other, 'Yard').waitFor();
    await form.getByLabel('Name', { exact: true }).fill('Back yard');
    await form.getByRole('button', { name: 'Save' }).click();
    await tile(page, 'Back yard').waitFor();
    await tile(other, 'Back yard').waitFor();
    form = page.getByRole('dialog', { name: 'Back yard' });
    expect(answers.join()).not.toContain(password);
    expect(await page.content()).not.toContain(password);

    await form.getByLabel('In use').uncheck();
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Switched off').waitFor();
    await form.getByLabel('In use').check();
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Live', { exact: true }).waitFor();
    await form.getByRole('button', { name: /^Test: record/ }).click();
    await form.getByRole('button', { name: 'See the clip' }).waitFor();

    await form.getByRole('button', { name: 'Delete' }).click();
    await page
      .getByRole('dialog', { name: 'Delete Back yard?' })
      .getByRole('button', { name: 'Delete' })
      .click();
    await tile(page, 'Back yard').waitFor({ state: 'detached' });
    await tile(other, 'Back yard').waitFor({ state: 'detached' });
  });

  test('an address without a camera is reported; the buttons stay in reach on any screen', async () => {
    const page = await open('/cameras/00000000-0000-4000-8000-000000000000');
    const dialog = page.getByRole('dialog', { name: 'There is no such camera' });
    await dialog.getByRole('button', { name: 'All cameras' }).click();
    await tile(page, 'Front door').waitFor();
    expect(new URL(page.url()).pathname).toBe('/cameras');
    await page.setViewportSize({ width: 768, height: 500 });
    await page.getByRole('link', { name: 'Add camera' }).click();
    await page.getByRole('dialog').waitFor();
    const button = (await page.getByRole('button', { name: 'Add and connect' }).boundingBox())!;
    expect(button.y + button.height).toBeLessThanOrEqual(500);
  });

  test('a connection is tested before it is saved: what the camera sends, or why it cannot be recorded', async () => {
    const page = await open('/cameras/new');
    const form = page.getByRole('dialog', { name: 'Add a camera' });
    const test = form.getByRole('button', { name: 'Test the connection' });
    await form.getByLabel('Address').fill('http://192.0.2.1/');
    await test.click();
    await form.getByText('The address does not begin with rtsp://').waitFor();

    await form.getByLabel('Address').fill(locked.urlAs('admin', 'wrong'));
    await test.click();
    await form.getByText('The camera refused the user name or the password (401 Unauthorized).').waitFor();

    await form.getByLabel('Password').fill(password);
    await test.click();
    const seen = form.getByRole('region', { name: 'What the camera sends' });
    await seen.getByText('320 × 180 · H.264 · AAC').waitFor();
    await seen.getByText(/^15 pictures\/s · a keyframe every 1 s · \d+ kbit\/s$/).waitFor();
    const picture = seen.getByRole('img', { name: 'What the camera sees' });
    expect(await picture.evaluate((it) => (it as HTMLImageElement).naturalWidth)).toBe(640);
    const { cameras } = await app.client.run<{ cameras: { name: string }[] }>('{ cameras { name } }');
    expect(cameras.map(({ name }) => name)).toEqual(['Front door']);
  });

  test('changes of state are pushed: offline, back, recording', async () => {
    const page = await open('/cameras');
    const it = tile(page, 'Front door');
    await it.getByText(/^Live ·/).waitFor();
    const picture = it.getByRole('img', { name: 'What Front door sees' });
    const first = await picture.getAttribute('src');
    await expect.poll(() => picture.getAttribute('src'), { timeout: 10_000 }).not.toBe(first);
    expect(await picture.evaluate((it) => (it as HTMLImageElement).naturalWidth)).toBeGreaterThanOrEqual(320);
    await camera.offline();
    try {
      await it.getByText(/^Offline since \d\d:\d\d:\d\d$/).waitFor();
      await it.getByText('Nothing listens at the camera’s address').waitFor();
    } finally {
      await camera.online();
    }
    await it.getByText(/^Live ·/).waitFor();
    const event = await createEvent(app.client, { cameraId });
    await it.getByText(/^Recording 0:0\d$/).waitFor();
    await endEvent(app.client, event.id);
    await it.getByText(/^Recording/).waitFor({ state: 'detached' });
  });
});

describe.skipIf(browserMissing)('now', () => {
  const current = (page: Page) => page.locator('[aria-current=step]');

  test('an event is triggered and ended, and its recording reaches COMPLETED visibly', async () => {
    const page = await open('/now');
    await page.getByText('Nothing is being recorded').waitFor();
    expect(await page.getByRole('article').count()).toBe(0);
    await page.getByLabel('Camera').selectOption('Front door');
    await page.getByLabel('Label').fill('postman');
    await page.getByRole('button', { name: 'Trigger event' }).click();
    const card = page.getByRole('article', { name: 'Front door, Motion · postman' });
    await card.locator('[aria-current=step]', { hasText: 'Recording' }).waitFor();
    await card.getByRole('timer').getByText('0:02').waitFor();
    await card.getByRole('button', { name: 'Watch' }).click();
    const live = card.getByLabel('Front door, live');
    await live.scrollIntoViewIfNeeded();
    await expect.poll(() => live.evaluate((it) => (it as HTMLVideoElement).currentTime)).toBeGreaterThan(0.3);
    const picture = card.locator('img');
    await picture.waitFor();
    await expect.poll(() => picture.evaluate((it) => (it as HTMLImageElement).naturalWidth)).toBe(640);
    await card.getByRole('button', { name: 'End event' }).click();
    // The end is sent after the ten seconds in which it can be undone.
    await card.locator('[aria-current=step]', { hasText: 'Completed' }).waitFor({ timeout: 30_000 });
    await card.getByRole('link', { name: 'Play' }).click();
    await page.getByRole('region', { name: 'Player' }).waitFor();
    const link = page.getByRole('button', { name: 'Download' });
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toMatch(/\.mp4$/);
  });

  test('a recording by hand starts and stops; one with a duration ends by itself', async () => {
    const page = await open('/now');
    await page.getByRole('button', { name: 'Record by hand' }).click();
    const card = page.getByRole('article', { name: 'Front door, By hand' });
    await card.getByRole('button', { name: 'Stop' }).click();
    await card.locator('[aria-current=step]', { hasText: 'Completed' }).waitFor();

    await page.getByLabel('Lasts').selectOption('5 s');
    await page.getByRole('button', { name: 'Trigger event' }).click();
    await page.getByText(/Ends by itself in 0:0\d/).waitFor();
    await page.getByText(/Ends by itself/).waitFor({ state: 'detached' });
    await expect.poll(() => current(page).first().innerText()).toBe('Completed');
  });

  test('the form says before and after the event that its type is not recorded', async () => {
    const page = await open('/now');
    await page.getByLabel('Type').selectOption('Animal');
    await page.getByText('Front door does not record on this type.', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Trigger event' }).click();
    await page.getByText('It is not recorded').waitFor();
  });
});
