// The installed app: manifest, the shell in the service worker's cache, and push messages that it shows.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { freePort } from '../support/processes/free-port.ts';
import { type PushService, startPushService } from '../support/push/push-service.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let camera: TestCamera;
let service: PushService;
let door: string;
const dashboard = dashboardPages(() => app.app.url);

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  service = await startPushService();
  // The service worker belongs to an address, so the server keeps its port.
  app = await startTestApp({ port: await freePort(), privatePushServices: true });
  door = await app.addCamera({ name: 'Door', rtspUrl: camera.url, preRollSec: 1, recordOn: ['PERSON'] });
});

afterEach(async () => {
  expect(await dashboard.close()).toEqual([]);
});

afterAll(async () => {
  await app.close();
  await camera.close();
  await service.close();
});

/** Awaits the service worker, which is registered some seconds after the page was loaded. */
const awaitWorker = (page: Page) =>
  expect
    .poll(() => page.evaluate<string>('navigator.serviceWorker.controller?.state ?? ""'), { timeout: 30_000 })
    .toBe('activated');

const cachedPaths = (page: Page) =>
  page.evaluate<string[]>(`caches.keys().then(async (names) => {
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ url }) => new URL(url).pathname).sort();
  })`);

test.skipIf(browserMissing)('browsers offer to install the dashboard', async () => {
  const page = await dashboard.open('/now');
  await awaitWorker(page);
  const devTools = await page.context().newCDPSession(page);
  const { errors, data } = await devTools.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const manifest = JSON.parse(data!) as { icons: { src: string; sizes: string }[]; start_url: string };
  expect(manifest.start_url).toBe('/now');
  const { installabilityErrors } = await devTools.send('Page.getInstallabilityErrors');
  // The browser of a test has no profile.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  for (const { src, sizes } of manifest.icons.filter(({ sizes }) => sizes !== 'any')) {
    const size = await page.evaluate<string>(`new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve(image.naturalWidth + 'x' + image.naturalHeight);
      image.src = '${src}';
    })`);
    expect(size, src).toBe(sizes);
  }
});

test.skipIf(browserMissing)(
  'without a connection the shell opens and goes on when the server is back; no footage is ever kept',
  async () => {
    const event = await createEvent(app.client, { cameraId: door, type: 'PERSON' });
    const playback = event.playback!;
    await endEvent(app.client, event.id);
    await awaitEnd(app.client, event);
    const page = await dashboard.open('/playbacks');
    await awaitWorker(page);
    // Footage, pictures and answers of the API pass the service worker.
    await page.goto(`${app.app.url}/playbacks/${playback.id}`);
    await page.getByRole('button', { name: 'Play from the pre-roll on' }).click();
    await expect.poll(() => page.evaluate('document.querySelector("video")?.currentTime > 0.2')).toBe(true);
    const listed = /const release = (\{.*?\});/.exec(
      await readFile(path.resolve(import.meta.dirname, '../../dist/dashboard/service-worker.js'), 'utf8'),
    )![1]!;
    const { files } = JSON.parse(listed) as { files: Record<string, string> };
    expect(await cachedPaths(page)).toEqual(Object.keys(files).sort());

    await app.restart(async () => {
      await page.goto(`${app.app.url}/playbacks?cameraId=${door}`);
      await page.getByText('The server does not answer.').waitFor();
      // GraphiQL is not part of the dashboard, so the browser shows its own page about the lost connection.
      const other = await page.context().newPage();
      await expect(other.goto(`${app.app.url}/graphql`)).rejects.toThrow('ERR_CONNECTION_REFUSED');
      await other.close();
      await page.goto(`${app.app.url}/playbacks/${playback.id}`);
      await page.getByText('The server does not answer.').waitFor();
    });
    await page.getByText('Connected', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Door' }).first().waitFor();
    // The failed requests of the time without a server.
    dashboard.complaints.splice(0);
  },
);

test.skipIf(browserMissing)(
  'a push message becomes a notice in the chosen language, which opens its playback',
  async () => {
    const page = await dashboard.open('/now', { permissions: ['notifications'] });
    await awaitWorker(page);
    const subscriber = service.subscribe();
    // Chromium's own push service is a server of Google's, which tests cannot reach.
    await page.evaluate(`{
    const { endpoint, ...keys } = ${JSON.stringify(subscriber.input)};
    let subscription = null;
    PushManager.prototype.getSubscription = async () => subscription;
    PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
      if (!userVisibleOnly) throw new Error('Messages must be visible.');
      const key = Uint8Array.from(atob(applicationServerKey.replaceAll('-', '+').replaceAll('_', '/')),
        (character) => character.charCodeAt(0));
      const unsubscribe = async () => { subscription = null; window.unsubscribed = true; };
      const toJSON = () => ({ endpoint, keys });
      subscription = { options: { applicationServerKey: key.buffer }, toJSON, unsubscribe };
      return subscription;
    };
  }`);
    await page.getByRole('button', { name: 'Alerts: off' }).click();
    // It is checked once the server has the subscription.
    const dialog = page.getByRole('dialog', { name: 'Alerts' });
    const push = dialog.getByLabel('Notify this device');
    await push.click();
    await expect.poll(() => push.isChecked()).toBe(true);
    await expect.poll(() => subscriptions()).toEqual([{ cameraIds: [], types: [] }]);
    // A choice in the dialog counts at once.
    await dialog.getByLabel('Person').check();
    await dialog.getByLabel('Door').check();
    await expect.poll(() => subscriptions()).toEqual([{ cameraIds: [door], types: ['PERSON'] }]);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Alerts: on' }).waitFor();

    const event = await createEvent(app.client, { cameraId: door, type: 'PERSON' });
    await expect.poll(() => subscriber.messages().length).toBe(1);
    await endEvent(app.client, event.id);
    const [message] = subscriber.messages();
    const [worker] = page.context().serviceWorkers();
    // Chromium's headless shell has nowhere to show notices.
    await worker!.evaluate(`{
    self.notices = [];
    ServiceWorkerRegistration.prototype.showNotification = async (title, options) => {
      const close = () => { self.notices = []; };
      self.notices.push({ title, ...options, close });
    };
  }`);
    await deliver(page, JSON.stringify(message));
    const notices = () =>
      worker!.evaluate<{ title: string; body: string; tag: string }[]>(
        'self.notices.map(({ title, body, tag }) => ({ title, body, tag }))',
      );
    const at = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Europe/Berlin' });
    const body = `Person, ${at.format(new Date(message!['at']!))}`;
    await expect.poll(notices).toEqual([{ title: 'Door', body, tag: event.id }]);

    await worker!.evaluate(`{
    const click = new ExtendableEvent('notificationclick');
    self.dispatchEvent(Object.assign(click, { notification: self.notices[0] }));
  }`);
    await page.waitForURL(`**/playbacks/${event.playback!.id}`);
    await expect.poll(notices).toEqual([]);

    await page.getByRole('button', { name: 'Alerts: on' }).click();
    await push.click();
    await expect.poll(() => subscriptions()).toEqual([]);
    expect(await page.evaluate('window.unsubscribed')).toBe(true);
  },
);

const subscriptions = async () =>
  (await app.client.run<{ pushSubscriptions: object[] }>('{ pushSubscriptions { cameraIds types } }'))
    .pushSubscriptions;

/** Gives the service worker a message, as the browser does that has decrypted it. */
async function deliver(page: Page, data: string): Promise<void> {
  const devTools = await page.context().newCDPSession(page);
  const registered = new Promise<string>((resolve) =>
    devTools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [registration] = registrations;
      if (registration) resolve(registration.registrationId);
    }),
  );
  await devTools.send('ServiceWorker.enable');
  const registrationId = await registered;
  await devTools.send('ServiceWorker.deliverPushMessage', { origin: app.app.url, registrationId, data });
}
