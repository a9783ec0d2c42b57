// A server with one of everything that the dashboard shows, and the addresses of all its views.
import type { Page } from 'playwright-core';
import { connectDb } from '../../../src/db/client.ts';
import type { en } from '../../../src/texts/en/index.ts';
import type { Like } from '../../../src/texts/like.ts';
import { startTestApp, type TestApp } from '../app/app.ts';
import { awaitEnd, createEvent, endEvent } from '../app/playbacks.ts';
import { startTestCamera } from '../camera/camera.ts';
import { capture } from '../camera/captures.ts';
import { writePast } from '../database/history.ts';

export interface EveryView {
  readonly app: TestApp;
  /** An administrator's key. */
  readonly apiKey: string;
  /** The paths of the views. */
  readonly views: Readonly<Record<string, string>>;
  /** The paths of views with an open dialog or with live pictures, and of pages that say that nothing is there. */
  readonly further: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** @param text makes a text of a length: names, labels, reasons, as long as the API allows */
export async function startEveryView(text: (length: number) => string): Promise<EveryView> {
  const apiKey = 'admin-secret-of-the-test-01';
  const changes = { nodeId: text(100), site: text(100) };
  const camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  const app = await startTestApp({
    ...changes,
    apiKeys: [{ name: text(100), role: 'ADMIN', secret: apiKey }],
  });
  const retention = [
    { days: 36_500, maxBytes: 999_999_999_999_999 },
    { eventType: 'LINE_CROSSING', days: 1 },
  ];
  const cameraId = await app.addCamera({
    ...{ name: text(200), rtspUrl: camera.url, preRollSec: 1, retention },
  });
  const awayId = await app.addCamera(
    { name: `Away ${text(195)}`, rtspUrl: `rtsp://127.0.0.1:9/${text(900)}` },
    'OFFLINE',
  );
  const described = {
    label: text(200),
    description: text(2_000),
    metadata: { [text(100)]: text(1_000) },
  };
  const event = await createEvent(app.client, { cameraId, ...described });
  await endEvent(app.client, event.id);
  const completed = await awaitEnd(app.client, event);
  await app.client.run(
    'mutation($id: ID!, $reason: String!) { protectPlayback(id: $id, reason: $reason) { playback { id } } }',
    { id: completed.id, reason: text(500) },
  );
  await app.client.run(
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } } }',
    { input: { name: text(100), role: 'VIEWER', cameraIds: [cameraId], expiresAt: '2099-01-01T00:00:00Z' } },
  );
  const running = await createEvent(app.client, { cameraId, ...described, leaseSec: 3_600 });
  await writePast(app.config.databaseUrl!, [{ cameraId, startedAt: new Date(), failed: true }]);
  const failedId = await lengthenFailure(app, text(500));
  const { playbacks } = await app.client.run<{ playbacks: { items: { id: string }[] } }>(
    '{ playbacks(filter: { recordingStatus: [RECORDING] }) { items { id } } }',
  );
  const clip = `/playbacks/${completed.id}`;
  const failure = `/playbacks/${failedId}`;
  const views = {
    cameras: '/cameras',
    'add a camera': '/cameras/new',
    camera: `/cameras/${cameraId}`,
    'camera away': `/cameras/${awayId}`,
    alerts: '/cameras',
    now: '/now',
    keys: '/keys',
    'first steps': '/start',
    playbacks: '/playbacks',
    pages: '/playbacks?page=1',
    completed: clip,
    failed: failure,
    together: `/together?camera=${cameraId}&camera=${awayId}&at=${completed.startedAt}`,
    running: `/playbacks/${playbacks.items[0]!.id}`,
    nodes: '/nodes',
  };
  const further = {
    'nothing here': '/nodes/none',
    'nothing found': '/playbacks?search=nothing',
    'no such playback': '/playbacks/none',
    'no such camera': '/cameras/none',
    share: clip,
    protect: failure,
    'delete a playback': failure,
    'delete a camera': `/cameras/${cameraId}`,
    'add another camera': '/start',
    'make a key': '/keys',
    'revoke a key': '/keys',
    'all keys': '/playbacks',
    settings: '/playbacks',
    // The last one, because the browser remembers that the cameras are shown live.
    'live wall': '/cameras',
  };
  const close = async () => {
    await endEvent(app.client, running.id);
    await app.close();
    await camera.close();
  };
  return { app, apiKey, views, further, close };
}

async function lengthenFailure(app: TestApp, errorMessage: string): Promise<string> {
  const db = connectDb(app.config.databaseUrl!);
  const [failed] = await db.playback.updateManyAndReturn({
    where: { recordingStatus: 'FAILED' },
    data: { errorMessage },
  });
  await db.$disconnect();
  return failed!.id;
}

/** By view: what a person does to open what it does not show at first. */
const actions: Readonly<Record<string, (page: Page, texts: Like<typeof en>) => Promise<unknown>>> = {
  alerts: (page, { alerts }) => button(page, alerts.off).click(),
  // On a small screen, the filters are hidden at first.
  playbacks: async (page, { playbacks }) => {
    const more = button(page, playbacks.filter.more);
    if (await more.isVisible()) await more.click();
  },
  // The bar of what can be done with the chosen ones.
  pages: (page) => page.getByRole('article').getByRole('checkbox').first().check(),
  share: (page, { playback }) => button(page, playback.share.button).click(),
  protect: (page, { playback }) => button(page, playback.protection.protect).click(),
  'delete a playback': (page, { parts }) => button(page, parts.delete).click(),
  'delete a camera': (page, { parts }) => button(page, parts.delete).click(),
  'add another camera': (page, { setup }) => button(page, setup.addAnother).click(),
  'make a key': (page, { keys }) => button(page, keys.make).click(),
  'revoke a key': (page, { keys }) => button(page, keys.revoke).first().click(),
  'all keys': (page) => page.keyboard.press('?'),
  settings: (page, { shell }) => page.getByTitle(shell.settings).click(),
  'live wall': (page, { wall }) => button(page, wall.live).click(),
};
const dialogs =
  /^(camera|camera away|add a camera|no such camera|alerts|share|protect|delete .*|add another camera|make a key|revoke a key|all keys|settings)$/;

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Resolves when the content of the view is there. @param texts of the language that the page is in */
export async function settled(page: Page, view: string, texts: Like<typeof en>): Promise<void> {
  await page.getByText(texts.shell.open, { exact: true }).waitFor();
  await page.getByRole('heading', { level: 1 }).waitFor();
  if (view === 'now') {
    await button(page, texts.now.endEvent).waitFor();
    await button(page, texts.now.watch).waitFor();
  }
  if (view === 'playbacks' || view === 'pages') await page.getByRole('article').nth(2).waitFor();
  if (view === 'keys') await button(page, texts.keys.revoke).waitFor();
  if (view === 'running') await button(page, texts.now.endEvent).waitFor();
  if (view === 'failed') await page.getByRole('region', { name: texts.playback.failure.title }).waitFor();
  if (view === 'together') await page.getByRole('figure').nth(1).waitFor();
  if (view === 'completed') await page.getByRole('region', { name: texts.playback.player.title }).waitFor();
  if (view === 'nodes') await page.getByRole('listitem').getByRole('heading').waitFor();
  if (/^no(thing| such) /.test(view)) await page.locator('strong').first().waitFor();
  await actions[view]?.(page, texts);
  if (dialogs.test(view)) await page.getByRole('dialog').last().waitFor();
  if (view === 'alerts') await page.getByRole('checkbox', { name: texts.names.type.MOTION }).waitFor();
  if (view === 'live wall') await page.locator('video[data-shown=true]').first().waitFor();
}
