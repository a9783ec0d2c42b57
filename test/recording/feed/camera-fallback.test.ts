// Cameras that ffmpeg reads, because of their setting or because Flashback's own reader cannot.

import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent } from '../../support/app/playbacks.ts';
import { startTestCamera, type TestCameraOptions } from '../../support/camera/camera.ts';
import { capture } from '../../support/camera/captures.ts';
import { readFrames } from '../../support/media/frames.ts';
import { ffprobeWarnings } from '../../support/media/judges.ts';
import { readBeeps, soundDelays } from '../../support/media/sound.ts';

vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-fallback-'));
  app = await startTestApp();
});
afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

const loopSec = 16;
const made = (audio: 'aac' | 'pcma' | 'none', bFrames = false) =>
  capture({ codec: 'h264', audio, bFrames, gopSec: 1, seconds: loopSec });

interface Facts {
  state: string;
  lastError: string | null;
  reading: { reader: string; transport: string; reason: string | null; soundLeftOut: string | null } | null;
}

async function factsOf(id: string): Promise<Facts> {
  const { camera } = await app.client.run<{ camera: Facts }>(
    'query($id: ID!) { camera(id: $id) { state lastError reading { reader transport reason soundLeftOut } } }',
    { id },
  );
  return camera;
}

async function startCamera(options: TestCameraOptions) {
  const camera = await startTestCamera(options);
  return Object.assign(camera, { [Symbol.asyncDispose]: () => camera.close() });
}

/** The command lines of all processes of this machine. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return []; // the process has ended
      }
    });
}

test.each([
  ['aac', false],
  ['pcma', false],
  ['aac', true],
] as const)('with reader FFMPEG a clip is right, with %s sound, B-frames: %s', async (audio, bFrames) => {
  await using camera = await startCamera({
    capture: await made(audio, bFrames),
    users: { admin: "s3cret'&" },
  });
  const rtspUrl = camera.urlAs('admin', "s3cret'&");
  const cameraId = await app.addCamera({ rtspUrl, preRollSec: 2, reader: 'FFMPEG' });
  await expect
    .poll(async () => (await factsOf(cameraId)).reading)
    .toEqual({
      reader: 'FFMPEG',
      transport: 'TCP',
      reason: 'The camera’s settings say so.',
      soundLeftOut: null,
    });
  expect(commandLines().filter((line) => line.includes('concat'))).not.toEqual([]);
  expect(commandLines().filter((line) => line.includes('s3cret'))).toEqual([]);
  await sleep(3_000);
  const event = await createEvent(app.client, { cameraId });
  await sleep(3_000);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  const file = await download(playback, dir);
  expect(await ffprobeWarnings(file)).toBe('');
  const frames = await readFrames(file);
  const start = Date.parse(playback.clipStartedAt!);
  expect(Math.abs(camera.sentAt(frames[0]!.counter, start) - start)).toBeLessThan(700);
  for (const [i, frame] of frames.slice(0, bFrames ? -3 : frames.length).entries()) {
    expect(frame.counter).toBe((frames[0]!.counter + i) % (loopSec * 15));
    expect(frame.time).toBeCloseTo(i / 15, 1);
  }
  const [, ...delays] = soundDelays(frames, await readBeeps(file), 15);
  expect(delays.length).toBeGreaterThan(0);
  for (const delay of delays) expect(Math.abs(delay - (audio === 'aac' ? 64 : 0))).toBeLessThan(100);
});

test('a stream that Flashback’s reader cannot read is read by ffmpeg, and the reason is shown', async () => {
  const plain = await made('none');
  const sdp = plain.sdp.replace('packetization-mode=1', 'packetization-mode=2');
  expect(sdp).not.toBe(plain.sdp);
  await using camera = await startCamera({ capture: { ...plain, sdp } });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 2 });
  const { reading } = await factsOf(cameraId);
  expect(reading).toMatchObject({ reader: 'FFMPEG', reason: expect.stringContaining('interleaved packets') });
});

test('a refused password is never passed to ffmpeg', async () => {
  await using camera = await startCamera({ capture: await made('none'), users: { admin: 'right' } });
  const cameraId = await app.addCamera({ rtspUrl: camera.urlAs('admin', 'wrong') }, 'OFFLINE');
  const refusals = camera.requests.filter(({ status }) => status === 401).length;
  await sleep(2_000);
  expect(camera.requests.filter(({ status }) => status === 401).length).toBe(refusals);
  expect((await factsOf(cameraId)).reading?.reader).not.toBe('FFMPEG');
});
