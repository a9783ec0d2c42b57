// The dashboard in Firefox: an event is seen from its beginning until its clip plays.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { createEvent, endEvent } from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { buildDashboard } from '../support/browser/dashboard.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { type FirefoxPage, openFirefox } from './firefox.ts';

let app: TestApp;
let camera: TestCamera;
let page: FirefoxPage;

beforeAll(async () => {
  await buildDashboard();
  camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  app = await startTestApp();
  page = await openFirefox();
}, 60_000);

afterAll(async () => {
  await page?.close();
  await app?.close();
  await camera?.close();
});

/** An expression in the page whose value is the first element with this text. */
const withText = (selector: string, text: string) =>
  `[...document.querySelectorAll('${selector}')].find((it) => it.textContent.trim() === '${text}')`;
const shows = (text: string) => `document.body.innerText.includes('${text}')`;
const position = () => page.evaluate<number>("document.querySelector('video')?.currentTime ?? -1");

test('an event appears, is watched, becomes COMPLETED and its clip plays', async () => {
  const cameraId = await app.addCamera({ name: 'Door', rtspUrl: camera.url, preRollSec: 2 });
  await awaitRing(app, [cameraId], 2);
  await page.open(`${app.app.url}/now`);
  await page.until("document.querySelector('[role=status][data-state=open]')");
  const event = await createEvent(app.client, { cameraId, label: 'postman' });
  await page.until(shows('postman'));
  // Firefox plays HLS with hls.js.
  await page.click(withText('button', 'Watch'));
  await expect.poll(position).toBeGreaterThan(1);

  await page.open(`${app.app.url}/playbacks/${event.playback!.id}`);
  await page.until(shows('Recording'));
  await endEvent(app.client, event.id);
  await page.until(shows('Completed'));
  await page.until('document.querySelector(\'video[src*=".mp4"]\')');
  const begin = await position();
  await page.click("document.querySelector('button[aria-label^=Play]')");
  await expect.poll(position).toBeGreaterThan(begin + 1);

  // The live wall: fragments over a WebSocket to Media Source Extensions.
  await page.open(`${app.app.url}/cameras`);
  await page.until(withText('button', 'Live'));
  await page.click(withText('button', 'Live'));
  await page.until("document.querySelector('video[data-shown=true]')");
  expect(page.errors).toEqual([]);
});
