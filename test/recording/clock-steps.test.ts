// The machine's clock is set while the server runs: the clip still has all footage of the spool.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from 'vitest';
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
import { awaitRing } from '../support/app/ring.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { readFrames } from '../support/media/frames.ts';

// Each test sets the clock of a server of its own, and mostly waits for footage.
// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000, maxConcurrency: 2 });

let camera: TestCamera;
let dir: string;

const preRollSec = 2;
const postRollSec = 2;
const fps = 15;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-steps-'));
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
});

afterAll(async () => {
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

interface Rig {
  readonly app: TestApp;
  /** A camera without and a camera with post-roll. Their rings are full. */
  readonly plain: string;
  readonly withPostRoll: string;
  /** Sets the server's clock. */
  step(sec: number): void;
}

async function startRig({ onTestFinished }: TestContext): Promise<Rig> {
  let aheadMs = 0;
  const app = await startTestApp({}, () => Date.now() + aheadMs);
  onTestFinished(() => app.close());
  const [plain, withPostRoll] = await Promise.all([
    app.addCamera({ rtspUrl: camera.url, preRollSec }),
    app.addCamera({ rtspUrl: camera.url, preRollSec, postRollSec }),
  ]);
  await awaitRing(app, [plain, withPostRoll], preRollSec);
  return {
    app,
    plain,
    withPostRoll,
    step: (sec) => {
      aheadMs += sec * 1_000;
    },
  };
}

/** Reports an event. Returns it with the seconds until its end was requested, by a clock that nobody sets. */
async function startEvent(app: TestApp, cameraId: string) {
  const event = await createEvent(app.client, { cameraId });
  const startedAt = performance.now();
  return {
    event,
    end: async () => {
      const seconds = (performance.now() - startedAt) / 1_000;
      await endEvent(app.client, event.id);
      return seconds;
    },
  };
}

/**
 * The seconds of the camera's pictures in the clip. None may be missing or repeated, and each must play at its real
 * speed.
 */
async function secondsOf(playback: PlaybackFacts): Promise<number> {
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', failure: null, gaps: [] });
  const frames = await readFrames(await download(playback, dir));
  for (const [i, { counter, time }] of frames.entries()) {
    expect(counter).toBe((frames[0]!.counter + i) % (64 * fps));
    expect(Math.abs(time - i / fps)).toBeLessThan(0.4);
  }
  return frames.length / fps;
}

describe.each([-86_400, -15, 15, 86_400])('a clock that is set by %i s', (sec) => {
  test.concurrent('each clip has all of its footage, if it is set during the recording, in the post-roll, or before', async (context) => {
    const { app, plain, withPostRoll, step } = await startRig(context);
    const recorded = await startEvent(app, plain);
    const ended = await startEvent(app, withPostRoll);
    await sleep(1_500);
    const endedSec = await ended.end();
    step(sec);
    const later = await startEvent(app, plain);
    await sleep(1_500);
    const [recordedSec, laterSec] = [await recorded.end(), await later.end()];
    for (const [event, expected] of [
      [recorded.event, preRollSec + recordedSec],
      [ended.event, preRollSec + endedSec + postRollSec],
      [later.event, preRollSec + laterSec],
    ] as const) {
      const length = await secondsOf(await awaitEnd(app.client, event));
      expect(length).toBeGreaterThan(expected - 0.2);
      // Up to one second of the keyframe interval, and the time that an end waits for its last fragment.
      expect(length).toBeLessThan(expected + 4);
    }
  });

  test.concurrent('recordings go on or are kept, if it is set while the server is down', async (context) => {
    const { app, plain, withPostRoll, step } = await startRig(context);
    const open = await startEvent(app, plain);
    const ended = await startEvent(app, withPostRoll);
    await sleep(1_500);
    await ended.end();
    await app.restart(async () => step(sec));
    await app.awaitCamera(plain, 'LIVE');
    await sleep(1_000);
    const lastedSec = await open.end();
    for (const { event } of [open, ended]) {
      const playback = await awaitEnd(app.client, event);
      expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', failure: null });
      const frames = await readFrames(await download(playback, dir));
      // A stop loses the last fragment, which the camera had not delivered completely.
      expect(frames.length / fps).toBeGreaterThan(preRollSec + 0.5);
      expect(frames.length / fps).toBeLessThan(preRollSec + lastedSec + 8);
      // The pictures play at their real speed, even if by the clock the existing footage ends in the future.
      const apart = frames.slice(1).map(({ time }, i) => time - frames[i]!.time);
      expect(apart.filter((sec) => sec < 0.7 / fps).length).toBeLessThan(5);
    }
  });
});

describe.each([-86_400, 86_400])('a clock that is set by %i s before a stream changes its format', (sec) => {
  for (const ms of [500, 3_000])
    test.concurrent(`a further playback has everything of the new format; ended after ${ms} ms`, async (context) => {
      const { app, step } = await startRig(context);
      const other = await capture({ codec: 'h265', gopSec: 1, width: 480, height: 270, seconds: 64 });
      const changing = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
      context.onTestFinished(() => changing.close());
      const cameraId = await app.addCamera({ rtspUrl: changing.url, preRollSec });
      const event = await createEvent(app.client, { cameraId });
      await sleep(1_000);
      step(sec);
      changing.switchTo(other);
      await vi.waitUntil(() => changing.sessions === 1, 10_000);
      const changedAt = performance.now();
      await sleep(ms);
      const expected = (performance.now() - changedAt) / 1_000;
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
      // Pictures of the new format begin with a keyframe, and there is one per second.
      expect(seconds).toBeGreaterThan(Math.max(0.1, expected - 1.1));
      expect(seconds).toBeLessThan(expected + 4);
    });
});

test.concurrent('a lease that has expired only by the changed clock goes on; one expired by both clocks ends', async (context) => {
  const { app, plain, step } = await startRig(context);
  const short = await createEvent(app.client, { cameraId: plain, leaseSec: 3 });
  const leased = await createEvent(app.client, { cameraId: plain, leaseSec: 600 });
  await sleep(1_500);
  // By this clock, all leases and deadlines have passed.
  step(86_400);
  const lapsed = await awaitEnd(app.client, short);
  expect(lapsed.endReason).toBe('LEASE_EXPIRED');
  expect(await secondsOf(lapsed)).toBeGreaterThan(preRollSec + 2.8);
  await endEvent(app.client, leased.id);
  const playback = await awaitEnd(app.client, leased);
  expect(playback.endReason).toBe('ENDED');
  expect(await secondsOf(playback)).toBeGreaterThan(preRollSec + 2.8);
});

test('retention deletes only what is old by both clocks', () => {
  let now = Date.now();
  const age = neverSetAhead(() => now);
  now += 86_400_000;
  expect(Math.abs(age() - Date.now())).toBeLessThan(100);
  now -= 2 * 86_400_000;
  expect(age()).toBe(now);
});

test.concurrent('a recording ends at its deadline, however far the clock was set back', async (context) => {
  const { app, step } = await startRig(context);
  const id = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1, maxDurationSec: 2 });
  const event = await createEvent(app.client, { cameraId: id });
  step(-3_600);
  const playback = await awaitEnd(app.client, event);
  expect(playback.endReason).toBe('MAX_DURATION');
  expect(await secondsOf(playback)).toBeLessThan(1 + 2 + 3);
});
