// Links to one clip: they open without a key, show that clip alone, expire, and are revoked.
import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { vi as vietnamese } from '../../src/texts/vi/index.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { connectClient } from '../support/app/client.ts';
import { awaitEnd, createEvent, endEvent, type PlaybackFacts } from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { seriousFindings, tooWide } from '../support/browser/dashboard-page.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { r2Of, startS3Server } from '../support/s3/s3-server.ts';

// Browsers are slow on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const secret = 'operator-secret-of-the-test-1';
const name = 'Gate <b>"1"</b>';
let app: TestApp;
let camera: TestCamera;
let playback: PlaybackFacts;
/** What the server's clock is ahead of this machine's, in milliseconds. */
let aheadMs = 0;
const dashboard = dashboardPages(() => app.app.url);

beforeAll(async () => {
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  const apiKeys = [
    { name: 'admin', role: 'ADMIN', secret: 'admin-secret-of-the-test-01' },
    { name: 'guard', role: 'OPERATOR', secret },
  ] as const;
  app = await startTestApp({ apiKeys }, () => Date.now() + aheadMs);
  playback = await record(app);
});

afterEach(async () => {
  expect(await dashboard.close()).toEqual([]);
});

afterAll(async () => {
  await app.close();
  await camera.close();
});

async function record(of: TestApp): Promise<PlaybackFacts> {
  const cameraId = await of.addCamera({ name, rtspUrl: camera.url, preRollSec: 1 });
  await awaitRing(of, [cameraId], 1);
  const event = await createEvent(of.client, { cameraId });
  await endEvent(of.client, event.id);
  return awaitEnd(of.client, event);
}

const create = `mutation($input: CreateShareLinkInput!) { createShareLink(input: $input) { url shareLink { id createdBy } } }`;
const revoke = 'mutation($id: ID!) { revokeShareLink(id: $id) { shareLink { revokedAt } } }';
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

async function share(of = app, playbackId = playback.id, rest: object = {}) {
  const { createShareLink } = await of.client.run<{
    createShareLink: { url: string; shareLink: { id: string; createdBy: string } };
  }>(create, { input: { playbackId, expiresAt: inAnHour(), ...rest } });
  const { url, shareLink } = createShareLink;
  return { url, ...shareLink };
}

test('a link shows the clip without a key, and opens nothing else', async () => {
  const { url, id, createdBy } = await share(app, playback.id, { atSec: 0.5 });
  expect(createdBy).toBe('admin');
  const page = await fetch(url);
  expect(page.status).toBe(200);
  const html = await page.text();
  expect(html).toContain('Gate &lt;b&gt;&quot;1&quot;&lt;/b&gt;');
  expect(html).not.toMatch(/<script|onload|javascript:/i);
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  expect(page.headers.get('cache-control')).toBe('no-store');
  const [, source] = /src="([^"]+)#t=0\.5"/.exec(html)!;
  const clip = await fetch(app.app.url + source!, { headers: { range: 'bytes=4-7' } });
  expect([clip.status, await clip.text()]).toEqual([206, 'ftyp']);
  expect((await fetch(app.app.url + source!.replace('clip.mp4', 'poster.jpg'))).status).toBe(200);

  const token = new URL(url).pathname.split('/')[2]!;
  for (const path of ['x', 'clip.mp4/x', '../media/x', `${playback.id}.mp4`]) {
    expect((await fetch(`${app.app.url}/share/${token}/${path}`)).status, path).not.toBe(200);
  }
  expect((await fetch(`${app.app.url}/media/${token}`)).status).toBe(403);
  expect((await connectClient(app.app.url, token).fail('{ me { name } }')).code).toBe('UNAUTHENTICATED');

  const sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
  const { rows } = await sql.query('SELECT * FROM share_links');
  await sql.end();
  expect(JSON.stringify(rows)).not.toContain(token);
  const list = 'query($id: ID!) { shareLinks(playbackId: $id) { id openings lastOpenedAt } }';
  expect(await app.client.run(list, { id: playback.id })).toEqual({
    shareLinks: [{ id, openings: 1, lastOpenedAt: expect.any(String) }],
  });
  const lines = app.logged.filter((line) => line.includes(id)).map((line) => JSON.parse(line));
  expect(lines).toEqual([
    expect.objectContaining({ msg: 'a clip was shared', by: 'admin', playbackId: playback.id }),
    expect.objectContaining({ msg: 'a shared clip was opened', client: '127.0.0.1' }),
  ]);
  expect(app.logged.join()).not.toContain(token);
});

test('the page is in the language that the browser prefers', async () => {
  const { url } = await share();
  const pageIn = async (language: string, of = url) =>
    (await fetch(of, { headers: { 'accept-language': language } })).text();
  const inVietnamese = await pageIn('de-DE, vi-VN;q=0.8, en;q=0.5');
  expect(inVietnamese).toContain('<html lang="vi">');
  expect(inVietnamese).toContain(`<p>${vietnamese.names.type.MOTION} · `);
  expect(inVietnamese).toContain(vietnamese.share.until.split('{')[0]!);
  expect(await pageIn('vi', `${app.app.url}/share/unknown`)).toContain(vietnamese.share.whyGone);
  for (const language of ['vi;q=0.2, en-GB', 'fr', '*', ';;q=,', 'vi;q=0'])
    expect(await pageIn(language), language).toContain('<html lang="en">');
});

test('a link ends when it expires or is revoked, with its clip', async () => {
  const [lasting, revoked] = [await share(), await share()];
  const statusOf = async ({ url }: { url: string }) => [
    (await fetch(url)).status,
    (await fetch(`${url}/clip.mp4`)).status,
  ];
  expect(await statusOf(revoked)).toEqual([200, 200]);
  await app.client.run(revoke, { id: revoked.id });
  await app.client.run(revoke, { id: revoked.id });
  expect(await statusOf(revoked)).toEqual([404, 404]);
  expect(await statusOf(lasting)).toEqual([200, 200]);
  aheadMs = 3_600_001;
  expect(await statusOf(lasting)).toEqual([404, 404]);
  aheadMs = 0;
  expect((await fetch(`${app.app.url}/share/unknown`)).status).toBe(404);
});

test('what is wrong is said, and roles and cameras count', async () => {
  const fail = (input: object) =>
    app.client.fail(create, { input: { playbackId: playback.id, expiresAt: inAnHour(), ...input } });
  for (const expiresAt of ['2020-01-01T00:00:00Z', '2100-01-01T00:00:00Z']) {
    expect((await fail({ expiresAt })).issues).toMatchObject([
      {
        path: ['input', 'expiresAt'],
        message: 'Expected a moment in the future, at most 366 days from now.',
      },
    ]);
  }
  expect((await fail({ atSec: -1 })).issues).toMatchObject([{ path: ['input', 'atSec'] }]);
  expect((await fail({ playbackId: 'x' })).code).toBe('NOT_FOUND');
  const elsewhere = await app.addCamera({ rtspUrl: 'rtsp://127.0.0.1:9/', enabled: false }, 'DISABLED');
  const failed = await createEvent(app.client, { cameraId: elsewhere });
  expect(await fail({ playbackId: failed.playback!.id })).toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('only a clip that is COMPLETED can be shared'),
  });

  const { id } = await share();
  const { createApiKey } = await app.client.run<{ createApiKey: { secret: string } }>(
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
    { input: { name: 'elsewhere', role: 'OPERATOR', cameraIds: [elsewhere] } },
  );
  const limited = connectClient(app.app.url, createApiKey.secret);
  const input = { playbackId: playback.id, expiresAt: inAnHour() };
  expect((await limited.fail(create, { input })).code).toBe('NOT_FOUND');
  expect((await limited.fail(revoke, { id })).code).toBe('NOT_FOUND');
  expect((await limited.fail(`{ shareLinks(playbackId: "${playback.id}") { id } }`)).code).toBe('NOT_FOUND');
});

test('a clip in a bucket is fetched from there', async () => {
  const bucket = await startS3Server();
  const { endpoint } = bucket;
  const stored = await startTestApp({ r2: r2Of(bucket) });
  try {
    const { url } = await share(stored, (await record(stored)).id);
    const page = await fetch(url);
    expect(page.headers.get('content-security-policy')).toContain(`media-src 'self' ${endpoint}`);
    const clip = await fetch(`${url}/clip.mp4`, { headers: { range: 'bytes=4-7' } });
    expect([clip.url.startsWith(endpoint), await clip.text()]).toEqual([true, 'ftyp']);
  } finally {
    await stored.close();
    await bucket.close();
  }
});

describe.skipIf(browserMissing)('in the browser', () => {
  const fits = async (page: Page) => [...(await tooWide(page)), ...(await seriousFindings(page))];

  test('a clip is shared from its page, plays for anybody, and its link is revoked', async () => {
    const page = await dashboard.open(`/playbacks/${playback.id}`, { apiKey: secret });
    await page.getByRole('button', { name: 'Share' }).click();
    const dialog = page.getByRole('dialog', { name: 'Share this clip' });
    await dialog.getByRole('button', { name: 'Make a link' }).click();
    const url = await dialog.getByLabel('The link, shown only now').inputValue();
    expect(await seriousFindings(page)).toEqual([]);

    // Another browser, in which nobody is signed in.
    const context = await page
      .context()
      .browser()!
      .newContext({ viewport: { width: 320, height: 640 }, locale: 'vi-VN' });
    const visitor = await context.newPage();
    const complaints: string[] = [];
    visitor.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await visitor.goto(url);
    await visitor.getByRole('heading', { name }).waitFor();
    const video = visitor.locator('video');
    await video.evaluate((it) => {
      (it as HTMLVideoElement).muted = true;
      return (it as HTMLVideoElement).play();
    });
    await expect
      .poll(() => video.evaluate((it) => (it as HTMLVideoElement).currentTime))
      .toBeGreaterThan(0.2);
    expect(await fits(visitor)).toEqual([]);
    await visitor.getByText(vietnamese.names.type.MOTION).waitFor();
    expect(complaints).toEqual([]);

    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Share' }).click();
    const line = dialog.getByRole('listitem').filter({ hasText: 'By guard' });
    await line.getByText('opened once').waitFor();
    await line.getByRole('button', { name: 'Revoke' }).click();
    await line.getByText(/revoked/).waitFor();
    await visitor.reload();
    await visitor.getByText(vietnamese.share.gone).waitFor();
    await context.close();
    expect(await fits(page)).toEqual([]);
  });
});
