import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connectDb } from '../../src/db/client.ts';
import { isSpoolName } from '../../src/spool/names.ts';
import { findSpool } from '../../src/spool/spool.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { readClip } from '../support/app/clip.ts';
import {
  awaitEnd,
  createEvent,
  endEvent,
  type PlaybackFacts,
  readPlayback,
} from '../support/app/playbacks.ts';
import { awaitRing } from '../support/app/ring.ts';
import { withAllPictureSets } from '../support/camera/altered-captures.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { split } from '../support/media/fragmented.ts';
import { ffprobeWarnings, strictBoxes } from '../support/media/judges.ts';
import { readBeeps, soundDelays } from '../support/media/sound.ts';

let app: TestApp;
let camera: TestCamera;
let cameraId: string;
let dir: string;
const frameMs = 1_000 / 15;
/** The sound of the captures is later than their picture by the AAC encoder's first 1024 samples of 16 kHz. */
const aacPrimingMs = 64;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-clips-'));
  camera = await startTestCamera({ capture: await capture({ audio: 'aac', gopSec: 1 }) });
  app = await startTestApp();
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 3 });
});

afterAll(async () => {
  await app.close();
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

const fillRing = () => awaitRing(app, [cameraId], 3);

const framesOf = (playback: PlaybackFacts) => readClip(camera, playback, dir);

test('an event becomes a clip that begins before it, with the right frames', async () => {
  await fillRing();
  const event = await createEvent(app.client, { cameraId });
  expect(event.playback?.recordingStatus).toBe('RECORDING');
  await sleep(1_500);
  const endedAt = Date.now();
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);

  expect(playback).toMatchObject({
    recordingStatus: 'COMPLETED',
    endReason: 'ENDED',
    resolution: '320x180',
    missedMs: 0,
    gaps: [],
  });
  const { file, frames, firstSentAt, lastSentAt } = await framesOf(playback);
  const startedAt = Date.parse(playback.startedAt);
  // G1: at least the pre-roll, and at most one keyframe interval (1 s) more.
  expect(startedAt - firstSentAt).toBeGreaterThanOrEqual(3_000 - frameMs);
  expect(startedAt - firstSentAt).toBeLessThanOrEqual(4_000 + 2 * frameMs);
  expect(lastSentAt).toBeGreaterThanOrEqual(endedAt - 2 * frameMs);
  // The row describes what is in the clip.
  expect(Math.abs(startedAt - playback.preRollMs! - firstSentAt)).toBeLessThan(150);
  expect(Math.abs(Date.parse(playback.clipStartedAt!) - firstSentAt)).toBeLessThan(150);
  for (const [i, frame] of frames.entries()) expect(frame.counter).toBe((frames[0]!.counter + i) % (64 * 15));
  for (const [i, frame] of frames.entries()) expect(frame.time * 1_000).toBeCloseTo(i * frameMs, -1);
  expect(await ffprobeWarnings(file)).toBe('');
  const boxes = await strictBoxes(file);
  expect(boxes.tracks.map((track) => track.entry)).toEqual(['avc1', 'mp4a']);
  expect(playback.fileSizeBytes).toBe((await readFile(file)).length);
  expect(playback.transitions.map((t) => t.to)).toEqual(['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED']);
  // The spool is removed after COMPLETED, and then at once.
  expect((await readdir(app.config.recordDir)).filter(isSpoolName)).toEqual([]);
});

test('overlapping events each get their own clip from one session of the camera', async () => {
  const first = await createEvent(app.client, { cameraId });
  await sleep(700);
  const second = await createEvent(app.client, { cameraId });
  await sleep(700);
  await endEvent(app.client, first.id);
  await sleep(700);
  await endEvent(app.client, second.id);
  const [a, b] = await Promise.all([awaitEnd(app.client, first), awaitEnd(app.client, second)]);
  const [clipA, clipB] = [await framesOf(a), await framesOf(b)];
  expect(clipA.firstSentAt).toBeLessThanOrEqual(Date.parse(a.startedAt) - 3_000 + frameMs);
  expect(clipB.firstSentAt).toBeLessThanOrEqual(Date.parse(b.startedAt) - 3_000 + frameMs);
  expect(clipA.lastSentAt).toBeLessThan(clipB.lastSentAt);
  expect(camera.sessionsEver).toBe(1);
});

test('a short event is recorded, and its end may lie in the past', async () => {
  const event = await createEvent(app.client, { cameraId });
  const end = Date.now() + 300;
  await sleep(900);
  await endEvent(app.client, event.id, new Date(end).toISOString());
  const playback = await awaitEnd(app.client, event);
  const { lastSentAt } = await framesOf(playback);
  expect(lastSentAt).toBeGreaterThanOrEqual(end - 2 * frameMs);
  expect(lastSentAt).toBeLessThan(end + 600);
});

test('a camera that loses its connection is recorded into the same playback, and the gap is stated', async () => {
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_000);
  const droppedAt = Date.now();
  camera.drop();
  await app.awaitCamera(cameraId, 'CONNECTING');
  await app.awaitCamera(cameraId, 'LIVE');
  await sleep(1_500);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback.gaps).toHaveLength(1);
  const [gap] = playback.gaps;
  const { frames } = await framesOf(playback);
  // The gap in the pictures is where the row says, and clip time is wall-clock time across it.
  const jump = frames.findIndex((frame, i) => i > 0 && frame.counter - frames[i - 1]!.counter > 1);
  const before = camera.sentAt(frames[jump - 1]!.counter, droppedAt);
  const behind = camera.sentAt(frames[jump]!.counter, droppedAt);
  expect(Math.abs(Date.parse(gap!.from) - before)).toBeLessThan(500);
  expect(Math.abs(Date.parse(gap!.to) - behind)).toBeLessThan(500);
  expect(Math.abs((frames[jump]!.time - frames[jump - 1]!.time) * 1_000 - (behind - before))).toBeLessThan(
    500,
  );
  const clipMs = frames.at(-1)!.time * 1_000;
  const wallMs =
    camera.sentAt(frames.at(-1)!.counter, droppedAt) - camera.sentAt(frames[0]!.counter, droppedAt);
  expect(Math.abs(clipMs - wallMs)).toBeLessThan(500);
});

test.concurrent('an event connects a camera without pre-roll, and missedMs states what was missed', async () => {
  const cold = await app.addCamera({ rtspUrl: camera.url, preRollSec: 0 }, 'IDLE');
  const event = await createEvent(app.client, { cameraId: cold });
  expect(event.playback).toMatchObject({ recordingStatus: 'RECORDING', clipStartedAt: null });
  await app.awaitCamera(cold, 'LIVE');
  await sleep(1_500);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  const { file, frames, firstSentAt } = await framesOf(playback);
  expect(playback.preRollMs).toBe(0);
  expect(frames[0]!.time).toBe(0);
  expect(Math.abs(Date.parse(playback.startedAt) + playback.missedMs! - firstSentAt)).toBeLessThan(250);
  // The beginning of the clip may cut off the first beep.
  const [, ...delays] = soundDelays(frames, await readBeeps(file), 15);
  expect(delays.length).toBeGreaterThan(0);
  for (const delay of delays) expect(Math.abs(delay - aacPrimingMs)).toBeLessThan(50);
});

test.concurrent('createEvent succeeds for a camera that cannot be reached, and the playback says why it failed', async () => {
  const nowhere = await app.addCamera({ rtspUrl: 'rtsp://user:secret@127.0.0.1:9/none' }, 'OFFLINE');
  const event = await createEvent(app.client, { cameraId: nowhere });
  expect(event.playback?.recordingStatus).toBe('RECORDING');
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({
    recordingStatus: 'FAILED',
    videoUrl: null,
    failure: { code: 'CAMERA_UNREACHABLE', fault: 'CAMERA', retryable: false },
  });
  expect(playback.errorMessage).toContain('connection refused');
});

test.concurrent('a stream that MP4 cannot hold makes its playback FAILED as an error of the server, not of the disk', async () => {
  const odd = await startTestCamera({ capture: withAllPictureSets(await capture({ gopSec: 1 })) });
  const id = await app.addCamera({ rtspUrl: odd.url, preRollSec: 1 });
  await awaitRing(app, [id], 1);
  const event = await createEvent(app.client, { cameraId: id });
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({
    recordingStatus: 'FAILED',
    failure: { code: 'INTERNAL', fault: 'SERVER' },
  });
  const logged = app.logged.filter((line) => line.includes(playback.id)).join('');
  expect(logged).toContain('There are 256 parameter sets; at most 255 can be written.');
  expect(logged).not.toContain('the disk');
  await odd.close();
});

test.concurrent('a wrong password is reported in words and never shown', async () => {
  const locked = await startTestCamera({ capture: await capture({ gopSec: 1 }), users: { admin: 'right' } });
  const secret = 'wr0ng-pässword';
  const id = await app.addCamera({ rtspUrl: locked.urlAs('admin', secret) }, 'OFFLINE');
  const answer = await app.client.run(
    'query($id: ID!) { camera(id: $id) { rtspUrl lastError lastErrorCode state } }',
    {
      id,
    },
  );
  expect(answer).toEqual({
    camera: {
      rtspUrl: locked.url,
      lastError: expect.stringContaining('401'),
      lastErrorCode: 'CREDENTIALS',
      state: 'OFFLINE',
    },
  });
  await app.client
    .run(
      'mutation($id: ID!) { updateCamera(input: { id: $id, rtspUrl: "rtsp://[" , name: "x" }) { camera { id } } }',
      { id },
    )
    .catch(() => {});
  expect(app.logged.find((line) => line.includes(id) && line.includes('401 Unauthorized'))).toBeDefined();
  for (const form of [secret, encodeURIComponent(secret)]) {
    expect(app.logged.filter((line) => line.includes(form))).toEqual([]);
  }
  // With the right password and an otherwise unchanged address, the camera becomes LIVE.
  await app.client.run(
    'mutation($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { id } } }',
    {
      input: { id, rtspUrl: locked.urlAs('admin', 'right') },
    },
  );
  await app.awaitCamera(id, 'LIVE');
  await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id });
  await locked.close();
});

test.concurrent('a lease that is not renewed ends the recording at the time of its expiry', async () => {
  const event = await createEvent(app.client, { cameraId, leaseSec: 1 });
  const playback = await awaitEnd(app.client, event);
  expect(playback.endReason).toBe('LEASE_EXPIRED');
  const expected = Date.parse(playback.startedAt) + 1_000;
  expect(Math.abs(Date.parse(playback.endedAt!) - expected)).toBeLessThan(50);
  const { lastSentAt } = await framesOf(playback);
  expect(lastSentAt).toBeLessThan(expected + 600);
});

test('a recording that runs when the server stops continues after the restart, with a gap', async () => {
  const event = await createEvent(app.client, { cameraId });
  await sleep(1_200);
  const stoppedAt = Date.now();
  await app.restart();
  expect((await readPlayback(app.client, event.playback!.id)).recordingStatus).toBe('RECORDING');
  await app.awaitCamera(cameraId, 'LIVE');
  await sleep(1_000);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback.recordingStatus).toBe('COMPLETED');
  expect(playback.gaps).toHaveLength(1);
  const { file, frames, firstSentAt } = await framesOf(playback);
  expect(firstSentAt).toBeLessThan(Date.parse(playback.startedAt));
  const jump = frames.findIndex((frame, i) => i > 0 && frame.counter - frames[i - 1]!.counter > 1);
  // At most one fragment (0.5 s) of the delivered footage is lost.
  expect(stoppedAt - camera.sentAt(frames[jump - 1]!.counter, stoppedAt)).toBeLessThan(700);
  expect(await ffprobeWarnings(file)).toBe('');
});

test('an interrupted recording that is resumed late continues with the content of the ring', async () => {
  // The ring reaches back farther than the five seconds between two searches for interrupted recordings.
  const id = await app.addCamera({ rtspUrl: camera.url, preRollSec: 8 });
  const running = await createEvent(app.client, { cameraId: id });
  await sleep(1_500);
  const db = connectDb(app.config.databaseUrl!);
  onTestFinished(() => db.$disconnect());
  // The footage as a crash would leave it, with a row that says RECORDING, and no recorder.
  const playbackId = randomUUID();
  const { recordDir } = app.config;
  await cp(path.join(recordDir, running.playback!.id), path.join(recordDir, playbackId), { recursive: true });
  // It ends after a fragment that begins with a keyframe. The next fragment in the ring does not begin with one.
  const { file: spool } = (await findSpool(recordDir, playbackId))!;
  const { init, fragments } = split(await readFile(spool));
  const kept = fragments.slice(0, fragments.findLastIndex((it) => it.startsWithKeyframe) + 1);
  await truncate(
    spool,
    kept.reduce((sum, { bytes }) => sum + bytes, init.bytes.length),
  );
  const [startedAt, createdAt] = [new Date(running.playback!.startedAt), new Date(Date.now() - 10_000)];
  await db.playback.create({
    data: { id: playbackId, cameraId: id, startedAt, createdAt, recordingStatus: 'RECORDING' },
  });
  const isTakenUp = () =>
    app.logged.some((line) => line.includes(playbackId) && line.includes('interrupted'));
  await until(isTakenUp, 'it is taken up');
  await sleep(1_000);
  await endEvent(app.client, running.id);
  await app.client.run('mutation($id: ID!) { stopRecording(playbackId: $id) { playback { id } } }', {
    id: playbackId,
  });
  const isDone = async () => (await readPlayback(app.client, playbackId)).recordingStatus === 'COMPLETED';
  await until(isDone, 'it is COMPLETED');
  const playback = await readPlayback(app.client, playbackId);
  const { file, frames } = await framesOf(playback);
  const jumps = frames.filter(
    ({ counter }, i) => i > 0 && counter !== (frames[i - 1]!.counter + 1) % (64 * 15),
  );
  expect(jumps.map(({ counter }) => counter % 15)).toEqual([0]);
  const before = frames[frames.indexOf(jumps[0]!) - 1]!;
  expect((jumps[0]!.counter - before.counter + 64 * 15) % (64 * 15)).toBeLessThanOrEqual(15);
  expect(await ffprobeWarnings(file)).toBe('');
});
