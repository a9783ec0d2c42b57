import type { Launcher } from '../processes/launcher.ts';
import { type FileBeginning, posterArgs, postersArgs } from './arguments.ts';
import type { Ffmpeg } from './binary.ts';

const posterWidth = 640;

/**
 * A JPEG, 640 pixels wide, of the first keyframe in an MP4 whose samples lie behind their index.
 * @throws Error when ffmpeg cannot decode it
 */
export async function jpegOf(launcher: Launcher, ffmpeg: Ffmpeg, mp4: Buffer): Promise<Buffer> {
  const result = await launcher.run('poster', ffmpeg.path, posterArgs(posterWidth), {
    input: mp4,
    timeoutMs: 20_000,
    maxOutputBytes: 8 * 1024 * 1024,
  });
  if (result.code !== 0 || result.stdout.length === 0) {
    throw new Error(`ffmpeg could not make a picture of the footage: ${result.stderr.trim().slice(-300)}`);
  }
  return result.stdout;
}

/**
 * Writes a JPEG, 640 pixels wide, of the first keyframe of each movie, with one ffmpeg.
 * @param jpegs paths, in the order of the movies
 * @throws Error when ffmpeg cannot decode one of them; then do not use any of the files
 */
export async function writeJpegs(
  launcher: Launcher,
  ffmpeg: Ffmpeg,
  movies: readonly FileBeginning[],
  jpegs: readonly string[],
): Promise<void> {
  const { code, stderr } = await launcher.run(
    'posters',
    ffmpeg.path,
    postersArgs(posterWidth, movies, jpegs),
    { timeoutMs: 20_000, maxOutputBytes: 1_024 },
  );
  if (code !== 0)
    throw new Error(`ffmpeg could not make pictures of the footage: ${stderr.trim().slice(-300)}`);
}
