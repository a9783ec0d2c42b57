// Many recordings of one camera, and the limits of memory and places.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { readClip } from '../support/app/clip.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { strictBoxes } from '../support/media/judges.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let camera: TestCamera;
let dir: string;
const frameMs = 1_000 / 15;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-many-'));
  camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  // One camera may take half of the places.
  app = await startTestApp({ maxRecordings: 20 });
});

afterAll(async () => {
  await app.close();
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

test('ten overlapping events give ten right clips from one session; an eleventh is refused', async () => {
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  await awaitRing(app, [cameraId], 1);
  const events: Awaited<ReturnType<typeof createEvent>>[] = [];
  for (let i = 0; i < 10; i++) {
    events.push(await createEvent(app.client, { cameraId }));
    await sleep(150);
  }
  const refused = await app.client.fail(
    'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }',
    { input: { cameraId, type: 'MOTION' } },
  );
  expect(refused).toMatchObject({
    code: 'CAPACITY',
    message: expect.stringContaining('this camera has 10 already'),
  });
  const { events: kept } = await app.client.run<{ events: { nodes: unknown[] } }>(
    '{ events(first: 50) { nodes { id } } }',
  );
  expect(kept.nodes).toHaveLength(10);

  const ends: number[] = [];
  for (const event of events) {
    ends.push(Date.now());
    await endEvent(app.client, event.id);
    await sleep(150);
  }
  for (const [i, event] of events.entries()) {
    const playback = await awaitEnd(app.client, event);
    const { file, frames, firstSentAt, lastSentAt } = await readClip(camera, playback, dir);
    await strictBoxes(file);
    for (const [k, frame] of frames.entries()) {
      expect(frame.counter).toBe((frames[0]!.counter + k) % (64 * 15));
      expect(frame.time * 1_000).toBeCloseTo(k * frameMs, -1);
    }
    const early = Date.parse(playback.startedAt) - firstSentAt;
    expect(early).toBeGreaterThanOrEqual(1_000 - frameMs);
    expect(early).toBeLessThanOrEqual(2_000 + 2 * frameMs);
    expect(lastSentAt).toBeGreaterThanOrEqual(ends[i]! - 2 * frameMs);
  }
  expect(camera.sessionsEver).toBe(1);
});

test('of many simultaneous events, no more are accepted than there are places', async () => {
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  const answers = await Promise.allSettled(
    Array.from({ length: 15 }, () => createEvent(app.client, { cameraId })),
  );
  const taken = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  expect(taken).toHaveLength(10);
  for (const event of taken) await endEvent(app.client, event.id);
  for (const event of taken) expect((await awaitEnd(app.client, event)).recordingStatus).toBe('COMPLETED');
});

for (const gopSec of [1, 2, 4, 10]) {
  test.concurrent(`the pre-roll is complete with a keyframe every ${gopSec} s`, async () => {
    // 20 is a multiple of all these intervals.
    const other = await startTestCamera({ capture: await capture({ gopSec, seconds: 20 }) });
    const cameraId = await app.addCamera({ rtspUrl: other.url, preRollSec: 2 });
    await awaitRing(app, [cameraId], 2);
    const event = await createEvent(app.client, { cameraId });
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    const early = Date.parse(playback.startedAt) - (await readClip(other, playback, dir)).firstSentAt;
    expect(early).toBeGreaterThanOrEqual(2_000 - frameMs);
    expect(early).toBeLessThanOrEqual(2_000 + gopSec * 1_000 + 2 * frameMs);
    expect(Math.abs(playback.preRollMs! - early)).toBeLessThan(150);
    await other.close();
  });
}

test.concurrent('a ring at its limit in bytes is reported once, and preRollMs states the shorter pre-roll', async () => {
  const small = await startTestApp({ ringMaxBytes: 100_000 });
  const cameraId = await small.addCamera({ rtspUrl: camera.url, preRollSec: 8 });
  const isSaid = () => small.logged.filter((line) => line.includes('at its limit in bytes'));
  await until(() => isSaid().length > 0, 'it is said');
  await sleep(3_000);
  const event = await createEvent(small.client, { cameraId });
  await endEvent(small.client, event.id);
  const playback = await awaitEnd(small.client, event);
  const early = Date.parse(playback.startedAt) - (await readClip(camera, playback, dir)).firstSentAt;
  expect(playback.preRollMs).toBeLessThan(8_000);
  expect(Math.abs(playback.preRollMs! - early)).toBeLessThan(150);
  expect(isSaid()).toHaveLength(1);
  await small.close();
});

test.concurrent('rings share RINGS_MAX_BYTES: a ring cut short by another is complete again without it', async () => {
  const { bytes, parameters } = await capture({ audio: 'aac', gopSec: 1 });
  // A pre-roll of 5 s needs a ring of at most 8.5 s. There is memory for one such ring, but not for two.
  const limit = Math.round((9.4 * bytes.length) / parameters.seconds);
  const small = await startTestApp({ ringsMaxBytes: limit });
  const settings = { rtspUrl: camera.url, preRollSec: 5 };
  const [one, two] = await Promise.all([small.addCamera(settings), small.addCamera(settings)]);
  const saidOf = (cameraId: string, words: string) =>
    small.logged.flatMap((line) => {
      const said = JSON.parse(line);
      return said.cameraId === cameraId && said.msg.includes(words) ? [said] : [];
    });
  const record = async () => {
    const event = await createEvent(small.client, { cameraId: one });
    await endEvent(small.client, event.id);
    const playback = await awaitEnd(small.client, event);
    const early = Date.parse(playback.startedAt) - (await readClip(camera, playback, dir)).firstSentAt;
    expect(Math.abs(playback.preRollMs! - early)).toBeLessThan(150);
    return early;
  };
  for (const id of [one, two]) {
    await until(() => saidOf(id, 'at its limit in bytes').length > 0, 'it is said');
    expect(saidOf(id, 'at its limit in bytes')[0].limitBytes).toBe(limit / 2);
  }
  expect(await record()).toBeLessThan(5_000 - frameMs);
  await small.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id: two });
  await until(() => saidOf(one, 'the whole pre-roll again').length > 0, 'there is room again');
  expect(await record()).toBeGreaterThanOrEqual(5_000 - frameMs);
  expect(saidOf(one, 'at its limit in bytes')).toHaveLength(1);
  await small.close();
});
