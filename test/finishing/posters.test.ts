// Posters of running recordings: one ffmpeg makes several posters, each of its own recording.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Ffmpeg, findFfmpeg } from '../../src/ffmpeg/binary.ts';
import { jpegOf } from '../../src/ffmpeg/jpeg.ts';
import { Posters } from '../../src/finishing/posters.ts';
import { createLog } from '../../src/log.ts';
import type { Launcher } from '../../src/processes/launcher.ts';
import { spoolPoster } from '../../src/spool/spool.ts';
import { startTestLauncher, type TestLauncher } from '../support/processes/launcher.ts';

let it: TestLauncher;
let ffmpeg: Ffmpeg;

beforeAll(async () => {
  it = await startTestLauncher();
  ffmpeg = await findFfmpeg(it.children, undefined, createLog('silent'));
});

afterAll(() => it.close());

/** Makes posters from spools with these movies. Returns the labels of the commands that run, and the playbacks' ids. */
async function postersOf(movies: readonly Buffer[]) {
  const recordDir = await mkdtemp(path.join(os.tmpdir(), 'flashback-posters-'));
  const labels: string[] = [];
  const launcher: Launcher = {
    ...it.launcher,
    run: (label, ...rest) => {
      labels.push(label);
      return it.launcher.run(label, ...rest);
    },
  };
  const ids = movies.map((_, i) => `00000000-0000-7000-8000-${String(i).padStart(12, '0')}`);
  for (const [i, movie] of movies.entries()) {
    await mkdir(path.join(recordDir, ids[i]!));
    await writeFile(path.join(recordDir, ids[i]!, '1700000000000.mp4'), movie);
  }
  const posters = new Posters({ launcher, ffmpeg, recordDir });
  onTestFinished(async () => {
    await posters.close();
    await rm(recordDir, { recursive: true });
  });
  const file = (i: number) => spoolPoster(recordDir, ids[i]!);
  return { posters, labels, ids, file };
}

async function movie(height: number): Promise<Buffer> {
  const source = ['-f', 'lavfi', '-i', `testsrc2=s=320x${height}:r=5`, '-t', '2', '-g', '5'];
  const coded = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  const fragmented = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4', 'pipe:1'];
  const made = await it.children.run('source', ffmpeg.path, [...source, ...coded, ...fragmented], {
    timeoutMs: 20_000,
    maxOutputBytes: 2 ** 24,
  });
  return made.stdout;
}

test('ten simultaneous recordings need at most three ffmpegs, and each gets its own picture', async () => {
  const movies = await Promise.all(Array.from({ length: 10 }, (_, i) => movie(100 + 20 * i)));
  const { posters, labels, ids, file } = await postersOf(movies);
  for (const id of ids) posters.expect(id);
  for (const id of ids) await expect.poll(() => posters.has(id), { timeout: 20_000 }).toBe(true);
  // The first recording does not wait for the others.
  expect(labels.length).toBeLessThanOrEqual(3);
  for (const [i, movie] of movies.entries()) {
    expect(await readFile(file(i))).toEqual(await jpegOf(it.launcher, ffmpeg, movie));
    expect((await stat(file(i))).mode & 0o777).toBe(0o600);
  }
}, 60_000);

test('a recording that cannot be decoded does not affect the posters of others', async () => {
  const good = await movie(180);
  const torn = Buffer.from(good);
  // The box of the parameter sets contains nothing that a decoder understands.
  const avcC = torn.indexOf('avcC') + 4;
  torn.fill(0xff, avcC, avcC + 20);
  const { posters, labels, ids, file } = await postersOf([good, torn, good]);
  for (const id of ids) posters.expect(id);
  await expect
    .poll(() => labels.filter((label) => label === 'poster').length, { timeout: 20_000 })
    .toBeGreaterThan(0);
  for (const i of [0, 2]) {
    await expect.poll(() => posters.has(ids[i]!), { timeout: 20_000 }).toBe(true);
    expect(await readFile(file(i))).toEqual(await jpegOf(it.launcher, ffmpeg, good));
  }
  expect(await posters.has(ids[1]!)).toBe(false);
}, 60_000);
