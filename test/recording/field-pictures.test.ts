// Unusual pictures, and an event just behind a new connection: each becomes a right clip.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { firstJump, readClip } from '../support/app/clip.ts';
import { expectEveryPicture, recordInField } from '../support/app/field.ts';
import { liveCamera } from '../support/app/live-camera.ts';
import { awaitEnd, createEvent, download, endEvent } from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { withLargeKeyframes } from '../support/camera/altered-captures.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings, packets } from '../support/media/judges.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000, maxConcurrency: 8 });

let app: TestApp;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-pictures-'));
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

test.concurrent('intra refresh without keyframes: every picture of the pre-roll is right', async () => {
  const [preRollSec, gopSec] = [2, 1];
  const made = await capture({ gopSec, intraRefresh: true });
  // The only keyframe is at the beginning of the loop of 64 s.
  const camera = await startTestCamera({ capture: made, phaseSec: 10 });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec });
  await awaitRing(app, [cameraId], preRollSec + 2 * gopSec);
  const event = await createEvent(app.client, { cameraId });
  await sleep(2_000);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', gaps: [] });
  const file = await download(playback, dir);
  const pictures = (await packets(file)).length;
  // Until the first refresh is over, counters may not be readable.
  const frames = await readFrames(file, 2 * gopSec * 15);
  const sent = frames.map(({ counter }) => camera.sentAt(counter, Date.parse(playback.startedAt)));
  const firstRight = frames.findIndex((_, i) =>
    frames.slice(i).every(({ counter }, j) => counter === frames[i]!.counter + j),
  );
  expect(Date.parse(playback.startedAt) - sent[firstRight]!).toBeGreaterThan(preRollSec * 1_000 - 100);
  expect(pictures - frames.length + firstRight).toBeLessThanOrEqual(2 * gopSec * 15);
  for (const [i, { time }] of frames.entries())
    if (i >= firstRight)
      expect(
        Math.abs((time - frames[firstRight]!.time) * 1_000 - (sent[i]! - sent[firstRight]!)),
      ).toBeLessThan(200);
  await camera.close();
});

test.concurrent('keyframes of 4.5 MB, also once the camera is read in turns', async () => {
  const [gopSec, seconds, bytes] = [4, 32, 4_500_000];
  const made = withLargeKeyframes(await capture({ gopSec, seconds }), bytes);
  const camera = await startTestCamera({ capture: made });
  // Clocks are settled after 8 s.
  const clip = await recordInField(app, camera, dir, { preRollSec: 5, beforeMs: 10_000, ms: 5_000 });
  expectEveryPicture(clip, seconds * 15);
  const large = (await packets(clip.file)).filter(({ size }) => size >= bytes);
  expect(large.length).toBeGreaterThanOrEqual(3);
  await camera.close();
});

/** A camera with a full ring, just after a new connection. */
async function reconnectedCamera(preRollSec: number) {
  const live = await liveCamera(app, { preRollSec });
  await awaitRing(app, [live.cameraId], preRollSec + 1);
  const before = live.camera.sessionsEver;
  live.camera.drop();
  await until(async () => live.camera.sessionsEver > before, 'there is a new connection');
  return live;
}

for (const [name, liveMs] of [
  ['at once', 0],
  ['within the pre-roll', 1_500],
] as const)
  test.concurrent(`an event ${name} behind a new connection begins before it, with the gap between them`, async () => {
    const preRollSec = 4;
    const { camera, cameraId } = await reconnectedCamera(preRollSec);
    await sleep(liveMs);
    const event = await createEvent(app.client, { cameraId });
    await sleep(2_500);
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', missedMs: 0 });
    const { frames, sent, firstSentAt, worst, file } = await readClip(camera, playback, dir);
    expect(Date.parse(playback.startedAt) - firstSentAt).toBeGreaterThan(preRollSec * 1_000 - 200);
    expect(worst).toBeLessThan(200);
    const jump = firstJump(frames);
    expect(frames.slice(jump).every(({ counter }, i) => counter === frames[jump]!.counter + i)).toBe(true);
    expect(playback.gaps).toHaveLength(1);
    const [gap] = playback.gaps;
    expect(Math.abs(Date.parse(gap!.from) - (sent[jump - 1]! + 1_000 / 15))).toBeLessThan(200);
    expect(Math.abs(Date.parse(gap!.to) - sent[jump]!)).toBeLessThan(200);
    expect(await ffprobeWarnings(file)).toBe('');
    await camera.close();
  });

test.concurrent('an event whose pre-roll lies behind a new connection has no gap', async () => {
  const preRollSec = 2;
  const { camera, cameraId } = await reconnectedCamera(preRollSec);
  await sleep(preRollSec * 1_000 + 1_500);
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_500);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', missedMs: 0, gaps: [] });
  const clip = await readClip(camera, playback, dir);
  expect(Date.parse(playback.startedAt) - clip.firstSentAt).toBeGreaterThan(preRollSec * 1_000 - 200);
  expect(clip.worst).toBeLessThan(200);
  expectEveryPicture(clip, 64 * 15);
  await camera.close();
});
