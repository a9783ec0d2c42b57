import { open } from 'node:fs/promises';
import type { Children } from '../children.ts';
import { posterArgs } from '../recording/ffmpeg-args.ts';
import type { Ffmpeg } from '../recording/ffmpeg-binary.ts';
import type { Clip } from './clip.ts';

const posterWidth = 640;

/**
 * A JPEG of the clip's first picture, 640 pixels wide.
 * @throws Error when ffmpeg cannot decode it
 */
export async function makePoster(children: Children, ffmpeg: Ffmpeg, clip: Clip): Promise<Buffer> {
  const fragments = await beginning(clip);
  return jpegOf(children, ffmpeg, fragments);
}

/** A JPEG of the first keyframe in a fragmented MP4. @throws Error when ffmpeg cannot decode it */
export async function jpegOf(children: Children, ffmpeg: Ffmpeg, fragmentedMp4: Buffer): Promise<Buffer> {
  const result = await children.run('poster', ffmpeg.path, posterArgs(posterWidth), {
    input: fragmentedMp4,
    timeoutMs: 20_000,
    maxOutputBytes: 8 * 1024 * 1024,
  });
  if (result.code !== 0 || result.stdout.length === 0) {
    throw new Error(`ffmpeg could not make a picture of the footage: ${result.stderr.trim().slice(-300)}`);
  }
  return result.stdout;
}

/** The init segment and the first fragments: the picture shown first may lie behind the first payload's end. */
async function beginning({ spoolFile, contents }: Clip): Promise<Buffer> {
  const end = contents.payloads[Math.min(1, contents.payloads.length - 1)]!.to;
  const file = await open(spoolFile, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(end), 0, end, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
