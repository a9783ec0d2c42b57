import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { readCounter } from '../../../src/demo/counter-strip.ts';

export interface CountedFrame {
  /** The number that `createPicture` drew into the frame. */
  counter: number;
  /** Presentation time in the file, in seconds. */
  time: number;
}

/** Strips are scaled to this size, whatever the size of the picture. */
const stripWidth = 480;
const stripHeight = 12;

/** The 2018 build inside the npm package, the oldest ffmpeg that must work. */
export const oldFfmpeg: string = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg').path;

/** `ffmpeg` on the PATH, else the one from npm. */
export const ffmpeg: string = findOnPath('ffmpeg') ?? oldFfmpeg;

/**
 * Decodes a file and reads the counter of every frame, in presentation order. Throws if a counter cannot be read.
 * @param unreadable how many frames at the beginning may have no readable counter; they are left out
 */
export async function readFrames(file: string, unreadable = 0): Promise<CountedFrame[]> {
  const { counters, times } = await readStrips(file, []);
  if (counters.length !== times.length) {
    throw new Error(`${file}: ${times.length} frames decoded, but ${counters.length} strips came out.`);
  }
  return counters.flatMap((counter, index) => {
    const time = times[index]!;
    if (counter !== undefined) return { counter, time };
    if (index < unreadable) return [];
    throw new Error(`${file}: frame ${index} at ${time} s has no readable counter.`);
  });
}

/**
 * The counter in a JPEG or PNG made from a frame, at any scale. Throws if it cannot be read.
 * @param area the frame within the picture, in pixels, if it is only a part of it
 */
export async function readCounterOfImage(
  file: string,
  area?: { x: number; y: number; width: number; height: number },
): Promise<number> {
  const crop = area && `crop=${area.width}:${area.height}:${area.x}:${area.y}:exact=1,`;
  const { counters } = await readStrips(file, ['-frames:v', '1'], crop);
  const [counter] = counters;
  if (counter === undefined) throw new Error(`${file} has no readable counter.`);
  return counter;
}

async function readStrips(file: string, extra: readonly string[], first = '') {
  // The strip's height is a fortieth of the width (see counter-strip.ts). showinfo prints the file's own times.
  const filter = `${first}crop=iw:trunc(iw/40):0:0,scale=${stripWidth}:${stripHeight}:flags=area,format=gray,showinfo`;
  const input = ['-hide_banner', '-nostdin', '-nostats', '-copyts', '-i', file];
  const output = [
    '-map',
    '0:v:0',
    '-vf',
    filter,
    ...(await everyFrameOnce()),
    ...extra,
    '-f',
    'rawvideo',
    'pipe:1',
  ];
  const { stdout, stderr } = await run([...input, ...output]);

  const counters: (number | undefined)[] = [];
  const stripBytes = stripWidth * stripHeight;
  for (let start = 0; start + stripBytes <= stdout.length; start += stripBytes) {
    const strip = stdout.subarray(start, start + stripBytes);
    counters.push(readCounter(strip, stripWidth, stripHeight));
  }
  const times = [...stderr.matchAll(/ pts_time:(-?[\d.e+-]+)/g)].map(([, time]) => Number(time));
  return { counters, times };
}

let everyFrame: Promise<string[]> | undefined;

/** `-vsync` was renamed in ffmpeg 5.1. Without it, frames are repeated and dropped for a constant rate. */
function everyFrameOnce(): Promise<string[]> {
  everyFrame ??= run(['-hide_banner', '-h', 'long']).then(({ stdout }) => {
    return stdout.includes('-fps_mode') ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'];
  });
  return everyFrame;
}

async function run(args: readonly string[]): Promise<{ stdout: Buffer; stderr: string }> {
  const child: ChildProcess = spawn(ffmpeg, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [code] = await once(child, 'close');
  const log = Buffer.concat(stderr).toString();
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${log.slice(-1000)}`);
  return { stdout: Buffer.concat(stdout), stderr: log };
}

function findOnPath(name: string): string | undefined {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const files = (process.env['PATH'] ?? '').split(path.delimiter).map((dir) => path.join(dir, name + suffix));
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
