// Every page with the longest values that the API accepts, at every width and in each language: no control is cut off.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi as vitest } from 'vitest';
import { en } from '../../src/texts/en/index.ts';
import { vi } from '../../src/texts/vi/index.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { clippedControls, openDashboard, tooWide } from '../support/browser/dashboard-page.ts';
import { type EveryView, settled, startEveryView } from '../support/browser/every-view.ts';

// Browsers are slow on a busy machine.
vitest.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let all: EveryView;
let browser: Browser;

beforeAll(async () => {
  all = await startEveryView((length) => 'W'.repeat(length));
  if (!browserMissing) browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await all.close();
});

const touch: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
};
/** 683 px is the width of a screen of 1366 px at a zoom of 200 %. */
const looks = [
  ['a finger, in English', touch, [320, 390], 'en-GB', en],
  ['a mouse, in English', {}, [683, 768, 1366, 3840], 'en-GB', en],
  ['a finger, in Vietnamese', touch, [320, 390], 'vi-VN', vi],
  ['a mouse, in Vietnamese', {}, [683, 768, 1366], 'vi-VN', vi],
] as const;

describe.skipIf(browserMissing)('the longest values', () => {
  test.each(looks)('cut off no control for %s, at any width', async (_name, look, widths, locale, texts) => {
    const { app, apiKey, views, further } = all;
    // To save time, dialogs are looked at only with the longest texts, on the smallest screen.
    const looked = { ...views, ...(texts === vi && look === touch && further) };
    const opened = await openDashboard(browser, app.app.url, '/cameras', { ...look, apiKey, locale });
    const { page } = opened;
    const findings: string[] = [];
    for (const [view, path] of Object.entries(looked)) {
      await page.goto(app.app.url + path);
      await settled(page, view, texts);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 });
        await twoFrames(page);
        if (process.env['SCREENSHOTS'])
          await page.screenshot({
            path: `${process.env['SCREENSHOTS']}/${locale}-${view}-${width}.png`,
            fullPage: true,
          });
        // A page may need some frames for its new width.
        let found = await faultsOf(page);
        for (let tries = 0; found.length > 0 && tries < 30; tries++) {
          await twoFrames(page);
          found = await faultsOf(page);
        }
        findings.push(...found.map((fault) => `${view} ${width}: ${fault}`));
      }
    }
    await opened.close();
    expect(findings).toEqual([]);
  });
});

const faultsOf = async (page: Page) => [
  ...(await clippedControls(page)),
  ...(await tooWide(page)).slice(0, 3),
];

const twoFrames = (page: Page) =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
