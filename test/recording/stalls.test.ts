// Recordings whose camera is connected and sends nothing, or only sound.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { firstJump, readClip } from '../support/app/clip.ts';
import { liveCamera } from '../support/app/live-camera.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import type { TestCamera } from '../support/camera/camera.ts';
import { ffprobeWarnings } from '../support/media/judges.ts';
import { readBeeps } from '../support/media/sound.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let dir: string;
const frameMs = 1_000 / 15;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-stalls-'));
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

interface State {
  cameraStateChanged: { state: string; stateSince: string; lastError: string | null };
}

const stalls = [
  {
    name: 'a stalled camera',
    begin: (camera: TestCamera) => camera.stall(),
    end: (camera: TestCamera) => camera.unstall(),
    problem: 'has sent nothing for 4.5 seconds',
    beepsAtLeast: 0,
  },
  {
    name: 'a camera whose pictures stop while its sound goes on',
    begin: (camera: TestCamera) => camera.stallPictures(),
    end: (camera: TestCamera) => camera.resumePictures(),
    problem: 'sends sound, but no picture has come for 4.5 seconds',
    beepsAtLeast: 3,
  },
];
for (const { name, begin, end, problem, beepsAtLeast } of stalls)
  test.concurrent(`${name} is noticed within 5 s, reconnected, and the gap is stated`, async () => {
    const { camera, cameraId } = await liveCamera(app);
    const states = app.client.subscribe<State>(
      'subscription($id: ID!) { cameraStateChanged(cameraId: $id) { state stateSince lastError } }',
      { id: cameraId },
    );
    await states.until((s) => s.cameraStateChanged.state === 'LIVE');
    const event = await createEvent(app.client, { cameraId });
    // By then the backlog after the connect is over, and the feed knows when to expect fragments.
    await sleep(1_500);
    const stalledAt = Date.now();
    begin(camera);
    const seen = await states.until((s) => s.cameraStateChanged.state === 'CONNECTING');
    const toldAt = Date.now();
    const { stateSince, lastError } = seen.at(-1)!.cameraStateChanged;
    expect(Date.parse(stateSince) - stalledAt).toBeLessThan(5_000);
    expect(toldAt - Date.parse(stateSince)).toBeLessThan(1_000);
    expect(lastError).toContain(problem);
    end(camera);
    const backAt = Date.now();
    await states.until((s) => s.cameraStateChanged.state === 'LIVE');
    states.stop();
    await sleep(1_000);
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    const { file, frames, sent, firstSentAt, lastSentAt, worst } = await readClip(camera, playback, dir);
    const jump = firstJump(frames);
    expect(playback.gaps).toHaveLength(1);
    expect(Math.abs(Date.parse(playback.gaps[0]!.from) - sent[jump - 1]!)).toBeLessThan(500);
    expect(Math.abs(Date.parse(playback.gaps[0]!.to) - sent[jump]!)).toBeLessThan(500);
    // It records again 1 s and one keyframe interval after the camera is back, plus the delay of a busy machine.
    expect(sent[jump]! - backAt).toBeLessThan(2_000 + 2_000);
    expect(worst).toBeLessThan(200);
    expect(Math.abs(playback.durationMs! - (lastSentAt + frameMs - firstSentAt))).toBeLessThan(200);
    const isInHole = (sec: number) => sec > frames[jump - 1]!.time + 0.1 && sec < frames[jump]!.time;
    const beeps = (await readBeeps(file)).filter(isInHole);
    expect(beeps.length).toBeGreaterThanOrEqual(beepsAtLeast);
    expect(await ffprobeWarnings(file)).toBe('');
    await camera.close();
  });

test.concurrent('pictures that stop for less than 3.5 s while sound continues have not stalled', async () => {
  const { camera, cameraId } = await liveCamera(app);
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_500);
  const before = camera.sessionsEver;
  camera.stallPictures();
  // They return with the next keyframe, which may be a second away.
  await sleep(2_500);
  camera.resumePictures();
  await sleep(3_000);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(camera.sessionsEver).toBe(before);
  expect(playback.gaps).toEqual([]);
  const { file, frames, sent, firstSentAt, lastSentAt, worst } = await readClip(camera, playback, dir);
  const jump = firstJump(frames);
  expect(sent[jump]! - sent[jump - 1]!).toBeGreaterThan(2_500);
  expect(frames.length - jump).toBeGreaterThan(15);
  expect(worst).toBeLessThan(200);
  expect(Math.abs(playback.durationMs! - (lastSentAt + frameMs - firstSentAt))).toBeLessThan(200);
  expect(await ffprobeWarnings(file)).toBe('');
  await camera.close();
});
