// Recordings whose camera loses its connection, does not return, or changes its format.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { firstJump, readClip } from '../support/app/clip.ts';
import { liveCamera } from '../support/app/live-camera.ts';
import {
  awaitEnd,
  createEvent,
  download,
  endEvent,
  type PlaybackFacts,
  readPlayback,
} from '../support/app/playbacks.ts';
import type { TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings, strictBoxes } from '../support/media/judges.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let dir: string;
const frameMs = 1_000 / 15;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-drops-'));
  app = await startTestApp({ cameraLostSec: 10 });
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

/** Waits until the further playback of an event is COMPLETED. */
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
  cameraStateChanged: { state: string };
}

test.concurrent('a camera that does not come back leaves a clip of the footage so far', async () => {
  const { camera, cameraId } = await liveCamera(app);
  const event = await createEvent(app.client, { cameraId });
  const states = app.client.subscribe<State>(
    'subscription($id: ID!) { cameraStateChanged(cameraId: $id) { state } }',
    { id: cameraId },
  );
  await states.until((s) => s.cameraStateChanged.state === 'LIVE');
  await sleep(1_500);
  const lostAt = Date.now();
  await camera.offline();
  // CONNECTING, or OFFLINE already, because a closed port is noticed at once.
  await states.until((s) => s.cameraStateChanged.state !== 'LIVE');
  // One second, and the delay of a busy machine.
  expect(Date.now() - lostAt).toBeLessThan(2_000);
  states.stop();
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'CAMERA_LOST' });
  expect(Math.abs(Date.parse(playback.endedAt!) - lostAt)).toBeLessThan(1_000);
  const { file, lastSentAt } = await readClip(camera, playback, dir);
  expect(lostAt - lastSentAt).toBeLessThan(1_000);
  expect(await ffprobeWarnings(file)).toBe('');
  await camera.close();
});

const absences: { name: string; leave: (camera: TestCamera) => Promise<() => unknown> }[] = [
  {
    name: 'was away',
    leave: async (camera) => {
      await camera.offline();
      return () => camera.online();
    },
  },
  {
    name: 'answered 503',
    leave: async (camera) => {
      camera.refuse(503);
      camera.drop();
      return () => camera.refuse(undefined);
    },
  },
  {
    name: 'closed every connection',
    leave: async (camera) => {
      await camera.offline();
      const starting = createServer((socket) => socket.destroy()).listen(camera.port, '127.0.0.1');
      await once(starting, 'listening');
      return async () => {
        await new Promise((resolve) => starting.close(resolve));
        await camera.online();
      };
    },
  },
];
for (const { name, leave } of absences)
  test.concurrent(`a camera that ${name} for a while is recorded again soon after it is back`, async () => {
    const { camera, cameraId } = await liveCamera(app);
    const event = await createEvent(app.client, { cameraId });
    await sleep(500);
    const comeBack = await leave(camera);
    // By then, the tries would be four seconds apart without a recording.
    await sleep(4_500);
    const backAt = Date.now();
    await comeBack();
    await app.awaitCamera(cameraId, 'LIVE');
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    const { frames, sent } = await readClip(camera, playback, dir);
    expect(playback.gaps).toHaveLength(1);
    // One second and a keyframe interval, and the delay of a busy machine.
    expect(sent[firstJump(frames)]! - backAt).toBeLessThan(2_000 + 1_500);
    await camera.close();
  });

test.concurrent('a camera that refuses the password is not tried more often because of a recording', async () => {
  const { camera, cameraId } = await liveCamera(app);
  const event = await createEvent(app.client, { cameraId });
  await sleep(500);
  camera.refuse(401);
  camera.drop();
  const refused = () => camera.requests.filter(({ status }) => status === 401);
  const lastRefusedMs = () => performance.timeOrigin + performance.now() - (refused().at(-1)?.atMs ?? 0);
  // One more try, then none for five minutes, because cameras lock accounts.
  await vi.waitUntil(() => refused().length > 1 && lastRefusedMs() > 8_000, 30_000);
  await endEvent(app.client, event.id);
  const pauses = refused().map(({ atMs }, i) => atMs - (refused()[i - 1]?.atMs ?? atMs));
  expect(pauses.filter((ms) => ms > 1_000)).toHaveLength(1);
  expect(Math.max(...pauses)).toBeGreaterThan(4_500);
  await camera.close();
});

test.concurrent('another resolution and codec give a further playback of the same event', async () => {
  const { camera, cameraId } = await liveCamera(app);
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

test.concurrent('a further playback begins with the first picture of the new format, however slow its row is written', async () => {
  const other = await capture({ codec: 'h265', gopSec: 1, width: 480, height: 270, seconds: 16 });
  // Without pre-roll, the ring reaches back two seconds.
  const { camera, cameraId } = await liveCamera(app, { preRollSec: 0 }, 'IDLE');
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
  const { frames, firstSentAt, lastSentAt } = await readClip(camera, further, dir);
  const playedAt = camera.requests.findLast(({ method }) => method === 'PLAY')!.atMs;
  expect(firstSentAt - playedAt).toBeLessThan(1_000 + 2 * frameMs);
  for (const [i, frame] of frames.entries()) expect(frame.counter).toBe((frames[0]!.counter + i) % (16 * 15));
  expect(lastSentAt).toBeGreaterThanOrEqual(Date.parse(further.endedAt!) - 2 * frameMs);
  await camera.close();
});

test.concurrent('a stream that changes its format during the post-roll is recorded up to the end of the post-roll', async () => {
  // Made first, because on a fresh checkout that takes longer than the post-roll.
  const other = await capture({ codec: 'h265', gopSec: 1, width: 480, height: 270, seconds: 16 });
  const { camera, cameraId } = await liveCamera(app, { postRollSec: 5 });
  const event = await createEvent(app.client, { cameraId });
  await sleep(500);
  const endedAt = Date.now();
  await endEvent(app.client, event.id);
  camera.switchTo(other);
  const first = await awaitEnd(app.client, event);
  const further = await awaitFurther(event);
  expect(first).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'ENDED', resolution: '320x180' });
  expect(further).toMatchObject({ endReason: 'ENDED', resolution: '480x270', missedMs: 0 });
  const { lastSentAt } = await readClip(camera, further, dir);
  expect(lastSentAt).toBeGreaterThanOrEqual(endedAt + 5_000 - 2 * frameMs);
  expect(lastSentAt).toBeLessThan(endedAt + 5_000 + 900);
  await camera.close();
});
