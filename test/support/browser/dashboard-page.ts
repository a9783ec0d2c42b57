// A page of the dashboard in a real Chromium. An error in its console fails the test.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export interface DashboardPage {
  readonly page: Page;
  /** The errors of the page and its scripts. */
  readonly complaints: string[];
  /** Another tab of the same browser. */
  another(path: string): Promise<Page>;
  close(): Promise<void>;
}

export async function openDashboard(
  browser: Browser,
  url: string,
  path: string,
  { apiKey, ...options }: BrowserContextOptions & { apiKey?: string } = {},
): Promise<DashboardPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    // Without a graphics card, every animation takes processor time.
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(15_000);
  if (apiKey) await context.addInitScript(`sessionStorage.setItem('flashback.apiKey', '${apiKey}')`);
  const complaints: string[] = [];
  const open = async (path: string) => {
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // A camera may disappear between two of its pictures, and a live picture once its clip is stored.
      const isPicture = /\/snapshots\/|\/poster\.jpg/.test(message.location().url);
      if (message.type() === 'error' && !isPicture) complaints.push(message.text());
    });
    await page.goto(url + path);
    // Connected, in any language.
    await page.locator('[role=status][data-state=open]').waitFor();
    return page;
  };
  return {
    page: await open(path),
    complaints,
    another: open,
    close: () => context.close(),
  };
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The elements that reach beyond the right edge of the screen and make the page scroll sideways. */
export async function tooWide(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll('body, body *')]
      .filter((it) => it.getBoundingClientRect().right > innerWidth)
      .map((it) => it.tagName + '.' + it.className)`);
}
/**
 * Controls that cannot be completely seen or reached, as "name: why": an ancestor or the edge of the screen cuts them
 * off, or their own text does not fit. Clips on the timeline may reach beyond its ends.
 */
export async function clippedControls(page: Page): Promise<string[]> {
  return page.evaluate<
    string[]
  >(`[...document.querySelectorAll('a[href], button, input, select, textarea, [role=slider]')]
    .filter((it) => it.checkVisibility({ visibilityProperty: true }) && it.getBoundingClientRect().width > 1)
    .filter((it) => getComputedStyle(it).clipPath === 'none' && !it.closest('[role=group] [class*=line]'))
    .filter((it) => !it.closest('[class*=line][role=group]'))
    // Controls under an open dialog cannot be used anyway.
    .filter((it) => !document.querySelector('dialog[open]') || it.closest('dialog[open]'))
    .flatMap((it) => {
      const name = it.tagName + ' ' + (it.getAttribute('aria-label') || it.textContent || it.name).slice(0, 40);
      const { left, right, top, bottom } = it.getBoundingClientRect();
      if (left < -1 || right > innerWidth + 1) return [name + ': beyond the screen'];
      const style = getComputedStyle(it);
      if (it.matches('a, button') && style.display !== 'inline' && it.scrollWidth > it.clientWidth + 1
        && [...it.children].every((child) => getComputedStyle(child).position !== 'absolute'))
        return [name + ': does not hold its text'];
      for (let above = it.parentElement; above; above = above.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(above);
        const box = above.getBoundingClientRect();
        const cutX = overflowX !== 'visible' && (left < box.left - 1 || right > box.right + 1);
        const cutY = ['hidden', 'clip'].includes(overflowY) && (top < box.top - 1 || bottom > box.bottom + 1);
        if (above !== document.documentElement && above !== document.body && (cutX || cutY))
          return [name + ': cut off by ' + above.className];
      }
      return [];
    })`);
}

/** The serious and critical findings of axe, as "rule: element". */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(await axeSource);
  const { violations } = await page.evaluate<{
    violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[];
  }>('axe.run({ resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
    );
}
