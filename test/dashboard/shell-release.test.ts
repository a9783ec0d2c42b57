// A new release of the dashboard replaces the shell in browsers: no page is of the release before, or of two releases.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type DashboardHandler, loadDashboard } from '../../src/http/dashboard.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const built = path.resolve(import.meta.dirname, '../../dist/dashboard');
let browser: Browser | undefined;
let server: http.Server;
let origin: string;
/** The release that the server has; undefined: connections are cut. */
let served: DashboardHandler | undefined;
const folders: string[] = [];

beforeAll(async () => {
  if (!browserMissing) browser = await launchBrowser();
  server = http.createServer((request, response) => {
    if (!served) return response.destroy();
    return served(request, response, new URL(request.url!, origin).pathname);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await browser?.close();
  server.closeAllConnections();
  server.close();
  for (const folder of folders) await rm(folder, { recursive: true });
});

/**
 * A release whose page has this mark, without the Vietnamese texts.
 * @param isMixed the page is that of another release than its list of files
 */
async function release(mark: string, isMixed = false): Promise<DashboardHandler> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-release-'));
  folders.push(dir);
  // The compressed files are left out, because they would not have the changes below.
  await cp(built, dir, { recursive: true, filter: (file) => !file.endsWith('.br') });
  const page = path.join(dir, 'index.html');
  const text = (await readFile(page, 'utf8')).replace('<html ', `<html data-release="${mark}" `);
  await writeFile(page, text);
  const worker = path.join(dir, 'service-worker.js');
  const script = await readFile(worker, 'utf8');
  const [, list] = /const release = (\{.*?\});/.exec(script)!;
  const { files } = JSON.parse(list!) as { files: Record<string, string> };
  const vietnamese = await vietnameseFile();
  delete files[vietnamese];
  await rm(path.join(dir, vietnamese));
  if (!isMixed) files['/'] = createHash('sha256').update(text).digest('hex');
  await writeFile(worker, script.replace(list!, JSON.stringify({ id: mark, files })));
  return loadDashboard(dir);
}

const vietnameseFile = async () =>
  `/assets/${(await readdir(path.join(built, 'assets'))).find((file) => /^vi-.*\.js$/.test(file))}`;

const markOf = (page: Page) => page.evaluate<string | undefined>('document.documentElement.dataset.release');
const shells = (page: Page) =>
  page.evaluate<string[]>(
    `caches.keys().then((keys) => keys.map((key) => key.replace('flashback-shell-', '')))`,
  );
/** Opens the dashboard, and waits until its service worker answers the page's requests. */
async function openWithWorker(): Promise<Page> {
  const page = await browser!.newPage();
  await page.goto(`${origin}/now`);
  await expect
    .poll(() => page.evaluate('navigator.serviceWorker.controller?.state'), { timeout: 30_000 })
    .toBe('activated');
  return page;
}
/** Awaits these shells, and that no service worker is being installed or waits to be used. */
const awaitShells = (page: Page, ids: (string | undefined)[]) =>
  expect
    .poll(
      () =>
        page.evaluate<string[]>(`(async () => {
          const { installing, waiting, active } = await navigator.serviceWorker.ready;
          const isUsed = !installing && !waiting && active.state === 'activated';
          const names = (await caches.keys()).map((key) => key.replace('flashback-shell-', ''));
          return isUsed ? names : ['not yet'];
        })()`),
      { timeout: 20_000 },
    )
    .toEqual(ids);
/** The status of a file; 0: no connection. */
const status = (page: Page, file: string) =>
  page.evaluate<number>(`fetch('${file}').then(({ status }) => status, () => 0)`);

test.skipIf(browserMissing)(
  'a new release is shown at once, and kept when all of its files are there',
  async () => {
    served = await loadDashboard(built);
    const page = await openWithWorker();
    const [first] = await shells(page);
    expect(await shells(page)).toEqual([first]);

    // The page is of the new release, although the cache still has the old one.
    served = await release('two');
    await page.goto(`${origin}/playbacks`);
    expect(await markOf(page)).toBe('two');
    await awaitShells(page, [first, 'two']);
    // A page of the release before can still load its parts, which the server does not have any more.
    const vietnamese = await vietnameseFile();
    expect((await fetch(origin + vietnamese)).status).toBe(404);
    await expect.poll(() => status(page, vietnamese)).toBe(200);

    // Without a connection, the new one is shown.
    served = undefined;
    await page.reload();
    expect(await markOf(page)).toBe('two');

    // While servers of two releases answer, nothing mixed is kept.
    served = await release('mixed', true);
    await page.reload();
    expect(await markOf(page)).toBe('mixed');
    await page.evaluate('navigator.serviceWorker.ready.then((it) => it.update()).catch(() => {})');
    await awaitShells(page, [first, 'two']);

    // Of several releases, the last two are kept.
    served = await release('three');
    await page.reload();
    await awaitShells(page, ['two', 'three']);
    served = undefined;
    await page.reload();
    expect(await markOf(page)).toBe('three');
    await page.close();
  },
);

test.skipIf(browserMissing)(
  'the kept page also stands in for the answer of a proxy whose server is away',
  async () => {
    served = await loadDashboard(built);
    const page = await openWithWorker();
    served = (_request, response) => void response.writeHead(502).end('bad gateway');
    await page.goto(`${origin}/cameras`);
    await page.getByText('The server does not answer.').waitFor();
    // Other errors are those of the server.
    served = (_request, response) => void response.writeHead(500).end('internal error');
    await page.goto(`${origin}/cameras`);
    await page.getByText('internal error').waitFor();
    await page.close();
  },
);
