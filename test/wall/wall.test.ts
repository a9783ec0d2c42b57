// The live wall's socket: what a viewer receives of a camera, who may watch, and what is done for one that is too slow.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitRing } from '../support/app/ring.ts';
import { decodeTimeOf, movieOf, openViewer, type TestViewer } from '../support/app/viewer.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { type Capture, capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings } from '../support/media/judges.ts';

vi.setConfig({ testTimeout: 90_000 });

const fps = 15;
let dir: string;
let app: TestApp;
let film: Capture;
let camera: TestCamera;
let cameraId: string;
const viewers: TestViewer[] = [];

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-wall-'));
  film = await capture({ audio: 'aac', gopSec: 2 });
  camera = await startTestCamera({ capture: film });
  app = await startTestApp();
  cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 3 });
  await awaitRing(app, [cameraId], 5);
});

afterEach(async () => {
  for (const viewer of viewers.splice(0)) await viewer.close();
});

afterAll(async () => {
  await app.close();
  await camera.close();
  await rm(dir, { recursive: true, force: true });
});

async function open(): Promise<TestViewer> {
  const viewer = await openViewer(app.client.url);
  viewers.push(viewer);
  return viewer;
}

async function framesOf(footage: readonly Buffer[], name: string) {
  const file = path.join(dir, name);
  await writeFile(file, movieOf(footage));
  expect(await ffprobeWarnings(file)).toBe('');
  return readFrames(file);
}

/** Whether these are all frames that the camera sent from the first to the last of them, each once. */
function isEach(counters: readonly number[], { frameDueSec }: Capture): boolean {
  const sent = Object.keys(frameDueSec).map(Number);
  const begin = sent.indexOf(counters[0]!);
  return counters.every((counter, i) => counter === sent[(begin + i) % sent.length]);
}

test('a viewer gets the format, and every picture from the newest keyframe on, at once', async () => {
  const viewer = await open();
  const askedAt = Date.now();
  viewer.watch(cameraId);
  await until(async () => viewer.footageOf(cameraId).length > 30, 'thirty fragments have come');
  const footage = viewer.footageOf(cameraId);
  const receivedAt = viewer.received.at(-1)!.at;
  const { mimeType } = await viewer.awaits(({ type }) => type === 'format');
  expect(mimeType).toMatch(/^video\/mp4; codecs="avc1\.[0-9a-f]{6}"$/);
  const frames = await framesOf(footage, 'live.mp4');
  const counters = frames.map(({ counter }) => counter);
  expect(isEach(counters, film)).toBe(true);
  // The newest keyframe is at most two seconds old.
  expect(askedAt - camera.sentAt(counters[0]!, askedAt)).toBeLessThan(2_300);
  // Times follow the camera's clock exactly.
  for (const [i, { time }] of frames.entries()) expect(time - frames[0]!.time).toBeCloseTo(i / fps, 2);
  // The newest one came soon after the camera had sent it.
  const delayMs = receivedAt - camera.sentAt(counters.at(-1)!, receivedAt);
  expect(delayMs).toBeLessThan(700);
});

test('asked to go back, it sends the whole ring, and goes on from there without a break', async () => {
  const viewer = await open();
  viewer.watch(cameraId);
  await until(() => viewer.footageOf(cameraId).length > 5, 'the camera is live');
  const [init, first] = viewer.footageOf(cameraId);
  viewer.say({ type: 'back', camera: cameraId });
  const isOlder = (fragment: Buffer) => decodeTimeOf(fragment) < decodeTimeOf(first!);
  await until(() => viewer.footageOf(cameraId).some(isOlder), 'older pictures have come');
  const backAt = Date.now();
  const from = viewer.footageOf(cameraId).findIndex(isOlder);
  await until(() => viewer.footageOf(cameraId).length > from + 30, 'it goes on');
  const footage = viewer.footageOf(cameraId).slice(from);
  const receivedAt = viewer.received.at(-1)!.at;
  const frames = await framesOf([init!, ...footage], 'back.mp4');
  const counters = frames.map(({ counter }) => counter);
  expect(isEach(counters, film)).toBe(true);
  expect(backAt - camera.sentAt(counters[0]!, backAt)).toBeGreaterThan(5_000);
  expect(receivedAt - camera.sentAt(counters.at(-1)!, receivedAt)).toBeLessThan(700);
  for (const [i, { time }] of frames.entries()) expect(time - frames[0]!.time).toBeCloseTo(i / fps, 2);
});

test('a camera that was left sends nothing more, and the same picture is made once for all who watch', async () => {
  const [one, other] = [await open(), await open()];
  for (const viewer of [one, other]) viewer.watch(cameraId);
  await until(() => other.footageOf(cameraId).length > 10, 'both watch');
  const last = other.footageOf(cameraId).at(-1)!;
  await until(() => one.footageOf(cameraId).some((it) => it.equals(last)), 'the other gets the same bytes');
  one.say({ type: 'leave', camera: cameraId });
  // The answer to a later message says that the camera was left.
  one.say({ type: 'watch', camera: 'none' });
  await one.awaits(({ type }) => type === 'refused');
  const before = one.received.length;
  const since = other.received.length;
  await until(() => other.received.length > since + 20, 'the other one still watches');
  expect(one.received.length).toBe(before);
});

test.each([
  { what: 'pictures that are decoded in another order', capture: { bFrames: true, gopSec: 2 } },
  { what: 'a camera that sends no picture for seconds', capture: { pauseSec: 2, gopSec: 1 } },
])('$what: each picture is there once, and its time is right', async ({ what, capture: parameters }) => {
  const itsFilm = await capture(parameters);
  const other = await startTestCamera({ capture: itsFilm });
  const id = await app.addCamera({ rtspUrl: other.url, preRollSec: 1 });
  const viewer = await open();
  viewer.watch(id);
  await until(() => viewer.footageOf(id).length > 25, 'twenty-five fragments have come');
  await viewer.close();
  const frames = await framesOf(viewer.footageOf(id), `${what.slice(0, 8)}.mp4`);
  expect(
    isEach(
      frames.map(({ counter }) => counter),
      itsFilm,
    ),
  ).toBe(true);
  const sent = frames.map(({ counter }) => other.sentAt(counter, Date.now()));
  for (const [i, { time }] of frames.entries()) {
    const [took, lasts] = [time - frames[0]!.time, (sent[i]! - sent[0]!) / 1_000];
    // Pictures in another order are sent up to three intervals late.
    expect(Math.abs(took - lasts)).toBeLessThan(3.5 / fps);
  }
  await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id });
  await other.close();
});

test('after a jump of the camera’s clock, times go on; after a change of its format, a new init segment comes', async () => {
  const other = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  const id = await app.addCamera({ rtspUrl: other.url, preRollSec: 1 });
  const viewer = await open();
  viewer.watch(id);
  await until(() => viewer.footageOf(id).length > 10, 'the camera is live');
  other.jumpTimestamps(-1_000);
  const jumpedAt = viewer.footageOf(id).length;
  await until(() => viewer.footageOf(id).length > jumpedAt + 40, 'it goes on');
  const [, ...fragments] = viewer.footageOf(id);
  const times = fragments.map(decodeTimeOf);
  for (const [i, time] of times.entries()) if (i > 0) expect(time).toBeGreaterThan(times[i - 1]!);
  expect((times.at(-1)! - times[0]!) / 90_000).toBeLessThan(15);
  await framesOf(viewer.footageOf(id), 'jumped.mp4');

  const larger = await capture({ gopSec: 1, width: 640, height: 360 });
  other.switchTo(larger);
  const isNew = ({ type }: { type?: string }) => type === 'format';
  await until(() => viewer.received.filter(isNew).length > 1, 'the new format has come');
  await until(() => viewer.footageOf(id).length > 10, 'it is live again');
  const next = viewer.footageOf(id);
  expect(decodeTimeOf(next[1]!)).toBeGreaterThan(times.at(-1)!);
  const frames = await framesOf(next, 'larger.mp4');
  expect(
    isEach(
      frames.map(({ counter }) => counter),
      larger,
    ),
  ).toBe(true);
  await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id });
  await viewer.awaits(({ type, camera: gone }) => type === 'refused' && gone === id);
  await other.close();
});

test('a viewer that takes nothing is skipped to a keyframe, while the other one misses nothing', async () => {
  const rich = await capture({ gopSec: 1, kbps: 16_000 });
  const other = await startTestCamera({ capture: rich });
  const id = await app.addCamera({ rtspUrl: other.url, preRollSec: 1 });
  const [slow, quick] = [await open(), await open()];
  for (const viewer of [slow, quick]) viewer.watch(id);
  await until(() => slow.footageOf(id).length > 10, 'both watch');
  slow.socket.pause();
  const pausedAt = quick.footageOf(id).length;
  await until(
    () => quick.footageOf(id).length > pausedAt + 130,
    'the other one goes on for some twelve seconds',
  );
  slow.socket.resume();
  const seen = slow.footageOf(id).length;
  await until(() => slow.footageOf(id).length > seen + 60, 'the slow one catches up');
  await Promise.all([slow.close(), quick.close()]);
  const [late, all] = [
    await framesOf(slow.footageOf(id), 'slow.mp4'),
    await framesOf(quick.footageOf(id), 'quick.mp4'),
  ];
  expect(
    isEach(
      all.map(({ counter }) => counter),
      rich,
    ),
  ).toBe(true);
  const jumps = late.flatMap(({ counter }, i) =>
    i > 0 && !isEach([late[i - 1]!.counter, counter], rich) ? [i] : [],
  );
  expect(jumps.length).toBeGreaterThan(0);
  // It begins again with a keyframe, and is live in the end.
  for (const at of jumps) expect(late[at]!.counter % fps).toBe(0);
  expect(late.at(-1)!.time).toBeGreaterThan(all.at(-1)!.time - 1.5);
  await app.client.run('mutation($id: ID!) { deleteCamera(id: $id) { id } }', { id });
  await other.close();
});

test('a socket that says nothing, nonsense, or too much is closed; an unknown camera is refused', async () => {
  const closed = async (message: string) => {
    const viewer = await open();
    viewer.say(message);
    return (await viewer.awaits(({ type }) => type === 'closed')).number;
  };
  expect(await closed('no JSON')).toBe(4400);
  expect(await closed('null')).toBe(4400);
  expect(await closed(JSON.stringify({ type: 'watch', camera: 'x'.repeat(5_000) }))).toBe(1009);
  const viewer = await open();
  viewer.watch('00000000-0000-7000-8000-000000000000');
  expect((await viewer.awaits(({ type }) => type === 'refused')).reason).toBe('There is no such camera.');
});
