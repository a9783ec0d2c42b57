// The first steps: a key, an event on trial, and calls that work as they stand on the page.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const root = path.resolve(import.meta.dirname, '../..');
let app: TestApp;
let camera: TestCamera;
const dashboard = dashboardPages(() => app.app.url);

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp();
});

afterEach(async () => {
  expect(await dashboard.close()).toEqual([]);
});

afterAll(async () => {
  await app.close();
  await camera.close();
});

test.skipIf(browserMissing)(
  'the first steps lead from an empty server to a clip and to calls that work',
  async () => {
    // At the first start the first steps open by themselves.
    const page = await dashboard.open('/');
    await page.waitForURL('**/start');
    await page.getByText('It needs a camera.').waitFor();

    await page.getByRole('button', { name: 'Make my key' }).click();
    await page.getByRole('button', { name: 'Make the key' }).click();
    const key = await page.getByLabel('Key', { exact: true }).inputValue();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('link', { name: 'All keys' }).waitFor();

    // A camera can be added only after a test, which says what is wrong or what the camera sends.
    await page.getByRole('button', { name: 'Add a camera' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a camera' });
    const add = dialog.getByRole('button', { name: 'Add and connect' });
    const test = dialog.getByRole('button', { name: 'Test the connection' });
    await dialog.getByLabel('Name', { exact: true }).fill('Door');
    await dialog.getByLabel('Address').fill('rtsp://127.0.0.1:9/none');
    expect(await add.isDisabled()).toBe(true);
    await dialog.getByText('Test the connection first').waitFor();
    await test.click();
    await dialog.getByText('refused').waitFor();
    expect(await add.isDisabled()).toBe(false);
    await dialog.getByLabel('Address').fill(camera.url);
    expect(await add.isDisabled()).toBe(true);
    await test.click();
    const sends = dialog.getByRole('region', { name: 'What the camera sends' });
    await sends.getByText(/^15 pictures\/s/).waitFor();
    await sends.getByRole('img', { name: 'What the camera sees' }).waitFor();
    await dialog.getByLabel('Motion').uncheck();
    await dialog.getByLabel('Person').check();
    await add.click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Door: Live').waitFor();
    await page.getByText('4 seconds at Door').waitFor();
    await page.getByRole('button', { name: 'Report an event' }).click();
    // The tab says that something is being recorded.
    const icon = () => page.locator('link[rel=icon]').getAttribute('href');
    await expect.poll(() => page.title()).toBe('(1) First steps · Flashback');
    expect(await icon()).toBe('/icon-recording.svg');
    await page.getByRole('link', { name: 'See the clip' }).waitFor();
    await expect.poll(() => page.title()).toBe('First steps · Flashback');
    expect(await icon()).toBe('/icon.svg');
    // With a camera, the cameras are the first view.
    await page.goto(`${app.app.url}/`);
    await page.waitForURL('**/cameras');
    await page.goto(`${app.app.url}/start`);
    await page.getByText('4 seconds at Door').waitFor();

    const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-start-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const example = page.getByLabel('Example');
    const run = async (language: string, file: string, program: string, ...args: string[]) => {
      await page.getByRole('button', { name: language }).click();
      await writeFile(path.join(dir, file), (await example.textContent())!);
      const env = { PATH: process.env['PATH'], FLASHBACK_KEY: key };
      return (await promisify(execFile)(program, [...args, path.join(dir, file)], { cwd: root, env })).stdout;
    };
    expect(await run('curl', 'calls.sh', 'sh')).toMatch(
      /^\{"data":\{"createEvent":\{"event":\{"id":"[\w-]{36}"\},"playback":\{"id":/,
    );
    const clip = /recordingStatus'?: 'COMPLETED'.*\/media\/.*\.mp4/s;
    expect(await run('TypeScript', 'calls.mts', process.execPath, '--import', 'tsx')).toMatch(clip);
    if (existsSync('/usr/bin/python3'))
      expect(await run('Python', 'calls.py', '/usr/bin/python3')).toMatch(clip);
  },
);
