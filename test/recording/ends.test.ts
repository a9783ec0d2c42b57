// How recordings begin and end, and for which reasons.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { readClip } from '../support/app/clip.ts';
import { liveCamera } from '../support/app/live-camera.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { ffprobeWarnings } from '../support/media/judges.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let dir: string;
const frameMs = 1_000 / 15;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-ends-'));
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

test.concurrent('a recording ends at maxDurationSec without an endEvent', async () => {
  const { camera, cameraId } = await liveCamera(app, { maxDurationSec: 2 });
  const event = await createEvent(app.client, { cameraId });
  const playback = await awaitEnd(app.client, event);
  expect(playback.endReason).toBe('MAX_DURATION');
  const end = Date.parse(playback.startedAt) + 2_000;
  expect(Math.abs(Date.parse(playback.endedAt!) - end)).toBeLessThan(50);
  const { lastSentAt } = await readClip(camera, playback, dir);
  expect(lastSentAt).toBeGreaterThanOrEqual(end - 2 * frameMs);
  expect(lastSentAt).toBeLessThan(end + 600);
  await camera.close();
});

test.concurrent('a lease that is renewed in time ends the recording only when the new lease expires', async () => {
  const { camera, cameraId } = await liveCamera(app);
  const event = await createEvent(app.client, { cameraId, leaseSec: 4 });
  const firstExpiry = Date.parse(event.playback!.startedAt) + 4_000;
  // Three seconds, so that a busy machine can answer twice.
  await sleep(1_000);
  const { renewEvent } = await app.client.run<{ renewEvent: { event: { leaseExpiresAt: string } } }>(
    'mutation($id: ID!) { renewEvent(input: { id: $id, leaseSec: 5 }) { event { leaseExpiresAt } } }',
    { id: event.id },
  );
  const expiry = Date.parse(renewEvent.event.leaseExpiresAt);
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'LEASE_EXPIRED', gaps: [] });
  expect(Math.abs(Date.parse(playback.endedAt!) - expiry)).toBeLessThan(50);
  const { frames, sent, lastSentAt } = await readClip(camera, playback, dir);
  for (const [i, frame] of frames.entries()) expect(frame.counter).toBe((frames[0]!.counter + i) % (64 * 15));
  expect(sent.filter((at) => at > firstExpiry + 600).length).toBeGreaterThan(15);
  expect(lastSentAt).toBeGreaterThanOrEqual(expiry - 2 * frameMs);
  expect(lastSentAt).toBeLessThan(expiry + 600);
  await camera.close();
});

test.concurrent('the feed of a camera without pre-roll stays connected for a while after an event', async () => {
  const camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 0 }, 'IDLE');
  const first = await createEvent(app.client, { cameraId });
  await app.awaitCamera(cameraId, 'LIVE');
  await endEvent(app.client, first.id);
  expect((await awaitEnd(app.client, first)).missedMs).toBeGreaterThan(0);

  const next = await createEvent(app.client, { cameraId });
  await endEvent(app.client, next.id);
  const playback = await awaitEnd(app.client, next);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', failure: null, missedMs: 0 });
  const { firstSentAt } = await readClip(camera, playback, dir);
  expect(firstSentAt).toBeLessThanOrEqual(Date.parse(playback.startedAt) + frameMs);
  expect(camera.sessionsEver).toBe(1);
  await app.awaitCamera(cameraId, 'IDLE');
  await until(() => camera.sessions === 0, 'its session is over');
  await camera.close();
});

test.concurrent('the post-roll is added to the end', async () => {
  const { camera, cameraId } = await liveCamera(app, { postRollSec: 2 });
  const event = await createEvent(app.client, { cameraId });
  await sleep(500);
  const endedAt = Date.now();
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(Math.abs(Date.parse(playback.endedAt!) - endedAt)).toBeLessThan(300);
  const { lastSentAt } = await readClip(camera, playback, dir);
  expect(lastSentAt).toBeGreaterThanOrEqual(endedAt + 2_000 - 2 * frameMs);
  expect(lastSentAt).toBeLessThan(endedAt + 2_000 + 900);
  await camera.close();
});

test.concurrent('a start in the past is accepted as far as the ring reaches, and refused with a message beyond that', async () => {
  const { camera, cameraId } = await liveCamera(app, { preRollSec: 3 });
  await sleep(5_000);
  const startedAt = new Date(Date.now() - 1_000);
  const event = await createEvent(app.client, { cameraId, startedAt: startedAt.toISOString() });
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  const { firstSentAt } = await readClip(camera, playback, dir);
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

test.concurrent('a playback that was added while its event was being ended is ended, too', async () => {
  const { camera, cameraId } = await liveCamera(app);
  const event = await createEvent(app.client, { cameraId });
  const sql = new pg.Client({ connectionString: app.config.databaseUrl });
  await sql.connect();
  // As if a playback is added to an event while the statement that ends the event already runs.
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

test('a lease that expires while the server is down ends the recording at the time of its expiry', async () => {
  const { camera, cameraId } = await liveCamera(app);
  const event = await createEvent(app.client, { cameraId, leaseSec: 2 });
  await sleep(1_000);
  await app.restart(() => sleep(2_000));
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'LEASE_EXPIRED' });
  const expected = Date.parse(playback.startedAt) + 2_000;
  expect(Math.abs(Date.parse(playback.endedAt!) - expected)).toBeLessThan(50);
  const { file, lastSentAt } = await readClip(camera, playback, dir);
  expect(lastSentAt).toBeLessThan(expected);
  expect(await ffprobeWarnings(file)).toBe('');
  await camera.close();
});
