import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from 'vitest';
import { startDemoCamera } from '../../src/demo/camera.ts';
import { readCounter } from '../../src/demo/counter-strip.ts';
import { createPicture } from '../../src/demo/picture.ts';
import { ask, describeFile, recordUntil, runFfmpeg, until } from '../support/camera/reader.ts';
import { wallMs } from '../support/camera/replay.ts';
import { ffmpeg, oldFfmpeg, readCounterOfImage, readFrames } from '../support/media/frames.ts';

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

describe('the counter in the picture', () => {
  test('is read back, unless it is damaged', () => {
    const [width, height] = [320, 180];
    const draw = createPicture(width, height);
    for (const counter of [0, 1, 2, 959, 2 ** 17, 2 ** 18 - 1]) {
      const frame = draw(counter, new Date(0));
      expect(readCounter(frame, width, height)).toBe(counter);
      for (let cell = 0; cell < 24; cell++) {
        const damaged = Buffer.from(frame);
        const middle = Math.round(((cell + 0.5) * width) / 24);
        const inverse = damaged[2 * width + middle]! > 127 ? 16 : 235;
        for (let row = 0; row < 8; row++)
          damaged.fill(inverse, row * width + middle - 6, row * width + middle + 6);
        expect(readCounter(damaged, width, height)).toBeUndefined();
      }
    }
    expect(readCounter(Buffer.alloc(width * height, 128), width, height)).toBeUndefined();
  });

  test('survives a small JPEG of low quality', async () => {
    const raw = path.join(dir, 'frame.yuv');
    await writeFile(raw, createPicture(1280, 720)(123_456, new Date(0)));
    const jpeg = path.join(dir, 'frame.jpg');
    const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', '1280x720', '-i', raw];
    await runFfmpeg([...input, '-vf', 'scale=320:-2', '-q:v', '12', jpeg]);
    expect(await readCounterOfImage(jpeg)).toBe(123_456);
  });
});

describe.concurrent('the demo camera', () => {
  test.for(ffmpegs)('shows a numbered picture with sound through %s', async ([name, binary], context) => {
    const camera = await startDemoCamera({ ffmpeg: binary, spawn: spawnChild });
    context.onTestFinished(() => camera.close());
    const startedMs = wallMs();
    const { file } = await recordFrames(context, camera.url, 35);
    const counters = (await readFrames(file)).map(({ counter }) => counter);
    expect(counters, name).toEqual(consecutive(counters[0]!, counters.length));
    expect(counters.at(-1)).toBeGreaterThan(((wallMs() - startedMs) / 1000 - 3) * fps);
    expect(await describeFile(file)).toMatch(/Video: h264.* 640x360(?:.|\n)*Audio: aac/);
  });

  test('starts ffmpeg again when it dies, and continues the count', async (context) => {
    const children: ChildProcess[] = [];
    const reasons: string[] = [];
    const camera = await startDemoCamera({
      ffmpeg,
      onRestart: (reason) => reasons.push(reason),
      spawn: (...call) => {
        const child = spawnChild(...call);
        children.push(child);
        return child;
      },
    });
    context.onTestFinished(() => camera.close());
    const { url } = camera;
    children[0]!.kill('SIGKILL');
    await until(() => children.length === 2, 'ffmpeg is started again');
    await until(async () => (await ask(url, 'DESCRIBE')) === 200, 'it can be played again');
    expect(reasons).toEqual(['It ended with SIGKILL.']);
    const { file } = await recordFrames(context, url, 5);
    expect((await readFrames(file))[0]!.counter).toBeGreaterThan(fps);
    await camera.close();
    expect(children.map(({ signalCode }) => signalCode)).toEqual(['SIGKILL', 'SIGKILL']);
    await expect(ask(url, 'DESCRIBE')).rejects.toThrow('ECONNREFUSED');
  });

  test('reports an ffmpeg without H.264 encoder, or one that cannot be started', async () => {
    const crippled = path.join(dir, 'ffmpeg-without-x264');
    await writeFile(crippled, `#!/bin/bash\nexec '${ffmpeg}' "\${@/libx264/libx264gone}"\n`, { mode: 0o755 });
    const without = startDemoCamera({ ffmpeg: crippled, spawn: spawnChild });
    await expect(without).rejects.toThrow(`H.264 encoder libx264, and ${crippled} has none`);
    const missing = startDemoCamera({ ffmpeg: path.join(dir, 'nothing'), spawn: spawnChild });
    await expect(missing).rejects.toThrow('could not be started with');
  });
});

let recordings = 0;

function recordFrames(context: TestContext, url: string, count: number, extension = 'mp4') {
  const file = path.join(dir, `recording-${++recordings}.${extension}`);
  return recordUntil(context, url, file, ({ length }) => length >= count);
}

const spawnChild: Parameters<typeof startDemoCamera>[0]['spawn'] = (_label, file, args, options) => {
  return spawn(file, args, { stdio: options?.stdio });
};

function consecutive(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
