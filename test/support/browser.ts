// A real Chromium, and the dashboard that it is shown.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const ROOT = path.resolve(import.meta.dirname, '../..');
const BUILT = path.join(ROOT, 'dist/dashboard/index.html');

const candidates = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of the system's Chromium; undefined where there is none. Where CI is set, a missing browser is a failure. */
export function findChromium(): string | undefined {
  const found = candidates.find((file) => file !== undefined && existsSync(file));
  if (!found && process.env.CI) {
    throw new Error('No Chromium was found; expected one on this machine, or its path in CHROMIUM_PATH.');
  }
  return found;
}

export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Builds the dashboard unless what is built is newer than all of its sources. */
export async function buildDashboard(): Promise<void> {
  if (!(await isStale())) return;
  const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js');
  const config = path.join(ROOT, 'src/dashboard/vite.config.ts');
  await promisify(execFile)(process.execPath, [vite, 'build', '--config', config], { cwd: ROOT });
}

async function isStale(): Promise<boolean> {
  const built = await stat(BUILT).catch(() => undefined);
  if (!built) return true;
  const sources = path.join(ROOT, 'src/dashboard');
  const files = await readdir(sources, { recursive: true, withFileTypes: true });
  const changed = files
    .filter((file) => file.isFile())
    .map(async (file) => (await stat(path.join(file.parentPath, file.name))).mtimeMs);
  return Math.max(...(await Promise.all(changed))) > built.mtimeMs;
}
