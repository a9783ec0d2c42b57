/** Fragmented MP4s from a real ffmpeg, made as a feed makes them, and the clips that src/mp4 makes from them. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { fastStartHead } from '../../../src/mp4/fast-start.ts';
import type { Fragment } from '../../../src/mp4/fragment.ts';
import type { InitSegment } from '../../../src/mp4/init-segment.ts';
import { SampleIndex } from '../../../src/mp4/sample-index.ts';
import { createSplitter } from '../../../src/mp4/splitter.ts';
import { tools } from './judges.ts';

const run = promisify(execFile);

/** The arguments with which a feed asks ffmpeg for fragments of half a second. */
const feedOutput =
  '-f mp4 -movflags +frag_keyframe+empty_moov+default_base_moof ' +
  '-frag_duration 500000 -flush_packets 1 pipe:1';

export interface FootageArguments {
  /** ffmpeg's encoder arguments; the input is a moving picture of 320x180 at 15 frames/s and a tone of 48 kHz. */
  encode: string;
  /** Arguments with which the feed copies it. */
  feed?: string;
  /** Used instead of a feed's usual output arguments. */
  output?: string;
}

/** Encodes four seconds to `source` (Matroska) and returns the fragmented MP4 that a feed makes of it. */
export async function makeFragmented(
  source: string,
  { encode, feed = '-c copy', output = feedOutput }: FootageArguments,
): Promise<Buffer> {
  const picture =
    '-f lavfi -i testsrc2=size=320x180:rate=15 -f lavfi -i sine=frequency=440:sample_rate=48000';
  await ffmpeg(`${picture} -t 4 -pix_fmt yuv420p ${encode} -y`, source);
  const { stdout } = await run(tools().ffmpeg, words(`-v error -i ${source} -map 0 ${feed} ${output}`), {
    encoding: 'buffer',
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

async function ffmpeg(line: string, output: string): Promise<void> {
  await run(tools().ffmpeg, [...words(`-v error ${line}`), output]);
}

function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}

/** Splits a whole fragmented MP4, pushed in chunks of `chunkBytes`. */
export function split(bytes: Buffer, chunkBytes = 65_536): { init: InitSegment; fragments: Fragment[] } {
  let init: InitSegment | undefined;
  const fragments: Fragment[] = [];
  const splitter = createSplitter({
    onInit: (segment) => {
      init = segment;
    },
    onFragment: (fragment) => fragments.push(fragment),
  });
  for (let at = 0; at < bytes.length; at += chunkBytes) splitter.push(bytes.subarray(at, at + chunkBytes));
  if (!init) throw new Error('The footage has no init segment.');
  return { init, fragments };
}

/** The bytes of a fragment's mdat after its 8-byte header. */
export function payloadOf(fragment: Fragment): Buffer {
  return Buffer.concat(fragment.mdat).subarray(8);
}

/** Writes the clip of these fragments, and returns its index. */
export async function writeClip(
  path: string,
  init: InitSegment,
  fragments: Fragment[],
): Promise<SampleIndex> {
  const index = new SampleIndex(init);
  for (const fragment of fragments) index.add(fragment.moof, payloadOf(fragment).length);
  await writeFile(path, Buffer.concat([fastStartHead(index), ...fragments.map(payloadOf)]));
  return index;
}
