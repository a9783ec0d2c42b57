import { open, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Children } from '../children.ts';
import type { Ffmpeg } from '../recording/ffmpeg-binary.ts';
import { jpegOf } from '../recording/ffmpeg-jpeg.ts';
import type { Clip } from './clip.ts';

/**
 * A JPEG of the clip's first picture, 640 pixels wide.
 * @throws Error when ffmpeg cannot decode it
 */
export async function makePoster(children: Children, ffmpeg: Ffmpeg, clip: Clip): Promise<Buffer> {
  // Kept beside the footage: the tries of an hour without a store must not decode it again and again.
  const kept = path.join(path.dirname(clip.spoolFile), 'poster.jpg');
  const before = await readFile(kept).catch(() => undefined);
  if (before) return before;
  const fragments = await beginning(clip);
  const jpeg = await jpegOf(children, ffmpeg, fragments);
  await writeFile(`${kept}.new`, jpeg)
    .then(() => rename(`${kept}.new`, kept))
    .catch(() => {}); // a disk that is full takes none; this try has it all the same
  return jpeg;
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
