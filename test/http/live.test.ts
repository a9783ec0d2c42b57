// Watching a running recording, and snapshots of cameras.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent } from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { readCounterOfImage, readFrames } from '../support/media/frames.ts';
import { ffprobe, ffprobeWarnings } from '../support/media/judges.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let camera: TestCamera;
let cameraId: string;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-live-'));
  camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  app = await startTestApp();
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 3 });
  await awaitRing(app, [cameraId], 3);
});

afterAll(async () => {
  await app.close();
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

async function liveUrlOf(playbackId: string): Promise<string | null> {
  const { playback } = await app.client.run<{ playback: { liveUrl: string | null } }>(
    'query($id: ID!) { playback(id: $id) { liveUrl } }',
    { id: playbackId },
  );
  return playback.liveUrl;
}

async function fetched(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
  return Buffer.from(await response.arrayBuffer());
}

/** Everything that a player fetches, joined into one file. */
async function assemble(playlistUrl: string, name: string): Promise<string> {
  const playlist = (await fetched(playlistUrl)).toString();
  const names = ['init.mp4', ...playlist.split('\n').filter((line) => line.endsWith('.m4s'))];
  const parts = await Promise.all(names.map((part) => fetched(new URL(part, playlistUrl).href)));
  const file = path.join(dir, name);
  await writeFile(file, Buffer.concat(parts));
  return file;
}

test('a running recording is an HLS playlist from its pre-roll on, and has the clip’s content in the end', async () => {
  const event = await createEvent(app.client, { cameraId });
  const url = (await liveUrlOf(event.playback!.id))!;
  const running = (await fetched(url)).toString();
  expect(running).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
  expect(running).not.toContain('ENDLIST');
  const sofar = await readFrames(await assemble(url, 'running.mp4'));
  // Whole keyframe intervals only: at least two of a pre-roll of 3 s.
  expect(sofar.length).toBeGreaterThanOrEqual(2 * 15);

  await sleep(1_500);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(await liveUrlOf(playback.id)).toBeNull();
  // A player that is watching can play to the end, although the spool has been removed.
  const ended = (await fetched(url)).toString();
  expect(ended).toMatch(/#EXT-X-ENDLIST\n$/);
  const file = await assemble(url, 'ended.mp4');
  expect(await ffprobeWarnings(file)).toBe('');
  const clip = await readFrames(await download(playback, dir));
  const watched = await readFrames(file);
  expect(watched.map((frame) => frame.counter)).toEqual(clip.map((frame) => frame.counter));
  expect(camera.sessionsEver).toBe(1);
});

test.skipIf(browserMissing)('a running recording plays in a browser to the end', async () => {
  const browser = await launchBrowser();
  // The test's own player, on a page of the server.
  const page = await browser.newPage({ bypassCSP: true });
  await page.goto(`${app.app.url}/healthz`);
  await page.addScriptTag({ path: path.resolve('node_modules/hls.js/dist/hls.min.js') });
  const event = await createEvent(app.client, { cameraId });
  const url = (await liveUrlOf(event.playback!.id))!;
  await page.evaluate((source) => {
    const video = document.body.appendChild(document.createElement('video'));
    video.muted = true;
    const Hls = (globalThis as unknown as { Hls: typeof import('hls.js').default }).Hls;
    const hls = new Hls({ startPosition: 0 });
    hls.loadSource(source);
    hls.attachMedia(video);
    hls.once(Hls.Events.FRAG_BUFFERED, () => video.play());
  }, url);
  const videoSays = (condition: string) =>
    page.waitForFunction(`(() => { const v = document.querySelector('video'); return ${condition}; })()`);
  await videoSays('v.currentTime > 1');
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  await page.evaluate(() => {
    document.querySelector('video')!.playbackRate = 4;
  });
  await videoSays('v.ended');
  const { duration, frames } = await page.evaluate(() => {
    const video = document.querySelector('video')!;
    return { duration: video.duration, frames: video.getVideoPlaybackQuality().totalVideoFrames };
  });
  expect(Math.abs(duration * 1_000 - playback.durationMs!)).toBeLessThan(200);
  expect(frames).toBeGreaterThan(((playback.durationMs! * 15) / 1_000) * 0.8);
  await browser.close();
});

test('H.265 is hvc1 in a running recording, too, and a recording without pre-roll can be watched', async () => {
  const other = await startTestCamera({
    capture: await capture({ codec: 'h265', audio: 'aac', gopSec: 1, seconds: 16 }),
  });
  const cold = await app.addCamera({ rtspUrl: other.url, preRollSec: 0 }, 'IDLE');
  const event = await createEvent(app.client, { cameraId: cold });
  expect(await liveUrlOf(event.playback!.id)).toBeNull();
  await app.awaitCamera(cold, 'LIVE');
  await expect.poll(() => liveUrlOf(event.playback!.id)).not.toBeNull();
  const file = await assemble((await liveUrlOf(event.playback!.id))!, 'h265.mp4');
  expect((await ffprobe(file)).streams[0]!.codec_tag_string).toBe('hvc1');
  await endEvent(app.client, event.id);
  await awaitEnd(app.client, event);
  await other.close();
});

test('a link to a missing recording, or without its ticket, shows nothing', async () => {
  const event = await createEvent(app.client, { cameraId });
  const url = (await liveUrlOf(event.playback!.id))!;
  const [, ticket] = /\/live\/([^/]+)\//.exec(url)!;
  expect((await fetch(url.replace(ticket!, 'x'.repeat(30)))).status).toBe(403);
  expect((await fetch(url.replace('index.m3u8', '9999.m4s'))).status).toBe(404);
  await endEvent(app.client, event.id);
  await awaitEnd(app.client, event);
});

test('a snapshot shows the camera’s newest keyframe', async () => {
  const ask = async (id: string) => {
    const { camera } = await app.client.run<{ camera: { snapshotUrl: string | null } }>(
      'query($id: ID!) { camera(id: $id) { snapshotUrl } }',
      { id },
    );
    return camera.snapshotUrl;
  };
  const url = (await ask(cameraId))!;
  const askedAt = Date.now();
  const [first, second] = await Promise.all([fetched(url), fetched(url)]);
  expect(second).toEqual(first);
  const file = path.join(dir, 'snapshot.jpg');
  await writeFile(file, first);
  const sentAt = camera.sentAt(await readCounterOfImage(file), askedAt);
  // One keyframe interval, the fragment that contains it, and the delay of a busy machine.
  expect(askedAt - sentAt).toBeLessThan(1_000 + 500 + 1_500);
  const dark = await app.addCamera({ rtspUrl: 'rtsp://127.0.0.1:9/none' }, 'OFFLINE');
  expect(await ask(dark)).toBeNull();
});
