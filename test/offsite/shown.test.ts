// How much of a running recording is in the bucket: clients are told, and the dashboard shows it.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { connectClient } from '../support/app/client.ts';
import { createEvent, deletePlaybacks, endEvent } from '../support/app/playbacks.ts';
import { browserMissing } from '../support/browser/browser.ts';
import { dashboardPages } from '../support/browser/dashboard-pages.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { r2Of, type S3Server, startS3Server } from '../support/s3/s3-server.ts';

interface Pushed {
  readonly playbackOffsiteChanged: { readonly id: string; readonly offsiteUntil: string };
}

const subscription =
  'subscription($id: ID) { playbackOffsiteChanged(playbackId: $id) { id offsiteUntil recordingStatus } }';
const secrets = { admin: 'a'.repeat(32), detector: 'd'.repeat(32), stranger: 's'.repeat(32) };

let app: TestApp;
let bucket: S3Server;
let camera: TestCamera;
let cameraId: string;
const dashboard = dashboardPages(() => app.app.url);

beforeAll(async () => {
  bucket = await startS3Server();
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp({
    r2: r2Of(bucket),
    offsiteEverySec: 1,
    apiKeys: [
      { name: 'admin', role: 'ADMIN', secret: secrets.admin },
      { name: 'detector', role: 'ANALYTICS', secret: secrets.detector },
      { name: 'stranger', role: 'ANALYTICS', secret: secrets.stranger },
    ],
  });
  cameraId = await app.addCamera({ name: 'Door', rtspUrl: camera.url, preRollSec: 1 });
});

afterAll(async () => {
  await app.close();
  await camera.close();
  await bucket.close();
});

const asCaller = (secret: string) => {
  const client = connectClient(app.app.url, secret);
  onTestFinished(() => client.close());
  return client;
};

test('whoever may see a recording is told up to when the bucket has it, and nobody else', async () => {
  const [detector, stranger] = [asCaller(secrets.detector), asCaller(secrets.stranger)];
  const pushed = app.client.subscribe<Pushed>(subscription);
  const seenByOther = stranger.subscribe<Pushed>(subscription);
  const { id: eventId, playback } = await createEvent(detector, { cameraId });
  const { id } = playback!;
  const first = (await pushed.next()).playbackOffsiteChanged;
  const second = (await pushed.next()).playbackOffsiteChanged;
  expect(first).toMatchObject({ id, recordingStatus: 'RECORDING' });
  expect(Date.parse(second.offsiteUntil)).toBeGreaterThan(Date.parse(first.offsiteUntil));
  expect(Date.parse(second.offsiteUntil)).toBeLessThanOrEqual(Date.now());

  // A later subscriber begins with what is known.
  const own = detector.subscribe<Pushed>(subscription, { id });
  const known = (await own.next()).playbackOffsiteChanged;
  expect(known.id).toBe(id);
  expect(Date.parse(known.offsiteUntil)).toBeGreaterThanOrEqual(Date.parse(second.offsiteUntil));
  const refused = stranger.subscribe<Pushed>(subscription, { id });
  await expect(refused.next()).rejects.toThrow('playback');

  // The stranger was told nothing of it: the first that it is told is its own recording.
  const others = await createEvent(stranger, { cameraId });
  expect((await seenByOther.next()).playbackOffsiteChanged.id).toBe(others.playback!.id);
  await endEvent(detector, eventId);
  await endEvent(stranger, others.id);
  await deletePlaybacks(app.client);
});

describe.skipIf(browserMissing)('in a browser', () => {
  test('the card and the page of a running recording say up to when the bucket has it', async () => {
    const page = await dashboard.open('/now', { apiKey: secrets.admin });
    const { id, playback } = await createEvent(app.client, { cameraId });
    const card = page.getByRole('article', { name: 'Door, Motion' });
    const text = card.getByText(/^Safe in the bucket up to \d\d:\d\d:\d\d, \d+ m?s behind$/);
    await text.waitFor();
    const timeOf = () => text.locator('time').getAttribute('datetime');
    const before = (await timeOf())!;
    await expect.poll(async () => ((await timeOf()) ?? '') > before, { timeout: 20_000 }).toBe(true);
    await card.getByRole('link', { name: 'Details' }).click();
    await page.getByText(/^Safe in the bucket up to/).waitFor();
    expect(page.url()).toContain(playback!.id);
    await endEvent(app.client, id);
    await page.getByText(/^Safe in the bucket up to/).waitFor({ state: 'detached' });
    expect(await dashboard.close()).toEqual([]);
  }, 90_000);
});
