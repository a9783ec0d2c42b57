// Cameras in the field send and keep sessions in many ways: each kind becomes a clip.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { firstJump, readClip } from '../support/app/clip.ts';
import { expectEveryPicture, recordInField } from '../support/app/field.ts';
import { awaitEnd, createEvent, download, endEvent } from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { startUdpCamera } from '../support/camera/udp-camera.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings, packets } from '../support/media/judges.ts';
import { readBeeps, soundDelays } from '../support/media/sound.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000, maxConcurrency: 8 });

let app: TestApp;
let dir: string;
const aacPrimingMs = 64;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-field-'));
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

async function expectInStep(clip: { file: string; frames: Awaited<ReturnType<typeof readFrames>> }) {
  const [, ...delays] = soundDelays(clip.frames, await readBeeps(clip.file), 15);
  expect(delays.length).toBeGreaterThan(1);
  for (const delay of delays) expect(Math.abs(delay - aacPrimingMs)).toBeLessThan(50);
}

for (const [fps, gopSec, seconds, ms] of [
  [0.5, 4, 64, 8_000],
  [0.2, 5, 60, 16_000],
] as const)
  test.concurrent(`${fps} pictures per second: live with the first keyframe, without a stall`, async () => {
    const made = await capture({ fps, gopSec, seconds });
    // A keyframe is due half a second after the camera starts.
    const camera = await startTestCamera({ capture: made, phaseSec: gopSec - 0.5 });
    const clip = await recordInField(app, camera, dir, { ms });
    expectEveryPicture(clip, seconds * fps);
    expect(clip.frames.length).toBeGreaterThanOrEqual(Math.floor((ms / 1_000) * fps));
    await camera.close();
  });

test.concurrent('a keyframe every 40 s: one session until the keyframe arrives, and then a clip', async () => {
  const made = await capture({ gopSec: 40, seconds: 40 });
  const camera = await startTestCamera({ capture: made, phaseSec: 14 });
  const id = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 }, 'CONNECTING');
  const state = async () => {
    const answer = await app.client.run<{ camera: { state: string } }>(
      'query($id: ID!) { camera(id: $id) { state } }',
      { id },
    );
    return answer.camera.state;
  };
  await vi.waitUntil(async () => (await state()) === 'LIVE', { timeout: 40_000, interval: 200 });
  expect(camera.sessionsEver).toBe(1);
  const event = await createEvent(app.client, { cameraId: id });
  await sleep(1_500);
  await endEvent(app.client, event.id);
  const clip = await readClip(camera, await awaitEnd(app.client, event), dir);
  expect(clip.frames[0]!.counter).toBe(0);
  expectEveryPicture(clip, 40 * 15);
  expect(camera.sessionsEver).toBe(1);
  await camera.close();
});

const leaps = [
  { name: 'a jump by 30 s at 2 pictures a second', fps: 2, leapSec: 30 },
  { name: 'a jump by 30 s in mid-fragment, with sound', fps: 15, leapSec: 30 },
  { name: 'a jump by −10 min and another SSRC', fps: 15, leapSec: -600, isRestart: true },
];
for (const { name, fps, leapSec, isRestart = false } of leaps)
  test.concurrent(`${name}: the recording continues without a gap`, async () => {
    const made = await capture({ fps, audio: 'aac', gopSec: 1 });
    const camera = await startTestCamera({ capture: made });
    const leap = () => (isRestart ? camera.restartEncoder(leapSec) : camera.jumpTimestamps(leapSec));
    const clip = await recordInField(app, camera, dir, { ms: 5_000, meanwhile: leap });
    expectEveryPicture(clip, 64 * fps);
    if (fps === 15) await expectInStep(clip);
    await camera.close();
  });

test.concurrent('one wrong timestamp every 2 s: the clip is right', async () => {
  const made = await capture({ audio: 'aac', gopSec: 1 });
  const camera = await startTestCamera({ capture: made, faults: { strayEvery: 30 } });
  const clip = await recordInField(app, camera, dir, { ms: 5_000 });
  expectEveryPicture(clip, 64 * 15);
  await expectInStep(clip);
  await camera.close();
});

test.concurrent('lost packets cost pictures, but not the session', async () => {
  const made = await capture({ audio: 'aac', gopSec: 1 });
  const camera = await startTestCamera({ capture: made, faults: { loseEvery: 40 } });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  await awaitRing(app, [cameraId], 1);
  const event = await createEvent(app.client, { cameraId });
  await sleep(4_000);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', gaps: [], audioCodec: 'mp4a.40.2' });
  const file = await download(playback, dir);
  const pictures = (await packets(file)).filter(({ stream_index }) => stream_index === 0);
  // The other pictures have their right times: only whole pictures are missing.
  for (const { pts } of pictures) expect(Math.abs(pts - Math.round(pts * 15) / 15)).toBeLessThan(0.02);
  const all = Math.round(pictures.at(-1)!.pts * 15) + 1;
  expect(all).toBeGreaterThan(4.9 * 15);
  expect(pictures.length).toBeLessThan(all);
  expect(pictures.length).toBeGreaterThan(all * 0.7);
  expect(camera.sessionsEver).toBe(1);
  await camera.close();
});

test.concurrent('a camera that allows one session lets Flashback back in after a stall', async () => {
  const made = await capture({ audio: 'aac', gopSec: 1 });
  const camera = await startTestCamera({ capture: made, maxSessions: 1 });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_500);
  camera.stallPictures();
  await app.awaitCamera(cameraId, 'CONNECTING');
  camera.resumePictures();
  await app.awaitCamera(cameraId, 'LIVE');
  await sleep(1_000);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback.gaps).toHaveLength(1);
  const { frames, worst } = await readClip(camera, playback, dir);
  expect(frames.length - firstJump(frames)).toBeGreaterThan(10);
  expect(worst).toBeLessThan(200);
  expect(camera.requests.filter(({ status }) => status === 453)).toEqual([]);
  expect(camera.requests.filter(({ method }) => method === 'TEARDOWN').length).toBeGreaterThan(0);
  expect(camera.sessionsEver).toBe(2);
  await camera.close();
});

test.concurrent('a DESCRIBE that takes 12 s is waited for, also when it is repeated', async () => {
  const camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  camera.describeDelayMs = 12_000;
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  camera.drop();
  await app.awaitCamera(cameraId, 'CONNECTING');
  await app.awaitCamera(cameraId, 'LIVE');
  expect(camera.sessionsEver).toBe(2);
  expect(camera.requests.filter(({ method }) => method === 'DESCRIBE')).toHaveLength(2);
  // By then the ring reaches back past the gap.
  await sleep(2_500);
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_000);
  await endEvent(app.client, event.id);
  const clip = await readClip(camera, await awaitEnd(app.client, event), dir);
  expectEveryPicture(clip, 64 * 15);
  await camera.close();
});

test.concurrent('a camera with a host name, an empty password and special characters in the user name is recorded', async () => {
  const made = await capture({ audio: 'aac', gopSec: 1 });
  const user = 'a@b:c/d?e#f%g';
  const camera = await startTestCamera({ capture: made, users: { [user]: '' } });
  const rtspUrl = camera.urlAs(user, '').replace('127.0.0.1', 'localhost').replace('rtsp:', 'RTSP:');
  const clip = await recordInField(app, camera, dir, { rtspUrl });
  expectEveryPicture(clip, 64 * 15);
  await camera.close();
});

test.concurrent('a camera that sends only over UDP is recorded', async () => {
  const made = await capture({ audio: 'aac', gopSec: 1 });
  const camera = await startUdpCamera(made);
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  await awaitRing(app, [cameraId], 1);
  const event = await createEvent(app.client, { cameraId });
  await sleep(2_500);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', gaps: [], audioCodec: 'mp4a.40.2' });
  const file = await download(playback, dir);
  const frames = await readFrames(file);
  for (const [i, { counter, time }] of frames.entries()) {
    expect(counter).toBe((frames[0]!.counter + i) % (64 * 15));
    expect(time).toBeCloseTo(i / 15, 2);
  }
  expect(frames.length).toBeGreaterThan(3.4 * 15);
  await expectInStep({ file, frames });
  expect(await ffprobeWarnings(file)).toBe('');
  await camera.close();
});

test.concurrent('two cameras that share one pipeline are both recorded', async () => {
  const camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  const meanwhile = () => app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  const clip = await recordInField(app, camera, dir, { ms: 5_000, meanwhile, otherSessions: 1 });
  expectEveryPicture(clip, 64 * 15);
  await expectInStep(clip);
  await camera.close();
});
