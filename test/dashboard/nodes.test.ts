// The page of nodes: who is there, where, and why one takes no recording. It is shown once there is more than one.
import { rename } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { spoolMark } from '../../src/spool/mark.ts';
import { openNodes, type TestNode, type TestNodes } from '../nodes/together.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { seriousFindings } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

let nodes: TestNodes;
let a: TestNode;
const dashboard = dashboardPages(() => a.app.url);

beforeAll(async () => {
  nodes = await openNodes();
  a = await nodes.start('a', { MAX_RECORDINGS: '12' });
});
afterEach(async () => {
  expect(await dashboard.close()).toEqual([]);
});
afterAll(() => nodes.close());

test.skipIf(browserMissing)('a second node brings the page, which says how each is', async () => {
  const alone = await dashboard.open('/keys');
  const links = alone.getByRole('navigation', { name: 'Views' }).getByRole('link');
  await alone.getByText('There are no keys').waitFor();
  expect(await links.allTextContents()).not.toContain('Nodes');

  const b = await nodes.start('b', { SITE: 'Harbour' });
  const page = await dashboard.open('/keys');
  await page.getByRole('link', { name: 'Nodes' }).click();
  const row = (id: string) =>
    page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: id, exact: true }) });
  await row('b').getByText('Live', { exact: true }).waitFor();
  expect((await row('a').innerText()).replaceAll(/\n+/g, '\n')).toBe(
    `a\nLive · 0 cameras · 0 of 12 recordings\nSite default · version 0.2.0 · ${a.config.nodeUrl}`,
  );
  expect(await row('b').innerText()).toContain('Site Harbour');
  expect(await seriousFindings(page)).toEqual([]);
  const mark = spoolMark(b.config.recordDir);
  await rename(mark, `${mark}.away`);
  await row('b')
    .getByText(`It takes no recording: the spool’s disk is not mounted at ${b.config.recordDir}`)
    .waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await rename(`${mark}.away`, mark);
  await b.close();
  await row('b').getByText('Stopped').waitFor();
  await row('b')
    .getByText(/last heartbeat/)
    .waitFor();
});

test.skipIf(browserMissing)('the form of a camera asks for its site where there are several', async () => {
  const { createCamera } = await a.client.run<{ createCamera: { camera: { id: string } } }>(
    'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
    { input: { name: 'Quay', rtspUrl: 'rtsp://127.0.0.1:9/', enabled: false } },
  );
  const { id } = createCamera.camera;
  const site = async () =>
    (await a.client.run<{ camera: { site: string | null } }>(`{ camera(id: "${id}") { site } }`)).camera.site;
  const page = await dashboard.open(`/cameras/${id}`);
  const field = page.getByLabel('Site');
  const choose = async (name: string) => {
    await field.selectOption({ label: name });
    await page.getByRole('button', { name: 'Save' }).click();
  };
  expect(await field.locator('option').allTextContents()).toEqual(['Any', 'Harbour', 'default']);
  expect(await field.inputValue()).toBe('');
  await choose('Harbour');
  await expect.poll(site).toBe('Harbour');
  await page.reload();
  await expect.poll(() => field.inputValue()).toBe('Harbour');
  expect(await seriousFindings(page)).toEqual([]);
  await choose('Any');
  await expect.poll(site).toBe(null);
});

test('each node reports the figures of all', async () => {
  await nodes.start('b', { SITE: 'Harbour' });
  const text = await (await fetch(`${a.app.url}/metrics`)).text();
  expect(text.split('\n').filter((line) => line.startsWith('flashback_node_'))).toEqual([
    'flashback_node_state{node="a",site="default",version="0.2.0",state="LIVE"} 1',
    'flashback_node_state{node="b",site="Harbour",version="0.2.0",state="LIVE"} 1',
    ...['flashback_node_ok{node="a"} 1', 'flashback_node_ok{node="b"} 1'],
    ...['flashback_node_cameras{node="a"} 0', 'flashback_node_cameras{node="b"} 0'],
    ...['flashback_node_recordings{node="a"} 0', 'flashback_node_recordings{node="b"} 0'],
    ...['flashback_node_capacity{node="a"} 12', 'flashback_node_capacity{node="b"} 200'],
  ]);
});
