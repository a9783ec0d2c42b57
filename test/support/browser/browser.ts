// A real Chromium. With CI=true, a missing one fails the run; otherwise the tests that need it are skipped.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** The headless shell takes half of the processor time: it has no windows, tabs and menus. */
const candidates = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = process.env['CHROMIUM_PATH'] ?? candidates.find((path) => existsSync(path));

export const browserMissing = executablePath === undefined && process.env['CI'] !== 'true';

export function launchBrowser(): Promise<Browser> {
  if (!executablePath)
    throw new Error(
      'No Chromium was found. Install it (apt-get install chromium-headless-shell) or set CHROMIUM_PATH.',
    );
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-sync',
    ],
  });
}
