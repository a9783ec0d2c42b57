// Events that begin while a camera has only just connected.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { firstJump, readClip } from '../support/app/clip.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { ffprobe, ffprobeWarnings } from '../support/media/judges.ts';

// On a fresh checkout the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-begins-'));
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

test.concurrent('right after a reconnect the pre-roll is from before the hole, which is told as a gap', async () => {
  const camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 5 });
  await sleep(3_000);
  const lostAt = Date.now();
  await camera.offline();
  await sleep(1_500);
  await camera.online();
  await expect.poll(() => camera.sessionsEver).toBe(2);
  await app.awaitCamera(cameraId, 'LIVE');
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_500);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  const { frames, sent, file, firstSentAt, worst } = await readClip(camera, playback, dir);
  await camera.close();
  expect(firstSentAt).toBeLessThan(lostAt - 1_000);
  // Each picture stands where the wall clock was when it was sent, on both sides of the hole.
  expect(worst).toBeLessThan(200);
  expect(await ffprobeWarnings(file)).toBe('');
  const behind = firstJump(frames);
  expect(playback.gaps).toHaveLength(1);
  const [gap] = playback.gaps;
  expect(Math.abs(Date.parse(gap!.from) - sent[behind - 1]!)).toBeLessThan(300);
  expect(Math.abs(Date.parse(gap!.to) - sent[behind]!)).toBeLessThan(300);
});

for (const isMute of [false, true])
  test.concurrent(`a cold camera’s sound that ${isMute ? 'never comes' : 'comes'} is waited for, and no picture with it`, async () => {
    const made = await capture({ audio: 'pcmu', gopSec: 1, seconds: 16 });
    const camera = await startTestCamera({ capture: made, faults: { isMute } });
    const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 0 }, 'IDLE');
    const event = await createEvent(app.client, { cameraId });
    await app.awaitCamera(cameraId, 'LIVE');
    const liveAt = Date.now();
    await sleep(2_500);
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    const { file, frames, firstSentAt, worst } = await readClip(camera, playback, dir);
    await camera.close();
    expect(worst).toBeLessThan(200);
    // From the first keyframe on: it was sent before the camera was live.
    expect(firstSentAt).toBeLessThan(liveAt);
    for (const [i, { counter }] of frames.entries()) expect(counter).toBe((frames[0]!.counter + i) % 240);
    const { streams } = await ffprobe(file);
    expect(streams.map(({ codec_name }) => codec_name)).toEqual(isMute ? ['h264'] : ['h264', 'aac']);
  });
