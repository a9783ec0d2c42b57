// The audible sound of a clip: the captures' tone beeps at each whole second of the camera's loop.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CountedFrame } from './frames.ts';
import { tools } from './judges.ts';

const run = promisify(execFile);
const sampleRate = 16_000;
const beepHz = 1_760;
/** A tenth of a beep (a beep of ffmpeg's sine source lasts a 25th of a second). */
const windowSamples = 64;

/** When the beeps begin, in seconds of the file's own time. */
export async function readBeeps(file: string): Promise<number[]> {
  // Gaps are filled and overlaps cut, so that a sample's index gives its time in the file.
  const decode = [
    '-v',
    'error',
    '-i',
    file,
    '-map',
    '0:a:0',
    '-af',
    'aresample=async=1:min_hard_comp=0.01:first_pts=0',
  ];
  const raw = ['-ac', '1', '-ar', `${sampleRate}`, '-f', 's16le', 'pipe:1'];
  const { stdout } = await run(tools().ffmpeg, [...decode, ...raw], {
    encoding: 'buffer',
    maxBuffer: 256 * 1024 * 1024,
  });
  const levels: number[] = [];
  for (let at = 0; at + windowSamples * 2 <= stdout.length; at += windowSamples * 2)
    levels.push(levelOf(stdout, at));
  const loud = Math.max(...levels) / 4;
  const windowSec = windowSamples / sampleRate;
  const beeps: number[] = [];
  levels.forEach((level, i) => {
    const at = i * windowSec;
    if (level > loud && at - (beeps.at(-1) ?? -1) > 0.3) beeps.push(at);
  });
  return beeps;
}

/** The strength of the beep's frequency in a window (Goertzel). */
function levelOf(pcm: Buffer, at: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * beepHz) / sampleRate);
  let [a, b] = [0, 0];
  for (let i = 0; i < windowSamples; i++) [a, b] = [pcm.readInt16LE(at + i * 2) + coefficient * a - b, a];
  return a * a + b * b - coefficient * a * b;
}

/**
 * How late the sound is, in milliseconds: for each beep, the distance to that whole second in the pictures, given by
 * the first picture that the camera took in it.
 * @param fps of the capture
 */
export function soundDelays(
  frames: readonly CountedFrame[],
  beeps: readonly number[],
  fps: number,
): number[] {
  const seconds = frames.flatMap(({ counter, time }) => {
    const sinceSecond = (counter / fps) % 1;
    return sinceSecond < 1 / fps ? [time - sinceSecond] : [];
  });
  return beeps
    .filter((beep) => beep > frames[0]!.time && beep < frames.at(-1)!.time)
    .map((beep) => {
      const distances = seconds.map((second) => (beep - second) * 1_000);
      return distances.sort((x, y) => Math.abs(x) - Math.abs(y))[0] ?? Number.POSITIVE_INFINITY;
    });
}
