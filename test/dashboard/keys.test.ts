// The page of API keys: the first key, one that is limited to a camera, and the end of a key.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { connectClient } from '../support/app/client.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { seriousFindings } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let doorId: string;
const dashboard = dashboardPages(() => app.app.url);

beforeAll(async () => {
  app = await startTestApp();
  const settings = { rtspUrl: 'rtsp://127.0.0.1:9/', enabled: false };
  doorId = await app.addCamera({ name: 'Door', ...settings }, 'DISABLED');
  await app.addCamera({ name: 'Yard', ...settings }, 'DISABLED');
});

afterEach(async () => {
  expect(await dashboard.close()).toEqual([]);
});

afterAll(() => app.close());

/** Makes the key that the open dialog describes. @returns its secret */
async function make(page: Page): Promise<string> {
  await page.getByRole('dialog').getByRole('button', { name: 'Make the key' }).click();
  const secret = await page.getByLabel('Key', { exact: true }).inputValue();
  await page.getByRole('button', { name: 'Done' }).click();
  return secret;
}

test.skipIf(browserMissing)(
  'the first key is an administrator’s and signs in; others are limited and revoked',
  async () => {
    const page = await dashboard.open('/keys');
    await page.getByText('There are no keys').waitFor();
    await page.getByRole('button', { name: 'Make a key' }).click();
    expect(await page.getByLabel('Role').isDisabled()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    const admin = await make(page);
    expect(await connectClient(app.app.url, admin).run('{ me { name role } }')).toEqual({
      me: { name: 'admin', role: 'ADMIN' },
    });
    await page.getByRole('button', { name: 'Sign out' }).waitFor();

    await page.getByRole('button', { name: 'Make a key' }).click();
    const dialog = page.getByRole('dialog', { name: 'Make a key' });
    await dialog.getByRole('button', { name: 'Make the key' }).click();
    await dialog.getByText('Expected text of 1 to 100 characters.').waitFor();
    await dialog.getByLabel('Name').fill('porter');
    await dialog.getByLabel('Role').selectOption('OPERATOR');
    await dialog.getByLabel('Expires').selectOption('in a day');
    await dialog.getByLabel('Only for some cameras').check();
    await dialog.getByLabel('Door').check();
    const porter = connectClient(app.app.url, await make(page));
    expect(await porter.run('{ me { role cameraIds } }')).toEqual({
      me: { role: 'OPERATOR', cameraIds: [doorId] },
    });

    const row = page.getByRole('listitem').filter({ hasText: 'porter' });
    await row.getByText(/only Door/).waitFor();
    await page.reload();
    await row.getByText(/Last used Today .* expires/).waitFor();
    await row.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await row.getByText(/revoked/).waitFor();
    expect((await porter.fail('{ me { role } }')).code).toBe('UNAUTHENTICATED');
  },
);
