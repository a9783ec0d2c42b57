// The list of playbacks in a real browser: filters, the endless list, pages, and the day's timeline.
import type { Page, Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, deletePlaybacks, endEvent } from '../support/app/playbacks.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { seriousFindings } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { writePast } from '../support/database/history.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const total = 420;
/** A day of its own, so that running recordings do not interfere; at noon in the browser's zone. */
const day = '2026-03-10';
const noon = Date.parse('2026-03-10T11:00:00.000Z');

let app: TestApp;
let camera: TestCamera;
let door: string;
let yard: string;
const dashboard = dashboardPages(() => app.app.url);
const { open } = dashboard;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp();
  door = await app.addCamera({ name: 'Door', rtspUrl: camera.url, preRollSec: 1 });
  yard = await app.addCamera({ name: 'Yard', rtspUrl: camera.url, preRollSec: 1, recordOn: ['PERSON'] });
  const types = ['MOTION', 'PERSON', 'VEHICLE'] as const;
  await writePast(
    app.config.databaseUrl!,
    Array.from({ length: total }, (_, i) => ({
      cameraId: i % 2 ? yard : door,
      startedAt: new Date(noon - i * 600_000),
      type: types[i % 3]!,
      failed: i % 100 === 7,
      gap: i === 2,
    })),
  );
});

afterEach(async () => {
  const complaints = await dashboard.close();
  await deletePlaybacks(app.client, `${day}T23:59:59Z`);
  expect(complaints).toEqual([]);
});

afterAll(async () => {
  await app.close();
  await camera.close();
});

const list = (page: Page) => page.getByRole('region', { name: 'Playbacks', exact: true });
const isListAnswer = (response: Response) =>
  Boolean(response.request().postData()?.includes('PlaybacksByCursor'));
const typeField = (page: Page) => page.locator('details');

async function chooseType(page: Page, name: string): Promise<void> {
  await typeField(page).locator('summary').click();
  await page.getByRole('checkbox', { name, exact: true }).check();
}

const cards = (page: Page) => list(page).getByRole('article');

describe.skipIf(browserMissing)('the list', () => {
  test('is narrowed by filters, which are in the address and survive a reload', async () => {
    const page = await open('/playbacks');
    await page.getByText(`${total} playbacks`).waitFor();
    await page.getByLabel('Camera').selectOption('Yard');
    await page.getByText('210 playbacks').waitFor();
    await chooseType(page, 'Person');
    await page.getByText('70 playbacks').waitFor();
    await page.getByLabel('Status').selectOption('Failed');
    await page.getByText('2 playbacks').waitFor();
    expect(new URL(page.url()).search).toBe(`?camera=${yard}&status=failed&type=person`);
    await page.reload();
    await page.getByText('2 playbacks').waitFor();
    expect(await cards(page).allInnerTexts()).toHaveLength(2);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('Time').selectOption('From … to …');
    await page.getByLabel('From').fill('2026-03-10 11:00');
    await page.keyboard.press('Tab');
    await page.getByLabel('To', { exact: true }).fill('tomorrow');
    await page.keyboard.press('Enter');
    await page.getByText('Expected a time like 2026-11-28 14:00.').waitFor();
    await page.getByLabel('To', { exact: true }).fill('2026-3-10 11:31');
    await page.keyboard.press('Enter');
    await page.getByText('4 playbacks').waitFor();
    await expect
      .poll(() => cards(page).getByRole('time').allInnerTexts())
      .toEqual(['11:30:00', '11:20:00', '11:10:00', '11:00:00']);
  });

  test('can be filtered by several types and by words of the event', async () => {
    const event = await createEvent(app.client, {
      cameraId: door,
      label: 'postman',
      description: 'rings twice',
    });
    await endEvent(app.client, event.id);
    await awaitEnd(app.client, event);
    const page = await open('/playbacks');
    await page.getByText(`${total + 1} playbacks`).waitFor();
    await page.getByLabel('Words').fill('TWICE postman');
    await page.keyboard.press('Enter');
    await page.getByText('1 playback', { exact: true }).waitFor();
    await list(page).getByRole('article', { name: 'Door, Motion · postman' }).waitFor();
    expect(new URL(page.url()).searchParams.get('search')).toBe('TWICE postman');
    await page.getByRole('link', { name: /Motion · postman, Completed/ }).waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await chooseType(page, 'Person');
    await page.getByText('140 playbacks').waitFor();
    await page.getByRole('checkbox', { name: 'Vehicle' }).check();
    await page.getByText('280 playbacks').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('checkbox', { name: 'Vehicle' }).waitFor({ state: 'hidden' });
    expect(new URL(page.url()).search).toBe('?type=person&type=vehicle');
  });

  test('loads older playbacks by itself, and has only visible ones in the document', async () => {
    const page = await open('/playbacks');
    const oldest = list(page).locator(
      `time[datetime="${new Date(noon - (total - 1) * 600_000).toISOString()}"]`,
    );
    let most = 0;
    await expect
      .poll(
        async () => {
          await page.mouse.wheel(0, 3_000);
          most = Math.max(most, await cards(page).count());
          return oldest.count();
        },
        { timeout: 25_000, interval: 30 },
      )
      .toBe(1);
    expect(most).toBeLessThan(80);

    // When the tab is visible again, its newest page is queried again. The loaded pages stay.
    const shortest = page.evaluate(async () => {
      const height = () => document.documentElement.scrollHeight;
      const whole = height();
      let least = whole;
      document.dispatchEvent(new Event('visibilitychange'));
      for (let frame = 0; frame < 120; frame++) {
        await new Promise(requestAnimationFrame);
        least = Math.min(least, height());
      }
      return least / whole;
    });
    await page.waitForResponse((response) => isListAnswer(response));
    expect(await shortest).toBeGreaterThan(0.9);
  });

  test('lets playbacks be chosen by keys and clicks, and protects and deletes all of them at once', async () => {
    const of = Date.parse('2026-02-10T11:00:00.000Z');
    const rows = Array.from({ length: 4 }, (_, i) => ({
      cameraId: door,
      startedAt: new Date(of - i * 60_000),
    }));
    await writePast(app.config.databaseUrl!, rows);
    const page = await open('/playbacks?day=2026-02-10', { reducedMotion: 'no-preference' });
    const card = (i: number) =>
      cards(page).filter({ has: page.locator(`time[datetime="${rows[i]!.startedAt.toISOString()}"]`) });
    const bar = page.getByRole('region', { name: 'Chosen playbacks' });
    // Under the pointer, a clip plays without sound.
    await card(3).getByRole('link').hover();
    const preview = card(3).locator('video');
    await preview.waitFor({ state: 'attached' });
    expect(
      await preview.evaluate((it) => (it as HTMLVideoElement).muted && it.getAttribute('src')),
    ).toContain('#t=4');
    await page.mouse.move(0, 0);
    await preview.waitFor({ state: 'detached' });
    // Not if the browser is to save data.
    await page.evaluate("Object.defineProperty(navigator.connection, 'saveData', { value: true })");
    await card(3).getByRole('link').hover();
    await page.evaluate('new Promise((done) => setTimeout(() => requestAnimationFrame(done), 500))');
    expect(await preview.count()).toBe(0);
    await page.mouse.move(0, 0);
    await card(0).getByRole('link').focus();
    await page.keyboard.press('x');
    await bar.getByText('1 playback chosen').waitFor();
    await card(2)
      .getByRole('checkbox')
      .click({ modifiers: ['Shift'] });
    await bar.getByText('3 playbacks chosen').waitFor();
    await card(1).getByRole('checkbox').uncheck();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await seriousFindings(page)).toEqual([]);
    await bar.getByRole('button', { name: 'Protect' }).click();
    await page.getByLabel('Reason').fill('evidence');
    await page.keyboard.press('Enter');
    await page.getByText('2 playbacks protected.').waitFor();
    for (const i of [0, 2]) await card(i).getByRole('img', { name: 'Protected' }).waitFor();

    await card(0).getByRole('link').focus();
    await page.keyboard.press('r');
    await card(0).getByRole('img', { name: 'Reviewed' }).waitFor();
    for (const i of [0, 1, 2]) await card(i).getByRole('checkbox').check();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      bar.getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(saved.suggestedFilename()).toBe('2026-02-10_11-58-00_3-clips.zip');
    await bar.getByRole('button', { name: 'Reviewed', exact: true }).click();
    await page.getByText('3 playbacks marked as reviewed.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    const onTimeline = page.getByRole('group', { name: /^Door: \d+ playback/ }).getByRole('link');
    expect(await onTimeline.count()).toBe(4);
    await page.getByLabel('Review', { exact: true }).selectOption('Hide reviewed');
    await page.getByText('1 playback', { exact: true }).waitFor();
    await expect.poll(() => onTimeline.count()).toBe(1);
    expect(new URL(page.url()).search).toBe('?day=2026-02-10&reviewed=no');
    await page.getByLabel('Review', { exact: true }).selectOption('Reviewed or not');
    await card(0).waitFor();
    await bar.getByRole('button', { name: 'Not reviewed' }).click();
    for (const i of [0, 1, 2])
      await card(i).getByRole('img', { name: 'Reviewed' }).waitFor({ state: 'detached' });
    await bar.getByRole('button', { name: 'Choose none' }).click();

    for (const i of [1, 2, 3]) await card(i).getByRole('checkbox').check();
    await bar.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText(/1 of 3 could not be changed\. .*is protected by local \(evidence\)/).waitFor();
    for (const i of [1, 3]) await card(i).waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');

    // Two are left; the arrow keys go from one to the other, and "?" says so.
    await card(0).getByRole('link').click();
    await page.getByRole('button', { name: 'Lift the protection' }).click();
    await page.keyboard.press('?');
    await page
      .getByRole('dialog', { name: 'Keys' })
      .getByText('The earlier and the later playback')
      .waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Protect' }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('button', { name: 'Lift the protection' }).click();
    await page.getByRole('button', { name: 'Protect' }).waitFor();
    await page.goBack();
    await card(0).getByRole('checkbox').check();
    await card(2).getByRole('checkbox').check();
    await bar.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('2 playbacks deleted.').waitFor();
    // The clips of this history are not in the store.
    dashboard.complaints.splice(0);
  });

  test('loses no playback when an answer is newer than the pushes so far', async () => {
    const context = (await open('/playbacks')).context();
    let release = () => {};
    let held: Promise<void> = Promise.resolve();
    await context.routeWebSocket('**/graphql', (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => void held.then(() => socket.send(message)));
    });
    // The day's timeline would get the playback, too.
    const isOfStatus = (body: string | null) => Boolean(body?.includes('"recordingStatus"'));
    await context.route('**/graphql', async (route) => {
      if (!isOfStatus(route.request().postData())) await held;
      await route.continue();
    });
    const page = await dashboard.another('/playbacks?status=recording');
    const event = await createEvent(app.client, { cameraId: door, label: 'overtaken' });
    const card = list(page).getByRole('article', { name: 'Door, Motion · overtaken' });
    await card.waitFor();
    held = new Promise((resolve) => {
      release = resolve;
    });
    await endEvent(app.client, event.id);
    await awaitEnd(app.client, event);
    const answered = page.waitForResponse(
      (response) => isListAnswer(response) && isOfStatus(response.request().postData()),
    );
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await (await answered).finished();
    // The page has received it and rendered the change.
    await page.evaluate(async () => {
      for (let frame = 0; frame < 30; frame++) await new Promise(requestAnimationFrame);
    });
    expect(await card.count()).toBe(1);
    release();
    await card.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Clear' }).click();
    await card.waitFor();
  });

  test('has each playback once in numbered pages', async () => {
    const page = await open('/playbacks?page=10');
    const number = page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name: 'Page 11' });
    await number.click();
    await expect.poll(() => cards(page).count()).toBe(total - 10 * 40);
    const oldest = await cards(page).first().getByRole('time').innerText();
    expect(new URL(page.url()).searchParams.get('page')).toBe('11');
    expect(await page.getByRole('button', { name: 'Older' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Newer' }).click();
    await page.locator('[aria-current=page]', { hasText: '10' }).waitFor();
    await expect.poll(() => cards(page).first().getByRole('time').innerText()).not.toBe(oldest);
    await page.getByRole('button', { name: 'Show as one list' }).click();
    expect(new URL(page.url()).search).toBe('');
  });

  test('offers new playbacks, and shifts nothing until the user asks for them', async () => {
    const page = await open('/playbacks');
    const other = await dashboard.another(`/playbacks?camera=${yard}`);
    const pages = await dashboard.another('/playbacks?page=1');
    for (const each of [page, pages, other]) await cards(each).first().waitFor();
    const places = () => cards(page).evaluateAll((all) => all.map((it) => it.getBoundingClientRect().top));
    const before = await places();
    const event = await createEvent(app.client, { cameraId: door, label: 'brand new' });
    const fresh = (page: Page) => list(page).getByRole('article', { name: 'Door, Motion · brand new' });
    await page.getByRole('button', { name: '1 new' }).waitFor();
    expect(await places()).toEqual(before);
    await page.getByRole('button', { name: '1 new' }).click();
    await fresh(page).getByText('Recording', { exact: true }).waitFor();
    await page.getByText(`${total + 1} playbacks`).waitFor();
    await endEvent(app.client, event.id);
    await fresh(page).locator('img').waitFor();
    await pages.getByRole('button', { name: '1 new' }).click();
    await fresh(pages).locator('img').waitFor();
    expect(await other.getByRole('button', { name: '1 new' }).count()).toBe(0);
  });

  test('is unchanged after a visit to a clip; going back after a filter removes the filter', async () => {
    const page = await open('/playbacks');
    const deep = list(page).locator(`time[datetime="${new Date(noon - 250 * 600_000).toISOString()}"]`);
    await expect
      .poll(
        async () => {
          // At once, unlike a wheel, which may scroll on after the list was looked at.
          await page.evaluate('scrollBy(0, 600)');
          return deep.count();
        },
        { timeout: 25_000, interval: 50 },
      )
      .toBe(1);
    await deep.scrollIntoViewIfNeeded();
    const place = await deep.boundingBox();
    await deep.locator('xpath=ancestor::a').click();
    await page.getByRole('complementary', { name: 'Facts' }).waitFor();
    expect(await page.evaluate('scrollY')).toBe(0);
    // The playbacks of the past have no clips in the store.
    await page.getByText('The clip cannot be loaded').waitFor();
    dashboard.complaints.splice(0);
    await page.goBack();
    await expect.poll(() => deep.boundingBox()).toEqual(place);

    await chooseType(page, 'Person');
    await page.getByText('140 playbacks').waitFor();
    await page.goBack();
    await page.getByText(`${total} playbacks`).waitFor();
    await typeField(page).getByText('Any type').waitFor();
  });

  test('loads without duplicate queries, and without shifts on a slow connection', async () => {
    const page = await open('/cameras');
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    const slow = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 100_000 };
    await network.send('Network.emulateNetworkConditions', slow);
    const asked: string[] = [];
    page.on('request', (request) => {
      const { query, variables } = request.postDataJSON() ?? {};
      const name = /^query (\w+)/.exec(query ?? '')?.[1];
      if (name?.startsWith('Playback') || name === 'Cameras')
        asked.push(`${name} ${JSON.stringify(variables)}`);
    });
    await page.addInitScript(`
      window.shift = 0;
      new PerformanceObserver((entries) => {
        for (const { hadRecentInput, value } of entries.getEntries()) if (!hadRecentInput) window.shift += value;
      }).observe({ type: 'layout-shift', buffered: true });
    `);
    await page.goto(`${app.app.url}/playbacks?day=${day}`);
    await page.getByText('Connected', { exact: true }).waitFor();
    await cards(page).first().waitFor();
    await page.getByText('73 playbacks').waitFor();
    await page.evaluate('new Promise((done) => setTimeout(() => requestAnimationFrame(done), 1_500))');
    expect(asked.filter((each, i) => asked.indexOf(each) !== i)).toEqual([]);
    // The cameras, the page, the total; for the timeline, the counts and what began before the day; and, a second after
    // the connection opened, the newest playbacks.
    expect(asked).toHaveLength(6);
    expect(await page.evaluate('window.shift')).toBeLessThanOrEqual(0.02);
  });

  test('is asked for while the scripts of the page are still being loaded, and only once', async () => {
    const page = await open('/cameras');
    const lists: string[] = [];
    page.on('request', (request) => {
      const body = request.postData() ?? '';
      if (/query PlaybacksByCursor.*"filter":{},/.test(body)) lists.push(body);
    });
    let letScriptsPass = () => {};
    const mayPass = new Promise<void>((resolve) => (letScriptsPass = resolve));
    await page.route('**/assets/*.js', async (route) => {
      await mayPass;
      await route.continue();
    });
    const loaded = page.goto(`${app.app.url}/playbacks`);
    await expect.poll(() => lists.length).toBe(1);
    letScriptsPass();
    await loaded;
    await page.getByText(`${total} playbacks`).waitFor();
    await cards(page).first().waitFor();
    expect(lists).toHaveLength(1);
  });
});

describe.skipIf(browserMissing)('the timeline of a day', () => {
  test('has a row per camera with clips, pre-roll and gaps at their times, and can be zoomed', async () => {
    const page = await open(`/playbacks?day=${day}`);
    const timeline = page.getByRole('region', { name: 'Tuesday 10 March' });
    const line = page.getByRole('group', { name: /^Door: \d+ playbacks$/ });
    const clip = line.getByRole('link', { name: /^12:00:00, Motion, Completed, 17 s$/ });
    await clip.waitFor();
    const [whole, part] = [(await line.boundingBox())!, (await clip.boundingBox())!];
    expect((part.x - whole.x) / whole.width).toBeCloseTo(0.5, 2);

    // List and timeline share one filter, so the timeline shows the list's day.
    const ofDay = await line.getByRole('link').count();
    await page.getByText('73 playbacks').waitFor();
    expect(ofDay).toBe(37);
    await chooseType(page, 'Vehicle');
    await page.getByText('24 playbacks').waitFor();
    await clip.waitFor({ state: 'detached' });
    await page.getByRole('checkbox', { name: 'Vehicle' }).uncheck();
    await clip.waitFor();

    await timeline.getByRole('button', { name: '1 h', exact: true }).click();
    const hour = page.getByRole('region', { name: 'Tuesday 10 March, 11:30 – 12:30' });
    await hour.waitFor();
    expect(new URL(page.url()).search).toBe('?from=2026-03-10T11%3A30&to=2026-03-10T12%3A30');
    await page.getByText('4 playbacks').waitFor();
    const withGap = line.getByRole('link', { name: /1 gap/ });
    await withGap.waitFor();
    const [clipBox, gapBox] = [
      (await withGap.boundingBox())!,
      (await withGap.locator('[class*=gap]').boundingBox())!,
    ];
    // 5 s of pre-roll and 2 s of the event; then 3 of 17 s are missing.
    expect((gapBox.x - clipBox.x) / clipBox.width).toBeCloseTo(7 / 17, 1);
    expect(gapBox.width / clipBox.width).toBeCloseTo(3 / 17, 1);

    for (const [key, day] of [
      ['d', '2026-03-09'],
      ['Shift+d', '2026-03-10'],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(() => new URL(page.url()).search).toBe(`?day=${day}`);
    }
    // Days without anything are passed over.
    await page.keyboard.press('Shift+y');
    await page.getByText('There is no playback of a later year.').waitFor();
    for (const [from, key, day] of [
      ['2026-05-20', 'm', '2026-03-10'],
      ['2024-12-31', 'Shift+y', '2026-03-07'],
    ]) {
      await page.goto(`${app.app.url}/playbacks?day=${from}`);
      await page.getByText('0 playbacks').waitFor();
      await page.keyboard.press(key!);
      await expect.poll(() => new URL(page.url()).search).toBe(`?day=${day}`);
    }
    await page.goto(`${app.app.url}/playbacks?from=2026-03-10T11:30&to=2026-03-10T12:30`);
    await clip.waitFor();

    await page.getByRole('button', { name: 'Earlier' }).click();
    await page.getByRole('region', { name: 'Tuesday 10 March, 11:00 – 12:00' }).waitFor();
    // The clip’s pre-roll still is in the hour before its event.
    expect(await clip.count()).toBe(1);
    await page.getByRole('button', { name: 'Earlier' }).click();
    await clip.waitFor({ state: 'detached' });
    const last = line.getByRole('link').last();
    await last.focus();
    await page.keyboard.press('ArrowLeft');
    await expect
      .poll(() =>
        line
          .getByRole('link')
          .nth(-2)
          .evaluate((it) => it === document.activeElement),
      )
      .toBe(true);
  });
});
