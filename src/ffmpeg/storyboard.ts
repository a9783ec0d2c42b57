import type { Launcher } from '../processes/launcher.ts';
import type { Ffmpeg } from './binary.ts';

const tileWidth = 240;
const columns = 10;
/** A low priority: recordings and requests come first. */
const niceness = 15;

/** A small picture within the JPEG of a storyboard. Pixels, and seconds from the beginning of the clip. */
export interface Tile {
  readonly at: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Puts all pictures of a movie of keyframes (mp4/keyframe-movie.ts) into one JPEG, ten in a row, each 240 pixels wide.
 * Pictures that cannot be decoded are left out.
 * @param count the number of keyframes
 * @throws Error if not one of them can be decoded
 */
export async function makeStoryboard(
  launcher: Launcher,
  ffmpeg: Ffmpeg,
  movie: string,
  count: number,
  signal: AbortSignal,
): Promise<{ jpeg: Buffer; tiles: Tile[] }> {
  const { code, stdout, stderr } = await launcher.run('storyboard', ffmpeg.path, argumentsFor(movie, count), {
    timeoutMs: 60_000,
    maxOutputBytes: 16 * 1024 * 1024,
    niceness,
    signal,
  });
  const tiles = readTiles(stderr);
  if (code !== 0 || stdout.length === 0 || tiles.length === 0)
    throw new Error(`ffmpeg could not make pictures of the footage: ${stderr.trim().slice(-300)}`);
  return { jpeg: stdout, tiles };
}

/** `showinfo` says which pictures were decoded, and their times. */
function argumentsFor(movie: string, count: number): string[] {
  const filters = [
    `scale=${tileWidth}:trunc(${tileWidth}/dar/2)*2:flags=fast_bilinear`,
    ...['setsar=1', 'showinfo', `tile=${Math.min(columns, count)}x${Math.ceil(count / columns)}`],
  ];
  return [
    ...['-hide_banner', '-loglevel', 'info', '-nostats', '-nostdin', '-copyts'],
    ...['-threads', '1', '-skip_frame', 'nokey', '-f', 'mp4', '-i', movie],
    ...['-map', '0:v:0', '-filter_threads', '1', '-vf', filters.join()],
    ...['-frames:v', '1', '-q:v', '5', '-f', 'mjpeg', 'pipe:1'],
  ];
}

/** Reads what `showinfo` has written: a line with the time base, and one for each picture. */
function readTiles(stderr: string): Tile[] {
  const [, numerator, denominator] = /config in time_base: (\d+)\/(\d+)/.exec(stderr) ?? [];
  const lines = stderr.matchAll(/ n: *(\d+) pts: *(\d+) .*? s:(\d+)x(\d+) /g);
  return [...lines].map((line) => {
    const [n, pts, width, height] = line.slice(1).map(Number) as [number, number, number, number];
    const at = (pts * Number(numerator)) / Number(denominator);
    return { at, x: (n % columns) * width, y: Math.floor(n / columns) * height, width, height };
  });
}
