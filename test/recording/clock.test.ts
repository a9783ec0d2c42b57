// Cameras with a wrong clock: the clip's time is the wall clock's nevertheless.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { readClip } from '../support/app/clip.ts';
import { awaitEnd, createEvent, endEvent, type PlaybackFacts } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { ffprobeWarnings } from '../support/media/judges.ts';
import { readBeeps, soundDelays } from '../support/media/sound.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let dir: string;
const aacPrimingMs = 64;
/** A wrong rate is detected after a little more than a second. */
const measuredMs = 3_000;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-clock-'));
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

async function record(cameraId: string, ms: number, meanwhile?: () => void): Promise<PlaybackFacts> {
  const event = await createEvent(app.client, { cameraId });
  await sleep(ms / 2);
  meanwhile?.();
  await sleep(ms / 2);
  await endEvent(app.client, event.id);
  return awaitEnd(app.client, event);
}

async function judge(camera: TestCamera, playback: PlaybackFacts) {
  // Not the beginning: with idrOnPlay, the camera starts over for its first reader.
  const clip = await readClip(camera, playback, dir, Date.parse(playback.endedAt!));
  return { ...clip, preRollMs: Date.parse(playback.startedAt) - clip.firstSentAt };
}

for (const clockRate of [1.2, 0.8]) {
  test.concurrent(`a camera whose clock runs at ${clockRate} gives a clip in real time`, async () => {
    const aac = await capture({ audio: 'aac', gopSec: 1 });
    const camera = await startTestCamera({ capture: aac, clockRate });
    const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 2 });
    await sleep(measuredMs);
    const playback = await record(cameraId, 3_000);
    const { file, frames, worst, preRollMs } = await judge(camera, playback);
    expect(worst).toBeLessThan(200);
    expect(preRollMs).toBeGreaterThan(2_000 - 100);
    expect(preRollMs).toBeLessThan(3_000 + 300);
    expect(playback.gaps).toEqual([]);
    const [, ...delays] = soundDelays(frames, await readBeeps(file), 15);
    expect(delays.length).toBeGreaterThan(2);
    for (const delay of delays) expect(Math.abs(delay - aacPrimingMs)).toBeLessThan(50);
    expect(await ffprobeWarnings(file)).toBe('');
    await camera.close();
  });
}

// Until the rate is known, units are placed as if it were right. Then they are placed again.
const cold = [1.2, 0.8].flatMap((clockRate) => [1, 3, 8].map((lengthSec) => ({ clockRate, lengthSec })));
for (const { clockRate, lengthSec } of cold)
  test.concurrent(`the first ${lengthSec} s of a camera without pre-roll whose clock runs at ${clockRate} are in real time`, async () => {
    const aac = await capture({ audio: 'aac', gopSec: 1 });
    const camera = await startTestCamera({ capture: aac, clockRate, idrOnPlay: true });
    const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 0 }, 'IDLE');
    const playback = await record(cameraId, lengthSec * 1_000);
    const { file, worst, firstSentAt, lastSentAt } = await judge(camera, playback);
    expect(worst).toBeLessThan(200);
    expect(Math.abs(playback.durationMs! - (lastSentAt - firstSentAt))).toBeLessThan(200);
    expect(Math.abs(Date.parse(playback.clipStartedAt!) - firstSentAt)).toBeLessThan(200);
    expect(Date.parse(playback.endedAt!) - lastSentAt).toBeLessThan(200);
    expect(playback.gaps).toEqual([]);
    expect(await ffprobeWarnings(file)).toBe('');
    await camera.close();
  });

// Reports relate the tracks to each other, arrivals give their rates.
const reportEveryMs = 2_500;
const wrongBesideSound = [
  { videoClockRate: 1.2, reportEveryMs },
  { videoClockRate: 0.8, reportEveryMs },
  { videoClockRate: 1.2, isWithoutReports: true },
  { videoClockRate: 0.8, isWithoutReports: true },
];
for (const faults of wrongBesideSound) {
  const { videoClockRate, isWithoutReports = false } = faults;
  const name = `a video clock that runs at ${videoClockRate} beside that of the sound${isWithoutReports ? ', without reports,' : ''}`;
  test.concurrent(`${name} gives a clip in real time`, async () => {
    const aac = await capture({ audio: 'aac', gopSec: 1 });
    const camera = await startTestCamera({ capture: aac, faults });
    const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 2 });
    await sleep(measuredMs);
    const playback = await record(cameraId, 4_000);
    const { file, frames, worst, preRollMs } = await judge(camera, playback);
    const [, ...delays] = soundDelays(frames, await readBeeps(file), 15);
    expect(worst).toBeLessThan(200);
    expect(preRollMs).toBeGreaterThan(2_000 - 100);
    expect(preRollMs).toBeLessThan(3_000 + 300);
    expect(playback.gaps).toEqual([]);
    for (const [i, frame] of frames.entries())
      expect(frame.counter).toBe((frames[0]!.counter + i) % (64 * 15));
    expect(delays.length).toBeGreaterThan(3);
    for (const delay of delays) expect(Math.abs(delay - aacPrimingMs)).toBeLessThan(50);
    expect(await ffprobeWarnings(file)).toBe('');
    await camera.close();
  });
}

test.concurrent('pictures of a variable frame rate keep their times', async () => {
  const thinned = await capture({ audio: 'aac', gopSec: 1, variableRate: true });
  const camera = await startTestCamera({ capture: thinned });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 2 });
  await sleep(measuredMs);
  const playback = await record(cameraId, 3_000);
  const { file, frames, worst } = await judge(camera, playback);
  expect(
    new Set(frames.map((frame, i) => frame.counter - (frames[i - 1]?.counter ?? 0))).size,
  ).toBeGreaterThan(2);
  expect(worst).toBeLessThan(200);
  expect(playback.gaps).toEqual([]);
  expect(await ffprobeWarnings(file)).toBe('');
  await camera.close();
});

for (const leapSec of [3_600, -3_600])
  test.concurrent(`a camera whose clock jumps by ${leapSec} s continues without a gap, with picture and sound in sync`, async () => {
    const camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
    const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
    await sleep(1_500);
    const playback = await record(cameraId, 4_000, () => camera.jumpTimestamps(leapSec));
    const { file, frames, worst } = await judge(camera, playback);
    expect(worst).toBeLessThan(200);
    expect(playback.gaps).toEqual([]);
    for (const [i, frame] of frames.entries())
      expect(frame.counter).toBe((frames[0]!.counter + i) % (64 * 15));
    const [, ...delays] = soundDelays(frames, await readBeeps(file), 15);
    expect(delays.length).toBeGreaterThan(2);
    for (const delay of delays) expect(Math.abs(delay - aacPrimingMs)).toBeLessThan(50);
    expect(await ffprobeWarnings(file)).toBe('');
    expect(camera.sessionsEver).toBe(1);
    await camera.close();
  });
