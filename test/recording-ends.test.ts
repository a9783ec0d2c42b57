// How recordings begin and end when things do not go the usual way.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from './support/app.ts';
import { startTestCamera, type TestCamera } from './support/camera.ts';
import { capture } from './support/captures.ts';
import { readFrames } from './support/frames.ts';
import { ffprobeWarnings, strictBoxes } from './support/judges.ts';
import {
  awaitEnd,
  createEvent,
  download,
  endEvent,
  type PlaybackFacts,
  readPlayback,
} from './support/playbacks.ts';
import { until } from './support/reader.ts';

// On a fresh checkout the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let dir: string;
const frameMs = 1_000 / 15;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-ends-'));
  app = await startTestApp({ cameraLostSec: 10 });
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

async function liveCamera(
  settings: object = {},
  state = 'LIVE',
): Promise<{ camera: TestCamera; cameraId: string }> {
  const camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1, ...settings }, state);
  return { camera, cameraId };
}

async function framesOf(camera: TestCamera, playback: PlaybackFacts) {
  const file = await download(playback, dir);
  const frames = await readFrames(file);
  const near = Date.parse(playback.startedAt);
  const sent = frames.map((frame) => camera.sentAt(frame.counter, near));
  return { file, frames, sent, firstSentAt: sent[0]!, lastSentAt: sent.at(-1)! };
}

/** Waits until the playback that goes on with an event's first one is COMPLETED. */
async function awaitFurther(event: { id: string; playback: { id: string } | null }): Promise<PlaybackFacts> {
  const transitions = app.client.subscribe<{
    playbackStatusChanged: { playback: { id: string }; to: string };
  }>('subscription($id: ID!) { playbackStatusChanged(filter: { eventId: $id }) { to playback { id } } }', {
    id: event.id,
  });
  const seen = await transitions.until(
    ({ playbackStatusChanged: { to, playback } }) => playback.id !== event.playback!.id && to === 'COMPLETED',
  );
  transitions.stop();
  return readPlayback(app.client, seen.at(-1)!.playbackStatusChanged.playback.id);
}

interface State {
  cameraStateChanged: { state: string; lastError: string | null };
}

test('a stalled camera is noticed within 5 s, connected again, and the hole is told', async () => {
  const { camera, cameraId } = await liveCamera();
  const states = app.client.subscribe<State>(
    'subscription($id: ID!) { cameraStateChanged(cameraId: $id) { state lastError } }',
    { id: cameraId },
  );
  await states.until((s) => s.cameraStateChanged.state === 'LIVE');
  const event = await createEvent(app.client, { cameraId });
  await sleep(500);
  const stalledAt = Date.now();
  camera.stall();
  const seen = await states.until((s) => s.cameraStateChanged.state === 'CONNECTING');
  // 5 s, and the fragment that was still under way.
  expect(Date.now() - stalledAt).toBeLessThan(7_000);
  expect(seen.at(-1)?.cameraStateChanged.lastError).toContain('has sent nothing for 5 seconds');
  camera.unstall();
  const backAt = Date.now();
  await states.until((s) => s.cameraStateChanged.state === 'LIVE');
  states.stop();
  await sleep(1_000);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  const { file, frames, sent } = await framesOf(camera, playback);
  const jump = frames.findIndex((frame, i) => i > 0 && frame.counter - frames[i - 1]!.counter > 1);
  expect(playback.gaps).toHaveLength(1);
  expect(Math.abs(Date.parse(playback.gaps[0]!.from) - sent[jump - 1]!)).toBeLessThan(500);
  expect(Math.abs(Date.parse(playback.gaps[0]!.to) - sent[jump]!)).toBeLessThan(500);
  // Recording again 1 s + one keyframe interval after the camera is back; what a busy machine adds comes on top.
  expect(sent[jump]! - backAt).toBeLessThan(2_000 + 2_000);
  expect(await ffprobeWarnings(file)).toBe('');
  await camera.close();
});

test.concurrent('a camera that is away for good leaves the clip so far', async () => {
  const { camera, cameraId } = await liveCamera();
  const event = await createEvent(app.client, { cameraId });
  const states = app.client.subscribe<State>(
    'subscription($id: ID!) { cameraStateChanged(cameraId: $id) { state lastError } }',
    { id: cameraId },
  );
  await states.until((s) => s.cameraStateChanged.state === 'LIVE');
  await sleep(1_500);
  const lostAt = Date.now();
  await camera.offline();
  await states.until((s) => s.cameraStateChanged.state === 'CONNECTING');
  // A second, and what a busy machine adds.
  expect(Date.now() - lostAt).toBeLessThan(2_000);
  states.stop();
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'CAMERA_LOST' });
  expect(Math.abs(Date.parse(playback.endedAt!) - lostAt)).toBeLessThan(1_000);
  const { file, lastSentAt } = await framesOf(camera, playback);
  expect(lostAt - lastSentAt).toBeLessThan(1_000);
  expect(await ffprobeWarnings(file)).toBe('');
  await camera.close();
});

test.concurrent('another resolution and codec give a further playback of the same event', async () => {
  const { camera, cameraId } = await liveCamera();
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_000);
  camera.switchTo(await capture({ codec: 'h265', gopSec: 1, width: 480, height: 270, seconds: 16 }));
  await awaitEnd(app.client, event);
  await sleep(1_500);
  await endEvent(app.client, event.id);
  await awaitFurther(event);
  const { event: after } = await app.client.run<{ event: { playbacks: PlaybackFacts[] } }>(
    `query($id: ID!) { event(id: $id) { playbacks {
      id startedAt videoUrl resolution codec endReason recordingStatus missedMs } } }`,
    { id: event.id },
  );
  expect(after.playbacks).toMatchObject([
    { recordingStatus: 'COMPLETED', endReason: 'CAMERA_LOST', resolution: '320x180' },
    { recordingStatus: 'COMPLETED', endReason: 'ENDED', resolution: '480x270' },
  ]);
  expect(after.playbacks[1]!.missedMs).toBeLessThan(100);
  for (const playback of after.playbacks) {
    const file = await download(playback, dir);
    await strictBoxes(file);
    expect(await ffprobeWarnings(file)).toBe('');
    expect((await readFrames(file)).length).toBeGreaterThan(15);
  }
  await camera.close();
});

test.concurrent('a further playback begins with the first picture of the new form, however long its row takes', async () => {
  const other = await capture({ codec: 'h265', gopSec: 1, width: 480, height: 270, seconds: 16 });
  // Without pre-roll the ring reaches back two seconds.
  const { camera, cameraId } = await liveCamera({ preRollSec: 0 }, 'IDLE');
  const event = await createEvent(app.client, { cameraId });
  await app.awaitCamera(cameraId, 'LIVE');
  const sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
  await sql.query('BEGIN');
  await sql.query('SELECT FROM events WHERE id = $1 FOR UPDATE', [event.id]);
  camera.switchTo(other);
  await app.awaitCamera(cameraId, 'CONNECTING');
  await app.awaitCamera(cameraId, 'LIVE');
  await sleep(4_000);
  await sql.query('COMMIT');
  await sql.end();
  await endEvent(app.client, event.id);
  const further = await awaitFurther(event);
  const { frames, firstSentAt, lastSentAt } = await framesOf(camera, further);
  const playedAt = camera.requests.findLast(({ method }) => method === 'PLAY')!.atMs;
  expect(firstSentAt - playedAt).toBeLessThan(1_000 + 2 * frameMs);
  for (const [i, frame] of frames.entries()) expect(frame.counter).toBe((frames[0]!.counter + i) % (16 * 15));
  expect(lastSentAt).toBeGreaterThanOrEqual(Date.parse(further.endedAt!) - 2 * frameMs);
  await camera.close();
});

test.concurrent('a stream that changes its form during the post-roll is recorded up to its end', async () => {
  // Made first: on a fresh checkout that takes longer than the post-roll.
  const other = await capture({ codec: 'h265', gopSec: 1, width: 480, height: 270, seconds: 16 });
  const { camera, cameraId } = await liveCamera({ postRollSec: 5 });
  const event = await createEvent(app.client, { cameraId });
  await sleep(500);
  const endedAt = Date.now();
  await endEvent(app.client, event.id);
  camera.switchTo(other);
  const first = await awaitEnd(app.client, event);
  const further = await awaitFurther(event);
  expect(first).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'ENDED', resolution: '320x180' });
  expect(further).toMatchObject({ endReason: 'ENDED', resolution: '480x270', missedMs: 0 });
  const { lastSentAt } = await framesOf(camera, further);
  expect(lastSentAt).toBeGreaterThanOrEqual(endedAt + 5_000 - 2 * frameMs);
  expect(lastSentAt).toBeLessThan(endedAt + 5_000 + 900);
  await camera.close();
});

test.concurrent('a recording ends at its maximum, without an endEvent', async () => {
  const { camera, cameraId } = await liveCamera({ maxDurationSec: 2 });
  const event = await createEvent(app.client, { cameraId });
  const playback = await awaitEnd(app.client, event);
  expect(playback.endReason).toBe('MAX_DURATION');
  const end = Date.parse(playback.startedAt) + 2_000;
  expect(Math.abs(Date.parse(playback.endedAt!) - end)).toBeLessThan(50);
  const { lastSentAt } = await framesOf(camera, playback);
  expect(lastSentAt).toBeGreaterThanOrEqual(end - 2 * frameMs);
  expect(lastSentAt).toBeLessThan(end + 600);
  await camera.close();
});

test.concurrent('a cold camera’s feed stays for the next event, and goes when none comes', async () => {
  const camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 0 }, 'IDLE');
  const first = await createEvent(app.client, { cameraId });
  await app.awaitCamera(cameraId, 'LIVE');
  await endEvent(app.client, first.id);
  expect((await awaitEnd(app.client, first)).missedMs).toBeGreaterThan(0);

  const next = await createEvent(app.client, { cameraId });
  await endEvent(app.client, next.id);
  const playback = await awaitEnd(app.client, next);
  expect(playback.missedMs).toBe(0);
  const { firstSentAt } = await framesOf(camera, playback);
  expect(firstSentAt).toBeLessThanOrEqual(Date.parse(playback.startedAt) + frameMs);
  expect(camera.sessionsEver).toBe(1);
  await app.awaitCamera(cameraId, 'IDLE');
  await until(() => camera.sessions === 0, 'its session is over');
  await camera.close();
});

test.concurrent('the post-roll is added to the end', async () => {
  const { camera, cameraId } = await liveCamera({ postRollSec: 2 });
  const event = await createEvent(app.client, { cameraId });
  await sleep(500);
  const endedAt = Date.now();
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(Math.abs(Date.parse(playback.endedAt!) - endedAt)).toBeLessThan(300);
  const { lastSentAt } = await framesOf(camera, playback);
  expect(lastSentAt).toBeGreaterThanOrEqual(endedAt + 2_000 - 2 * frameMs);
  expect(lastSentAt).toBeLessThan(endedAt + 2_000 + 900);
  await camera.close();
});

test.concurrent('a start in the past is honoured as far as the ring reaches, and refused in words beyond', async () => {
  const { camera, cameraId } = await liveCamera({ preRollSec: 3 });
  await sleep(5_000);
  const startedAt = new Date(Date.now() - 1_000);
  const event = await createEvent(app.client, { cameraId, startedAt: startedAt.toISOString() });
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  const { firstSentAt } = await framesOf(camera, playback);
  expect(startedAt.getTime() - firstSentAt).toBeGreaterThanOrEqual(3_000 - frameMs);
  expect(startedAt.getTime() - firstSentAt).toBeLessThan(4_000 + 3 * frameMs);

  const refusal = (at: number) =>
    app.client.fail('mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }', {
      input: { cameraId, type: 'MOTION', startedAt: new Date(at).toISOString() },
    });
  expect(await refusal(Date.now() - 10_000)).toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining('pre-roll of 3 seconds'),
  });
  expect(await refusal(Date.now() + 60_000)).toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining('not in the future'),
  });
  await camera.close();
});

test('a lease that ran out while the server was down ends the recording at its moment', async () => {
  const { camera, cameraId } = await liveCamera();
  const event = await createEvent(app.client, { cameraId, leaseSec: 2 });
  await sleep(1_000);
  await app.restart(() => sleep(2_000));
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'LEASE_EXPIRED' });
  const expected = Date.parse(playback.startedAt) + 2_000;
  expect(Math.abs(Date.parse(playback.endedAt!) - expected)).toBeLessThan(50);
  const { file, lastSentAt } = await framesOf(camera, playback);
  expect(lastSentAt).toBeLessThan(expected);
  expect(await ffprobeWarnings(file)).toBe('');
  await camera.close();
});

test('a playback that the end of its event passed by is ended all the same', async () => {
  const { camera, cameraId } = await liveCamera();
  const event = await createEvent(app.client, { cameraId });
  const sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
  // As where a playback is added to an event while the statement that ends it already runs.
  const { rows } = await sql.query('UPDATE events SET ended_at = now() WHERE id = $1 RETURNING ended_at', [
    event.id,
  ]);
  await sql.end();
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({
    recordingStatus: 'COMPLETED',
    endReason: 'ENDED',
    endedAt: rows[0].ended_at.toISOString(),
  });
  await camera.close();
});
