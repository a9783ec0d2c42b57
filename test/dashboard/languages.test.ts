// The dashboard in Vietnamese: nothing is left in English, and the language is chosen, remembered, and the browser's at first.
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi as vitest } from 'vitest';
import { en } from '../../src/texts/en/index.ts';
import { vi } from '../../src/texts/vi/index.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { seriousFindings } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { type EveryView, settled, startEveryView } from '../support/browser/every-view.ts';

// Browsers are slow on a busy machine.
vitest.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let all: EveryView;
const dashboard = dashboardPages(() => all.app.app.url);

beforeAll(async () => {
  // Names of one word that no language has.
  all = await startEveryView((length) => 'Zq'.repeat(Math.min(length, 40) / 2));
});

afterEach(async () => {
  expect(await dashboard.close()).toEqual([]);
});

afterAll(() => all.close());

const open = (path: string, options: BrowserContextOptions = {}) =>
  dashboard.open(path, { apiKey: all.apiKey, locale: 'vi-VN', ...options });

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .normalize('NFC')
    .match(/\p{L}{2,}/gu) ?? [];

const textsOf = (texts: object): string[] =>
  Object.values(texts).flatMap((text) => (typeof text === 'string' ? [text] : textsOf(text)));

/** Names, abbreviations and units that are the same in every language, and the names of the test's own data (but for words of "zq"). */
const common = wordsOf(
  'Flashback API ZIP Tiếng Việt Shift Esc Home End curl Python TypeScript UTC GMT Europe Berlin AAC kB MB GB ms kbit Mbit away admin rtsp stream',
);

/** The words of dates: of a week, and of all months. */
const dates = [
  ...Array.from({ length: 7 }, (_, day) => new Date(2026, 0, 1 + day, 14)),
  ...Array.from({ length: 12 }, (_, month) => new Date(2026, month, 1, 14)),
].flatMap((date) => [
  date.toLocaleString('vi', { dateStyle: 'full', timeStyle: 'long', timeZone: 'Europe/Berlin' }),
  date.toLocaleDateString('vi', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
]);

/** Placeholders and tags are no words of a text. */
const bare = (text: string) =>
  text.replaceAll(/\{\w+, plural, other/g, '').replaceAll(/\{\w+(, number)?\}|<\/?\w+>/g, '');

const known = new Set([...common, ...dates.flatMap(wordsOf), ...textsOf(vi).map(bare).flatMap(wordsOf)]);

/** The texts and labels of the page that are not the server's English, code, or a name that somebody has typed. */
const visible = (page: Page) =>
  page.evaluate<string[]>(`(() => {
    const isOurs = (it) => !it.closest('[lang=en], code, noscript, script, style')
      && !(it.tagName === 'OPTION' && it.value === it.textContent);
    const elements = [...document.body.querySelectorAll('*')].filter(isOurs);
    const own = (it) => [...it.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data);
    const labels = (it) => ['aria-label', 'title', 'placeholder', 'alt', 'aria-valuetext'].map((name) => it.getAttribute(name));
    return [document.title, ...elements.flatMap((it) => [...own(it), ...labels(it)])].filter(Boolean);
  })()`);

/** The words of the page that are not Vietnamese, each with its text. */
async function foreign(page: Page): Promise<string[]> {
  const found = (await visible(page)).flatMap((text) =>
    wordsOf(text)
      .filter((word) => !known.has(word) && !/^(zq)+$/.test(word))
      .map((word) => `${word}: ${text.slice(0, 60)}`),
  );
  return [...new Set(found)];
}

test.skipIf(browserMissing)(
  'no view has a word of ours in English, and axe finds nothing serious',
  async () => {
    const page = await open('/cameras');
    const findings: string[] = [];
    const look = async (view: string) => {
      for (const word of await foreign(page)) findings.push(`${view}: ${word}`);
    };
    for (const [view, path] of Object.entries({ ...all.views, ...all.further })) {
      await page.goto(all.app.app.url + path);
      await settled(page, view, vi);
      await look(view);
      for (const found of await seriousFindings(page)) findings.push(`${view}: ${found}`);
    }
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    expect(dashboard.complaints).toEqual([]);
    await button(vi.shell.signOut).click();
    await page.getByLabel(vi.shell.apiKey).fill('wrong');
    await button(vi.shell.signIn).click();
    await page.getByText(vi.names.error.UNAUTHENTICATED).waitFor();
    await look('sign in');
    // The browser reports requests without a valid key.
    dashboard.complaints.splice(0);
    expect(findings).toEqual([]);
  },
);

test.skipIf(browserMissing)(
  'the server’s English is marked, with a sentence for its code beside it',
  async () => {
    const page = await open(all.views['failed']!);
    const failure = page.getByRole('region', { name: vi.playback.failure.title });
    await failure.getByText(vi.names.failure.CAMERA_UNREACHABLE).waitFor();
    expect(await failure.locator('[lang=en]').textContent()).toMatch(/^(Zq)+$/);
    await page.goto(`${all.app.app.url}${all.views['camera away']}`);
    const error = page.getByRole('dialog').locator('[lang=en]').last();
    expect(await error.textContent()).toMatch(/^Nothing listens at the camera’s address/);
    await page.getByRole('dialog').getByText(vi.names.camera.UNREACHABLE).first().waitFor();
    // An error of a field.
    await page.getByLabel(vi.cameras.name, { exact: true }).fill('');
    await page.getByRole('button', { name: vi.cameras.save, exact: true }).click();
    const problem = page.getByText(vi.names.error.BAD_USER_INPUT);
    await problem.waitFor();
    expect(await problem.locator('[lang=en]').textContent()).toBe('Expected text of 1 to 200 characters.');
  },
);

test.skipIf(browserMissing)('the language is the browser’s, until the user chooses one', async () => {
  let page = await open('/cameras', { locale: 'de-DE' });
  await page.getByRole('heading', { name: en.cameras.title }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await dashboard.close();

  page = await open('/cameras');
  await page.getByRole('heading', { level: 1, name: vi.cameras.title }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('vi');
  expect(await page.title()).toContain(vi.cameras.title);
  await page.getByTitle(vi.shell.settings).click();
  await page.getByLabel(vi.shell.language, { exact: true }).selectOption({ label: 'English' });
  await page.getByRole('button', { name: vi.parts.done }).click();
  await page.getByRole('heading', { level: 1, name: en.cameras.title }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  expect(await foreign(page)).not.toEqual([]);
  await page.reload();
  await page.getByRole('heading', { level: 1, name: en.cameras.title }).waitFor();
  // Only the language in use was loaded after that.
  const loaded = await page.evaluate<string[]>(
    'performance.getEntriesByType("resource").map(({ name }) => name)',
  );
  expect(
    loaded.filter((name) => /\/(en|vi)-[\w-]+\.js$/.test(name)).map((name) => name.split('/').at(-1)![0]),
  ).toEqual(['e']);
});

test.skipIf(browserMissing)('numbers and dates are written as in Vietnamese', async () => {
  const page = await open(all.views['completed']!);
  const facts = page.getByRole('complementary', { name: vi.playback.facts.title });
  await facts.getByText(/^\d+,\d giây trước sự kiện$/).waitFor();
  await facts.getByText(/^[\d,]+ (kB|MB)$/).waitFor();
  await page
    .getByText(/Hôm nay · (Thứ \S+|Chủ Nhật), \d+ tháng \d+/)
    .first()
    .waitFor();
});
