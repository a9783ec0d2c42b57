// The browser of a test file, and the page of the dashboard that the present test has open.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { browserMissing, launchBrowser } from './browser.ts';
import { type DashboardPage, openDashboard } from './dashboard-page.ts';

export interface DashboardPages {
  open(path: string, options?: BrowserContextOptions & { apiKey?: string }): Promise<Page>;
  /** Another tab of the browser that has the page open. */
  another(path: string): Promise<Page>;
  /** The errors of the page so far, which a test may remove. */
  readonly complaints: string[];
  /** @returns the errors of the page; none if no page was open */
  close(): Promise<string[]>;
}

/**
 * Starts the browser before the tests of a file and closes it after them.
 * @param url asked when a page is opened: the server's address
 */
export function dashboardPages(url: () => string): DashboardPages {
  let browser: Browser | undefined;
  let opened: DashboardPage | undefined;
  beforeAll(async () => {
    if (!browserMissing) browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });
  return {
    async open(path, options) {
      opened = await openDashboard(browser!, url(), path, options);
      return opened.page;
    },
    another: (path) => opened!.another(path),
    get complaints() {
      return opened?.complaints ?? [];
    },
    async close() {
      const complaints = opened?.complaints ?? [];
      await opened?.close();
      opened = undefined;
      return complaints;
    },
  };
}
