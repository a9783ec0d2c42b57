import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from 'vitest';
import { type CountedFrame, ffmpeg, oldFfmpeg, readFrames } from '../media/frames.ts';
import { startTestCamera, type TestCameraOptions } from './camera.ts';
import { capture } from './captures.ts';
import { type Arrival, ask, describeFile, play, recordUntil, until } from './reader.ts';
import { wallMs } from './replay.ts';

// Most of the time is spent waiting for frames.
vi.setConfig({ maxConcurrency: 10 });

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'flashback-camera-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const fps = 15;
const ffmpegs = [
  ['the ffmpeg on the PATH', ffmpeg],
  ['the ffmpeg of 2018', oldFfmpeg],
] as const;

describe.concurrent('the test camera', () => {
  describe('without faults', () => {
    test('a reader gets every frame from the next keyframe on, at the time that the camera states', async (context) => {
      const camera = await cameraFor(context, { capture: await capture({ audio: 'aac' }) });
      const { file, arrivals } = await recordFrames(context, camera.url, 50);
      const frames = await readFrames(file);

      const counters = frames.map(({ counter }) => counter);
      expect(counters).toEqual(consecutive(counters[0]!, counters.length));
      const played = camera.requests.find(({ method }) => method === 'PLAY')!;
      expect(counters[0]! % (2 * fps)).toBe(0);
      expect(camera.sentAt(counters[0]!, played.atMs)).toBeGreaterThan(played.atMs);
      // The first frames arrive late and all at once, because ffmpeg holds them back while it probes the streams.
      const steady = arrivals.filter(({ atMs }) => atMs > arrivals[0]!.atMs + 500);
      const lateBy = steady.map(({ atMs }, index) => {
        return camera.frameAt(atMs) - counters[arrivals.length - steady.length + index]!;
      });
      // Never early, and on time at best, because the machine may be busy.
      expect(Math.min(...lateBy)).toBeGreaterThanOrEqual(0);
      expect(Math.min(...lateBy)).toBeLessThanOrEqual(1);
      expectEvenSpacing(frames);
    });

    test('it continues without a gap when its capture starts over', async (context) => {
      const short = await capture({ seconds: 8, audio: 'aac' });
      const camera = await cameraFor(context, { capture: short, phaseSec: 2.5 });
      const loopMs = short.parameters.seconds * 1000;
      const isPastSeam = ([first]: readonly Arrival[]) => {
        if (first === undefined) return false;
        const nearest = camera.sentAt(0, first.atMs + loopMs / 2);
        const seamMs = nearest > first.atMs ? nearest : nearest + loopMs;
        return wallMs() > seamMs + 500;
      };
      const { file } = await recordUntil(context, camera.url, path.join(dir, 'seam.mp4'), isPastSeam);
      const frames = await readFrames(file);
      const last = short.frameDueSec.length - 1;
      expect(frames.map(({ counter }) => counter)).toContain(last);
      const counters = consecutive(frames[0]!.counter, frames.length).map((counter) => counter % (last + 1));
      expect(frames.map(({ counter }) => counter)).toEqual(counters);
      expectEvenSpacing(frames);
    });

    test.for([
      { codec: 'h265', audio: 'opus', shows: /Video: hevc.* 320x180(?:.|\n)*Audio: opus/ },
      { codec: 'h264', audio: 'pcma', shows: /Video: h264(?:.|\n)*Audio: pcm_alaw.* 8000 Hz/ },
      { codec: 'h264', audio: 'pcmu', shows: /Video: h264(?:.|\n)*Audio: pcm_mulaw.* 8000 Hz/ },
    ] as const)('it plays $codec with $audio', async ({ shows, ...parameters }, context) => {
      const camera = await cameraFor(context, { capture: await capture(parameters) });
      const { file } = await recordFrames(context, camera.url, 20, 'mkv');
      const counters = (await readFrames(file)).map(({ counter }) => counter);
      expect(counters.length).toBeGreaterThan(15);
      expect(counters).toEqual(consecutive(counters[0]!, counters.length));
      expect(await describeFile(file)).toMatch(shows);
    });

    test('it plays B-frames, which are sent after frames that are presented later', async (context) => {
      const reordered = await capture({ bFrames: true });
      expect(reordered.packets.some(({ mediaSec, dueSec }) => mediaSec < dueSec)).toBe(true);
      const camera = await cameraFor(context, { capture: reordered, phaseSec: 0.1 });
      const { file } = await recordFrames(context, camera.url, 30);
      // The recording ends in sending order, so the last frames are incomplete.
      const counters = (await readFrames(file)).map(({ counter }) => counter).slice(0, -2);
      expect(counters.length).toBeGreaterThan(20);
      expect(counters).toEqual(consecutive(counters[0]!, counters.length));
    });

    test('with idrOnPlay the first frame is a keyframe sent at PLAY', async (context) => {
      const camera = await cameraFor(context, { capture: await capture(), idrOnPlay: true });
      const { file } = await recordFrames(context, camera.url, 5);
      const [first] = await readFrames(file);
      const played = camera.requests.find(({ method }) => method === 'PLAY')!;
      expect(first!.counter).toBe(0);
      expect(Math.abs(camera.sentAt(0, played.atMs) - played.atMs)).toBeLessThan(100);
    });

    test('it counts sessions, requests and packets', async (context) => {
      const camera = await cameraFor(context, { capture: await capture() });
      const reader = play(context, camera.url);
      await until(() => reader.arrivals.length > 0, 'a frame arrives');
      expect([camera.sessions, camera.sessionsEver]).toEqual([1, 1]);
      expect(camera.packetsSent).toBeGreaterThan(0);
      const methods = camera.requests.map(({ method, status }) => `${method} ${status}`);
      expect(methods.slice(0, 4)).toEqual(['OPTIONS 200', 'DESCRIBE 200', 'SETUP 200', 'PLAY 200']);
      reader.kill();
      await until(() => camera.sessions === 0, 'the session ends with its connection');
      expect(camera.sessionsEver).toBe(1);
    });
  });

  describe('with faults', () => {
    test('drop disconnects readers, and lets them come back', async (context) => {
      const camera = await cameraFor(context, { capture: await capture() });
      const reader = play(context, camera.url);
      await until(() => reader.arrivals.length > 0, 'a frame arrives');
      camera.drop();
      expect((await reader.exited).code).toBe(0);
      expect(await ask(camera.url, 'DESCRIBE')).toBe(200);
    });

    test('stall sends and answers nothing on open connections, and unstall continues with the present pictures', async (context) => {
      const camera = await cameraFor(context, { capture: await capture() });
      const reader = play(context, camera.url);
      await until(() => reader.arrivals.length > 30, 'frames arrive as they are sent');
      camera.stall();
      const stalledMs = wallMs();
      const sent = camera.packetsSent;
      const asked = ask(camera.url, 'OPTIONS');
      const answered = await Promise.race([asked.then(() => true), sleep(1000).then(() => false)]);
      expect(answered).toBe(false);
      expect(camera.packetsSent).toBe(sent);
      expect(reader.arrivals.at(-1)!.atMs).toBeLessThan(stalledMs + 200);
      expect([reader.child.exitCode, camera.sessions]).toEqual([null, 1]);

      const { length } = reader.arrivals;
      camera.unstall();
      await until(() => reader.arrivals.length > length, 'a frame arrives again');
      expect(await asked).toBe(200);
      await until(() => reader.arrivals.length > length + 1, 'another frame arrives');
      expect(Math.max(...stepsOf(reader.arrivals))).toBeGreaterThan(0.9);
    });

    test.for([404, 503])(
      'refuse(%i) refuses every request until it is called off',
      async (status, context) => {
        const camera = await cameraFor(context, { capture: await capture() });
        camera.refuse(status);
        const { code, stderr } = await play(context, camera.url).exited;
        expect(code).not.toBe(0);
        expect(stderr).toContain(String(status));
        camera.refuse(undefined);
        expect(await ask(camera.url, 'DESCRIBE')).toBe(200);
      },
    );

    test('offline disconnects readers and refuses connections, online accepts them at the same port', async (context) => {
      const camera = await cameraFor(context, { capture: await capture() });
      const { url } = camera;
      const reader = play(context, url);
      await until(() => reader.arrivals.length > 0, 'a frame arrives');
      await camera.offline();
      await expect(ask(url, 'DESCRIBE')).rejects.toThrow('ECONNREFUSED');
      await reader.exited;
      await camera.online();
      expect(camera.url).toBe(url);
      expect(await ask(url, 'DESCRIBE')).toBe(200);
    });

    test('describeDelayMs delays only DESCRIBE', async (context) => {
      const camera = await cameraFor(context, { capture: await capture() });
      camera.describeDelayMs = 600;
      const took = async (method: string) => {
        const startedMs = wallMs();
        await ask(camera.url, method);
        return wallMs() - startedMs;
      };
      expect(await took('OPTIONS')).toBeLessThan(300);
      expect(await took('DESCRIBE')).toBeGreaterThan(590);
    });

    test('maxSessions refuses one session too many with 453', async (context) => {
      const camera = await cameraFor(context, { capture: await capture(), maxSessions: 1 });
      const first = play(context, camera.url);
      await until(() => camera.sessions === 1, 'the first session plays');
      const second = await play(context, camera.url).exited;
      expect(second.stderr).toContain('453');
      expect(camera.sessionsEver).toBe(1);
      first.kill();
      await until(() => camera.sessions === 0, 'the first session is over');
      const third = play(context, camera.url);
      await until(() => third.arrivals.length > 0, 'a frame arrives');
    });

    test('switchTo ends sessions, and the next one has the other codec and size', async (context) => {
      const other = await capture({ codec: 'h265', width: 480, height: 270, seconds: 16 });
      const camera = await cameraFor(context, { capture: await capture() });
      const reader = play(context, camera.url);
      await until(() => reader.arrivals.length > 0, 'a frame arrives');
      camera.switchTo(other);
      await reader.exited;
      const { file } = await recordFrames(context, camera.url, 10);
      expect(await describeFile(file)).toMatch(/Video: hevc.* 480x270/);
      const [first] = await readFrames(file);
      expect(Math.abs(camera.sentAt(first!.counter, wallMs()) - wallMs())).toBeLessThan(5000);
    });

    test('clockRate changes media time, not the time at which frames are sent', async (context) => {
      const camera = await cameraFor(context, { capture: await capture({ audio: 'aac' }), clockRate: 1.2 });
      const { file, arrivals } = await recordFrames(context, camera.url, 60);
      const steady = arrivals.filter(({ atMs }) => atMs > arrivals[0]!.atMs + 500);
      const [from, to] = [steady[0]!, steady.at(-1)!];
      const elapsedSec = (to.atMs - from.atMs) / 1000;
      expect((to.mediaSec - from.mediaSec) / elapsedSec).toBeCloseTo(1.2, 1);
      expect((steady.length - 1) / fps / elapsedSec).toBeCloseTo(1, 1);
      const counters = (await readFrames(file)).map(({ counter }) => counter);
      expect(counters).toEqual(consecutive(counters[0]!, counters.length));
    });

    test('jumpTimestamps moves media time within the session', async (context) => {
      const camera = await cameraFor(context, { capture: await capture() });
      const reader = play(context, camera.url);
      await until(() => reader.arrivals.length > 20, 'frames arrive as they are sent');
      camera.jumpTimestamps(3600);
      const before = reader.arrivals.length;
      await until(() => reader.arrivals.length > before + 5, 'frames arrive after the jump');
      const jumps = stepsOf(reader.arrivals).filter((step) => Math.abs(step) > 1);
      expect(jumps.map(Math.round)).toEqual([3600]);
      expect(camera.sessionsEver).toBe(1);
    });

    test('media over UDP is refused with 461', async (context) => {
      const camera = await cameraFor(context, { capture: await capture() });
      const { stderr } = await play(context, camera.url, { transport: 'udp' }).exited;
      expect(stderr).toContain('461');
    });
  });

  describe.for(['basic', 'digest'] as const)('with %s passwords', (auth) => {
    const users = { 'ad min': 'p@ss:w/rd', other: 'secret' };

    test.for(ffmpegs)('lets in %s only with the right password', async ([, binary], context) => {
      const camera = await cameraFor(context, { capture: await capture(), users, auth });
      const right = play(context, camera.urlAs('ad min', 'p@ss:w/rd'), { binary });
      await until(() => right.arrivals.length > 0, 'a frame arrives');
      for (const url of [camera.url, camera.urlAs('ad min', 'secret'), camera.urlAs('nobody', 'secret')]) {
        const { code, stderr } = await play(context, url, { binary }).exited;
        expect(code).not.toBe(0);
        expect(stderr).toContain('401');
      }
      expect(camera.sessionsEver).toBe(1);
    });
  });
});

let recordings = 0;

function recordFrames(context: TestContext, url: string, count: number, extension = 'mp4') {
  const file = path.join(dir, `recording-${++recordings}.${extension}`);
  return recordUntil(context, url, file, ({ length }) => length >= count);
}

async function cameraFor({ onTestFinished }: TestContext, options: TestCameraOptions) {
  const camera = await startTestCamera(options);
  onTestFinished(() => camera.close());
  return camera;
}

/** From the second frame on: on a loaded machine, ffmpeg has guessed a wrong time for the first one. */
function expectEvenSpacing([, ...frames]: readonly CountedFrame[]): void {
  for (const [index, { time }] of frames.entries()) {
    expect(time - frames[0]!.time).toBeCloseTo(index / fps, 2);
  }
}

/** The seconds of media time from each frame to the next. */
function stepsOf(arrivals: readonly Arrival[]): number[] {
  return arrivals.slice(1).map(({ mediaSec }, index) => mediaSec - arrivals[index]!.mediaSec);
}

function consecutive(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
