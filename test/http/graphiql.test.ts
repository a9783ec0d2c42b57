import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectDb } from '../../src/db/client.ts';
import { exampleOperations } from '../../src/http/graphiql.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';

// GraphiQL has nine megabytes, so a browser on a busy machine is slow.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let camera: TestCamera;
let cameraId: string;

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp();
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
});

afterAll(async () => {
  await app.close();
  await camera.close();
});

/** Resolves when the page subscribes. The subscription begins with the playbacks that run when it is received. */
const isFollowing = (page: Page) =>
  page.waitForRequest((request) => request.headers()['accept'] === 'text/event-stream');

test('every example operation works unchanged', async () => {
  const db = connectDb(app.config.databaseUrl!);
  const text = await exampleOperations(db);
  await db.$disconnect();
  expect(text).toContain(cameraId);
  const named = [...text.matchAll(/^(query|mutation) (\w+)/gm)].map((match) => match[2]!);
  expect(named).toEqual(expect.arrayContaining(['Trigger', 'Recordings', 'Cameras', 'AddCamera']));
  for (const operationName of named) {
    const response = await fetch(`${app.app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text, operationName }),
    });
    expect(await response.json(), operationName).not.toHaveProperty('errors');
  }
});

test('is not available in production', async () => {
  const production = await startTestApp({ graphiql: false });
  const page = await fetch(`${production.app.url}/graphql`, { headers: { accept: 'text/html' } });
  expect(await page.text()).not.toContain('GraphiQL');
  await production.close();
});

describe.skipIf(browserMissing)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test('loads from this server only, and shows the messages of a subscription', async () => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const hosts = new Set<string>();
    page.on('request', (request) => hosts.add(new URL(request.url()).host || 'inline'));
    const refused: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) refused.push(message.text());
    });
    await page.goto(`${app.app.url}/graphql`, { timeout: 60_000 });
    await page.getByText('subscription Watch').first().waitFor();
    // There are several operations: the play button asks which one to run.
    await page.getByRole('button', { name: /Execute query/ }).click();
    await Promise.all([isFollowing(page), page.getByRole('menuitem', { name: 'Watch' }).click()]);
    await app.client.run(
      'mutation($id: ID!) { createEvent(input: { cameraId: $id, type: MOTION, leaseSec: 1 }) { event { id } } }',
      { id: cameraId },
    );
    const result = page.locator('.result-window');
    await expect.poll(() => result.innerText(), { timeout: 15_000 }).toContain('COMPLETED');
    if (process.env['SCREENSHOT']) await page.screenshot({ path: process.env['SCREENSHOT'] });
    expect([...hosts].filter((host) => host !== new URL(app.app.url).host && host !== 'inline')).toEqual([]);
    expect(refused).toEqual([]);

    // A clip that is opened directly plays in the page that the browser makes for it.
    const { playbacks } = await app.client.run<{ playbacks: { items: { videoUrl: string | null }[] } }>(
      '{ playbacks(filter: { recordingStatus: [COMPLETED] }) { items { videoUrl } } }',
    );
    await page.goto(playbacks.items[0]!.videoUrl!);
    await expect
      .poll(() => page.evaluate(() => document.querySelector('video')?.readyState), { timeout: 15_000 })
      .toBeGreaterThan(1);
    expect(refused).toEqual([]);
    await page.close();
  });

  test('uses the Headers tab for subscriptions, too, keeps their messages, and names the key’s user', async () => {
    const secret = 'admin-secret-of-the-test-01';
    const locked = await startTestApp({
      graphiql: true,
      apiKeys: [{ name: 'night desk', role: 'ADMIN', secret }],
    });
    try {
      const id = await locked.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      await page.goto(`${locked.app.url}/graphql`, { timeout: 60_000 });
      await page.getByText('no key: see the Headers tab').waitFor();
      await page.getByRole('button', { name: 'Headers' }).click();
      await page.locator('.graphiql-editor-tool .monaco-editor:visible').click();
      await page.keyboard.insertText(`{ "authorization": "Bearer ${secret}" }`);
      await page.getByRole('button', { name: /Execute query/ }).click();
      await Promise.all([isFollowing(page), page.getByRole('menuitem', { name: 'Watch' }).click()]);
      await page.getByText('night desk (admin)').waitFor();
      await locked.client.run(
        'mutation($id: ID!) { createEvent(input: { cameraId: $id, type: MOTION, leaseSec: 1 }) { event { id } } }',
        { id },
      );
      const result = page.locator('.result-window');
      await expect.poll(() => result.innerText(), { timeout: 15_000 }).toMatch(/COMPLETED[\s\S]*PROCESSING/);
      await page.close();
    } finally {
      await locked.close();
    }
  });

  test.each(['/', '/graphql'])('cannot be shown by another page in a frame: %s', async (path) => {
    const page = await browser.newPage();
    await page.setContent(`<iframe src="${app.app.url}${path}"></iframe>`);
    await expect
      .poll(
        () =>
          page
            .frames()
            .find((it) => it.parentFrame())
            ?.url(),
        { timeout: 15_000 },
      )
      .toMatch(/^chrome-error:/);
    await page.close();
  });
});
