// Signing in to the dashboard with a key: its role, and its end.
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, deletePlaybacks, endEvent } from '../support/app/playbacks.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { seriousFindings } from '../support/browser/dashboard-page.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const secrets = { ADMIN: 'admin-secret-of-the-test-01', VIEWER: 'viewer-secret-of-the-test-1' } as const;

let app: TestApp;
let camera: TestCamera;
let cameraId: string;
let browser: Browser;
let page: Page | undefined;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp({
    apiKeys: Object.entries(secrets).map(([role, secret]) => ({
      name: role.toLowerCase(),
      role: role as keyof typeof secrets,
      secret,
    })),
  });
  cameraId = await app.addCamera({ name: 'Door', rtspUrl: camera.url, preRollSec: 1 });
  if (!browserMissing) browser = await launchBrowser();
});

afterEach(async () => {
  await page?.context().close();
  page = undefined;
  await deletePlaybacks(app.client);
});

afterAll(async () => {
  await browser?.close();
  await app.close();
  await camera.close();
});

async function signIn(path: string, secret: string): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(15_000);
  page = await context.newPage();
  await page.goto(app.app.url + path);
  await page.getByLabel('API key').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  return page;
}

describe.skipIf(browserMissing)('sign-in', () => {
  test('refuses a wrong key; a right key opens the requested view and lasts until the tab is closed', async () => {
    const page = await signIn('/playbacks', 'wrong');
    await page.getByText('This API key or token is unknown, revoked or expired.').waitFor();
    expect(await page.getByLabel('API key').getAttribute('aria-invalid')).toBe('true');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('API key').fill(secrets.ADMIN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Playbacks' }).waitFor();
    await page.getByText('Connected', { exact: true }).waitFor();
    await page.reload();
    await page.getByText('Connected', { exact: true }).waitFor();

    // Another tab needs the key, unless it is to be remembered: then a copied link opens what it names.
    const tab = await page.context().newPage();
    await tab.goto(`${app.app.url}/now`);
    await tab.getByLabel('API key').fill(secrets.VIEWER);
    await tab.getByLabel('Remember me').check();
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByRole('heading', { name: 'Now' }).waitFor();
    await tab.close();
    const later = await page.context().newPage();
    await later.goto(`${app.app.url}/cameras`);
    await later.getByRole('article', { name: 'Door' }).waitFor();
    await later.getByRole('button', { name: 'Sign out' }).click();
    await later.getByLabel('API key').waitFor();
    await later.reload();
    await later.getByLabel('API key').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    expect(await page.content()).not.toContain('Door');
  });

  test('offers a viewer nothing that a viewer may not do, and shows everything live', async () => {
    const event = await createEvent(app.client, { cameraId });
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    const page = await signIn('/cameras', secrets.VIEWER);
    await page.getByText(/^Live ·/).waitFor();
    expect(await page.getByRole('link', { name: 'Add camera' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Record Door' }).count()).toBe(0);
    await page.getByRole('link', { name: /Open Door/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Door' });
    await dialog.getByText('Live', { exact: true }).waitFor();
    expect(await dialog.getByRole('textbox').count()).toBe(0);
    await page.keyboard.press('Escape');

    await page.getByRole('link', { name: 'Now' }).click();
    const running = await createEvent(app.client, { cameraId, label: 'seen' });
    const card = page.getByRole('article', { name: 'Door, Motion · seen' });
    await card.getByText('Recording').waitFor();
    expect(await page.getByRole('button', { name: /Trigger|End event/ }).count()).toBe(0);
    await endEvent(app.client, running.id);

    await page.goto(`${app.app.url}/playbacks/${playback.id}`);
    await page.getByRole('region', { name: 'Player' }).waitFor();
    await page.getByRole('button', { name: 'Play from the pre-roll on' }).click();
    await expect
      .poll(() => page.locator('video').evaluate((it) => (it as HTMLVideoElement).currentTime))
      .toBeGreaterThan(0.2);
    expect(await page.getByRole('button', { name: /Delete|Protect/ }).count()).toBe(0);
  });

  test.each([
    ['is revoked', undefined],
    ['expires', 6_000],
  ])('is shown with the reason when a key %s', async (_what, lifeMs) => {
    const expiresAt = lifeMs && new Date(Date.now() + lifeMs).toISOString();
    const { createApiKey } = await app.client.run<{
      createApiKey: { secret: string; apiKey: { id: string } };
    }>('mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }', {
      input: { name: 'short', role: 'OPERATOR', expiresAt },
    });
    const page = await signIn('/cameras', createApiKey.secret);
    await page.getByRole('article', { name: 'Door' }).waitFor();
    if (!lifeMs)
      await app.client.run('mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }', {
        id: createApiKey.apiKey.id,
      });
    await page.getByText('Your key does not hold any more').waitFor();
    await page.getByLabel('API key').waitFor();
    expect(await page.content()).not.toContain('Door');
  });
});
