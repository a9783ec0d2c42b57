// The machine's clock is set while the server works: what the spool holds becomes the clip.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { neverSetAhead } from '../../src/recording/steady-clock.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import {
  awaitEnd,
  createEvent,
  download,
  endEvent,
  type PlaybackFacts,
  readPlayback,
} from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { readFrames } from '../support/media/frames.ts';

let app: TestApp;
let camera: TestCamera;
let dir: string;
/** By how much the server's clock is ahead of this machine's. */
let aheadMs = 0;
/** One camera without, one with a post-roll; both with a pre-roll. */
let plain: string;
let withPostRoll: string;

const preRollSec = 2;
const postRollSec = 2;
const fps = 15;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-steps-'));
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp({}, () => Date.now() + aheadMs);
  plain = await app.addCamera({ rtspUrl: camera.url, preRollSec });
  withPostRoll = await app.addCamera({ rtspUrl: camera.url, preRollSec, postRollSec });
});

beforeEach(() => sleep(preRollSec * 1_000));

afterAll(async () => {
  await app.close();
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

/** How many seconds of the camera's pictures the clip holds, none left out, none twice, played as fast as they came. */
async function secondsOf(playback: PlaybackFacts): Promise<number> {
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', failure: null, gaps: [] });
  const frames = await readFrames(await download(playback, dir));
  for (const [i, { counter, time }] of frames.entries()) {
    expect(counter).toBe((frames[0]!.counter + i) % (64 * fps));
    expect(Math.abs(time - i / fps)).toBeLessThan(0.4);
  }
  return frames.length / fps;
}

const step = (sec: number) => {
  aheadMs += sec * 1_000;
};

describe.each([-86_400, -15, 15, 86_400])('a clock that is set by %i s', (sec) => {
  test('while it records, in the post-roll, or before: each clip has all of its footage', async () => {
    const recorded = await createEvent(app.client, { cameraId: plain });
    const ended = await createEvent(app.client, { cameraId: withPostRoll });
    await sleep(1_500);
    await endEvent(app.client, ended.id);
    step(sec);
    const later = await createEvent(app.client, { cameraId: plain });
    await sleep(1_500);
    await endEvent(app.client, recorded.id);
    await endEvent(app.client, later.id);
    const seconds = await Promise.all(
      [recorded, ended, later].map(async (event) => secondsOf(await awaitEnd(app.client, event))),
    );
    const expected = [preRollSec + 3, preRollSec + 1.5 + postRollSec, preRollSec + 1.5];
    for (const [i, length] of seconds.entries()) {
      expect(length).toBeGreaterThan(expected[i]! - 0.2);
      // Up to a second of the keyframe interval, and as much as an end waits for its last fragment.
      expect(length).toBeLessThan(expected[i]! + 4);
    }
  }, 30_000);

  test('while the server is down: what was recorded goes on, or is kept', async () => {
    const open = await createEvent(app.client, { cameraId: plain });
    const ended = await createEvent(app.client, { cameraId: withPostRoll });
    await sleep(1_500);
    await endEvent(app.client, ended.id);
    await app.restart(async () => step(sec));
    await app.awaitCamera(plain, 'LIVE');
    await sleep(1_000);
    await endEvent(app.client, open.id);
    for (const event of [open, ended]) {
      const playback = await awaitEnd(app.client, event);
      expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', failure: null });
      const frames = await readFrames(await download(playback, dir));
      // A stop costs the last fragment, which the camera had not delivered whole.
      expect(frames.length / fps).toBeGreaterThan(preRollSec + 0.5);
      expect(frames.length / fps).toBeLessThan(15);
      // Played as fast as it came, also where the clock says that what is held ends in the future.
      const apart = frames.slice(1).map(({ time }, i) => time - frames[i]!.time);
      expect(apart.filter((sec) => sec < 0.7 / fps).length).toBeLessThan(5);
    }
  }, 30_000);
});

describe.each([-86_400, 86_400])('a clock that is set by %i s before a stream changes its form', (sec) => {
  test.each([500, 3_000])(
    'all of the new form is in a further playback; ended after %i ms',
    async (ms) => {
      const other = await capture({ codec: 'h265', gopSec: 1, width: 480, height: 270, seconds: 64 });
      const changing = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
      onTestFinished(() => changing.close());
      const cameraId = await app.addCamera({ rtspUrl: changing.url, preRollSec });
      const event = await createEvent(app.client, { cameraId });
      await sleep(1_000);
      step(sec);
      changing.switchTo(other);
      await vi.waitUntil(() => changing.sessions === 1, 10_000);
      await sleep(ms);
      await endEvent(app.client, event.id);
      const further = await vi.waitUntil(async () => {
        const { event: found } = await app.client.run<{ event: { playbacks: PlaybackFacts[] } }>(
          'query($id: ID!) { event(id: $id) { playbacks { id recordingStatus } } }',
          { id: event.id },
        );
        return found.playbacks.find(
          (it) => it.id !== event.playback!.id && /COMPLETED|FAILED/.test(it.recordingStatus),
        );
      }, 15_000);
      const seconds = await secondsOf(await readPlayback(app.client, further.id));
      // Pictures of the new form begin with a keyframe, and there is one a second.
      expect(seconds).toBeGreaterThan(Math.max(0.1, ms / 1_000 - 1.1));
      expect(seconds).toBeLessThan(ms / 1_000 + 4);
    },
    60_000,
  );
});

test('a lease that is over by the new clock alone goes on; one that is over by both ends', async () => {
  const short = await createEvent(app.client, { cameraId: plain, leaseSec: 3 });
  const leased = await createEvent(app.client, { cameraId: plain, leaseSec: 600 });
  await sleep(1_500);
  // All leases and deadlines are past by this clock.
  step(86_400);
  const lapsed = await awaitEnd(app.client, short);
  expect(lapsed.endReason).toBe('LEASE_EXPIRED');
  expect(await secondsOf(lapsed)).toBeGreaterThan(preRollSec + 2.8);
  await endEvent(app.client, leased.id);
  const playback = await awaitEnd(app.client, leased);
  expect(playback.endReason).toBe('ENDED');
  expect(await secondsOf(playback)).toBeGreaterThan(preRollSec + 2.8);
});

test('what is deleted for its age is old also by the clock as nobody has set it', () => {
  let now = Date.now();
  const age = neverSetAhead(() => now);
  now += 86_400_000;
  expect(Math.abs(age() - Date.now())).toBeLessThan(100);
  now -= 2 * 86_400_000;
  expect(age()).toBe(now);
});

test('a recording ends at its deadline, however far the clock was set back', async () => {
  const id = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1, maxDurationSec: 2 });
  const event = await createEvent(app.client, { cameraId: id });
  step(-3_600);
  const playback = await awaitEnd(app.client, event);
  expect(playback.endReason).toBe('MAX_DURATION');
  expect(await secondsOf(playback)).toBeLessThan(1 + 2 + 3);
});
