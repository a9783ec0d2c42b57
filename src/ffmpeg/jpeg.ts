import type { Launcher } from '../processes/launcher.ts';
import { posterArgs } from './arguments.ts';
import type { Ffmpeg } from './binary.ts';

const posterWidth = 640;

/** A JPEG, 640 pixels wide, of the first keyframe in a fragmented MP4. @throws Error when ffmpeg cannot decode it */
export async function jpegOf(launcher: Launcher, ffmpeg: Ffmpeg, fragmentedMp4: Buffer): Promise<Buffer> {
  const result = await launcher.run('poster', ffmpeg.path, posterArgs(posterWidth), {
    input: fragmentedMp4,
    timeoutMs: 20_000,
    maxOutputBytes: 8 * 1024 * 1024,
  });
  if (result.code !== 0 || result.stdout.length === 0) {
    throw new Error(`ffmpeg could not make a picture of the footage: ${result.stderr.trim().slice(-300)}`);
  }
  return result.stdout;
}
