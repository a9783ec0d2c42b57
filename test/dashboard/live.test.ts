// The dashboard catches up after every outage, its tabs agree, and everybody can use it.
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, deletePlaybacks, endEvent } from '../support/app/playbacks.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { seriousFindings, tooWide } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { writePast } from '../support/database/history.ts';
import { freePort } from '../support/processes/free-port.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let camera: TestCamera;
let cameraId: string;
const dashboard = dashboardPages(() => app.app.url);
const { open } = dashboard;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  // After a restart, the browser needs the same address.
  app = await startTestApp({ port: await freePort() });
  cameraId = await app.addCamera({ name: 'Door', rtspUrl: camera.url, preRollSec: 1 });
});

afterEach(async () => {
  await dashboard.close();
  await deletePlaybacks(app.client);
});

afterAll(async () => {
  await app.close();
  await camera.close();
});

const cardOf = (page: Page, label: string) => page.getByRole('article', { name: `Door, Motion · ${label}` });
const step = (page: Page, label: string) => cardOf(page, label).locator('[aria-current=step]');

test('the page is small, its assets are cached for ever, and other paths get 404', async () => {
  const get = (path: string, headers = {}) => fetch(app.app.url + path, { headers });
  const page = await get('/playbacks/some-id');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  const html = await page.text();
  const parts = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]!);
  expect(parts.length).toBeGreaterThanOrEqual(3);
  let bytes = gzipSync(html).length;
  let code = '';
  for (const part of parts) {
    const response = await get(part);
    expect(response.status, part).toBe(200);
    const body = Buffer.from(await response.arrayBuffer());
    bytes += gzipSync(body).length;
    code += body;
    expect(body.toString(), part).not.toMatch(/https?:\/\/[^"'\s]*(cdn|unpkg|googleapis)/);
    if (!part.startsWith('/assets/')) continue;
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(response.headers.get('content-encoding')).toBe('gzip');
    const smaller = await get(part, { 'accept-encoding': 'gzip, br' });
    expect(smaller.headers.get('content-encoding')).toBe('br');
    expect(Buffer.from(await smaller.arrayBuffer()).equals(body), part).toBe(true);
    const again = await get(part, { 'if-none-match': response.headers.get('etag')! });
    expect(again.status).toBe(304);
  }
  // The texts of one language come with them.
  const catalogs = [...new Set(code.match(/(?<=\.\/)(?:en|vi)-[\w-]+\.js/g))];
  expect(catalogs).toHaveLength(2);
  const sizes = catalogs.map(async (path) => gzipSync(await (await get(`/assets/${path}`)).bytes()).length);
  bytes += Math.max(...(await Promise.all(sizes)));
  expect(bytes).toBeLessThanOrEqual(150_000);
  // hls.js is loaded only when the user watches a recording.
  expect(parts.filter((part) => /hls/.test(part))).toEqual([]);
  expect(code).not.toContain('hlsManifestLoading');
  expect(code).toMatch(/\/hls[\w.-]+\.js/);
  expect((await get('/nothing/of/this')).status).toBe(404);
  expect((await get('/assets/none.js')).status).toBe(404);
  expect((await get('/assets/..%2f..%2fpackage.json')).status).toBe(404);
  expect((await fetch(`${app.app.url}/`, { method: 'POST' })).status).toBe(405);
});

describe.skipIf(browserMissing)('the connection', () => {
  test('a lost connection is shown, and what happened meanwhile is shown afterwards, in every tab', async () => {
    const page = await open('/now');
    const other = await dashboard.another('/now');
    const event = await createEvent(app.client, { cameraId, label: 'outage' });
    await step(page, 'outage').getByText('Recording').waitFor();
    const sent: string[] = [];
    page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))));
    await page.context().setOffline(true);
    await page.getByText('Reconnecting…').waitFor();
    await page.getByText(/What you see is as of \d\d:\d\d:\d\d/).waitFor();
    await endEvent(app.client, event.id);
    await awaitEnd(app.client, event);
    const during = await createEvent(app.client, { cameraId, label: 'unseen' });
    await endEvent(app.client, during.id);
    await awaitEnd(app.client, during);
    expect(await step(page, 'outage').innerText()).toBe('Recording');
    await page.getByRole('button', { name: 'Record by hand' }).click();
    await page.getByText('The server cannot be reached.').waitFor();
    await page.context().setOffline(false);
    for (const tab of [page, other]) {
      await tab.getByText('Connected', { exact: true }).waitFor();
      await step(tab, 'outage').getByText('Completed').waitFor();
      await step(tab, 'unseen').getByText('Completed').waitFor();
      await expect.poll(() => tab.getByRole('alert').count()).toBe(0);
      await expect.poll(() => tab.getByText('The server cannot be reached.').count()).toBe(0);
    }
    // The subscription was resumed by its cursor instead of started over.
    const resumed = sent.find((message) => message.includes('subscription Transitions'));
    expect(JSON.parse(resumed!).payload.variables.after).toEqual(expect.any(String));
  });

  test('a recording continues visibly after a restart of the server, without a reload', async () => {
    const page = await open('/now');
    await page.evaluate('window.stays = true');
    const event = await createEvent(app.client, { cameraId, label: 'restart' });
    await step(page, 'restart').getByText('Recording').waitFor();
    await app.restart();
    await page.getByText('Connected', { exact: true }).waitFor();
    await app.awaitCamera(cameraId, 'LIVE');
    await endEvent(app.client, event.id);
    await step(page, 'restart').getByText('Completed').waitFor();
    expect(await page.evaluate('window.stays')).toBe(true);
  });
});

test.skipIf(browserMissing)(
  'an event of a chosen type alerts by one sound and one notice, however many tabs are open',
  async () => {
    // Counts the tones and keeps the notices that the browser is given.
    const observe = `
    Object.assign(window, { tones: 0, notices: [] });
    window.OscillatorNode = class extends OscillatorNode {
      constructor(...given) { super(...given); window.tones++; }
    };
    window.Notification = class extends Notification {
      constructor(title, options) { super(title, options); window.notices.push(this); }
    };`;
    const first = await open('/now', { permissions: ['notifications'] });
    await first.context().addInitScript(observe);
    const tabs = [await dashboard.another('/now'), await dashboard.another('/now')] as const;
    await first.close();
    const sum = async (expression: string) => {
      const each = await Promise.all(tabs.map((tab) => tab.evaluate<number>(expression)));
      return each.reduce((total, count) => total + count, 0);
    };
    const [page, other] = tabs;
    await page.getByRole('button', { name: 'Alerts: off' }).click();
    const dialog = page.getByRole('dialog', { name: 'Alerts' });
    await dialog.getByRole('checkbox', { name: 'Play a sound' }).check();
    // It is checked once the browser has allowed it.
    const onDesktop = dialog.getByRole('checkbox', { name: 'Show a notice on the desktop' });
    await onDesktop.click();
    await expect.poll(() => onDesktop.isChecked()).toBe(true);
    await dialog.getByRole('checkbox', { name: 'Person' }).check();
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Done' }).click();
    // The sound on trial has two tones. In the other tab, the browser allows sound after a click.
    await expect.poll(() => sum('window.tones')).toBe(2);
    await other.getByRole('heading', { level: 1 }).click();

    const begin = async (label: string) => {
      const event = await createEvent(app.client, { cameraId, label });
      for (const tab of tabs) await cardOf(tab, label).waitFor();
      await endEvent(app.client, event.id);
    };
    await begin('not chosen');
    await page.getByRole('button', { name: 'Alerts: on' }).click();
    await dialog.getByRole('checkbox', { name: 'Motion' }).check();
    await page.keyboard.press('Escape');
    await begin('chosen');
    await expect.poll(() => sum('window.tones')).toBe(4);
    // Both tabs give the browser the notice, which shows it once, because it has the same tag.
    const given = await Promise.all(
      tabs.map((tab) =>
        tab.evaluate<string[]>('window.notices.map(({ title, body, tag }) => [title, body, tag].join())'),
      ),
    );
    expect(given[0]).toEqual([expect.stringMatching(/^Door,Motion · chosen, \d\d:\d\d:\d\d,[0-9a-f-]{36}$/)]);
    expect(given[1]).toEqual(given[0]);
    await page.evaluate("window.notices[0].dispatchEvent(new Event('click'))");
    await page.getByRole('region', { name: 'Transitions' }).waitFor();
  },
);

test.skipIf(browserMissing)('a store that takes no clips is reported until it takes them again', async () => {
  const media = path.join(app.config.dataDir, 'media');
  await rm(media, { recursive: true });
  await writeFile(media, 'not a folder');
  const event = await createEvent(app.client, { cameraId });
  await endEvent(app.client, event.id);
  const page = await open('/now');
  const notice = page.getByRole('status', { name: 'Store' });
  await expect.poll(() => notice.textContent(), { timeout: 30_000 }).toContain('Clips wait for the store');
  expect(await notice.textContent()).toContain(media);
  expect(await seriousFindings(page)).toEqual([]);
  await rm(media);
  expect((await awaitEnd(app.client, event)).recordingStatus).toBe('COMPLETED');
  await notice.waitFor({ state: 'detached', timeout: 30_000 });
});

describe.skipIf(browserMissing)('accessibility', () => {
  test('axe finds nothing serious in any view, light or dark, wide or narrow', async () => {
    const event = await createEvent(app.client, { cameraId, label: 'audit' });
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    const startedAt = new Date(Date.now() - 3_600_000);
    await writePast(app.config.databaseUrl!, [
      { cameraId, startedAt, failed: true },
      { cameraId, startedAt, gap: true },
    ]);
    const { playbacks } = await app.client.run<{ playbacks: { items: { id: string }[] } }>(
      '{ playbacks(filter: { recordingStatus: [FAILED] }) { items { id } } }',
    );
    const running = await createEvent(app.client, { cameraId, label: 'running' });
    const views = [
      '/cameras',
      `/cameras/${cameraId}`,
      '/now',
      '/keys',
      '/start',
      '/playbacks?page=1',
      `/playbacks/${playback.id}`,
      `/playbacks/${playbacks.items[0]!.id}`,
    ];
    const looks = [
      { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
      { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
      { colorScheme: 'light', viewport: { width: 320, height: 640 } },
    ] as const;
    const findings: string[] = [];
    for (const look of looks) {
      const page = await open('/cameras', look);
      for (const view of views) {
        await page.goto(app.app.url + view);
        await page.getByText('Connected', { exact: true }).waitFor();
        await page.getByRole('heading', { level: 1 }).waitFor();
        for (const element of await tooWide(page))
          findings.push(`${view} ${look.viewport.width}: ${element} is too wide`);
        for (const found of await seriousFindings(page))
          findings.push(`${view} ${look.colorScheme}: ${found}`);
      }
      await dashboard.close();
    }
    await endEvent(app.client, running.id);
    expect(findings).toEqual([]);
  });

  test('the keyboard reaches everything: past the menu, into a dialog, and back to where it was opened', async () => {
    const page = await open('/cameras');
    await page.getByRole('article', { name: 'Door' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await page.keyboard.press('Tab');
    // The first control starts and stops the live pictures.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Add a camera' }).waitFor();
    expect(await page.evaluate('document.activeElement.closest("dialog") !== null')).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Add camera');
    expect(new URL(page.url()).pathname).toBe('/cameras');
  });
});
