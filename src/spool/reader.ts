import { type FileHandle, open } from 'node:fs/promises';
import type { FileRange } from '../domain/file-range.ts';
import { Mp4Error } from '../mp4/boxes.ts';
import type { InitSegment } from '../mp4/init-segment.ts';
import { SampleIndex } from '../mp4/sample-index.ts';
import { type MdatShape, readTrackFragments } from '../mp4/track-fragment.ts';
import { type ScannedFragment, SpoolScan } from './scan.ts';
import { findSpool, removeSpool } from './spool.ts';

/** The contents of a spool, read from its boxes alone. */
export interface SpoolContents {
  readonly init: InitSegment;
  readonly index: SampleIndex;
  /** The payload of each fragment in the file. */
  readonly payloads: readonly FileRange[];
  /**
   * Whether the clip leaves out a fragment that is followed by one that it contains. Then the payload has a hole in the
   * spool.
   */
  readonly hasHole: boolean;
  /** Where the last complete fragment ends. What follows is a torn fragment. */
  readonly wholeBytes: number;
  /** The number of bytes after the last complete fragment. */
  readonly tornBytes: number;
}

/**
 * Reads the structure of a spool: one small read per fragment, no payload. A torn fragment at the end is left out.
 * The file's contents decide, not its size.
 * @param untilSec fragments that begin at or after this media time are left out. Encoded sound comes after the
 *   pictures that it belongs to, so later fragments are looked at, too
 * @returns undefined if there is no init segment or no complete fragment
 */
export function readSpool(
  path: string,
  untilSec = Number.POSITIVE_INFINITY,
): Promise<SpoolContents | undefined> {
  return withFile(path, (file, size) => read(file, size, { untilSec, fragments: Number.POSITIVE_INFINITY }));
}

/** Like `readSpool`, for the first `fragments` fragments only. */
export function readBeginning(path: string, fragments: number): Promise<SpoolContents | undefined> {
  return withFile(path, (file, size) => read(file, size, { untilSec: Number.POSITIVE_INFINITY, fragments }));
}

async function withFile<Result>(
  path: string,
  use: (file: FileHandle, size: number) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, 'r');
  try {
    return await use(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

/**
 * Whether a complete fragment of the playback's video is on disk. All code that asks whether there is footage calls
 * this.
 * @throws Error if the spool cannot be read, so that it is unknown
 */
export async function holdsFootage(recordDir: string, playbackId: string): Promise<boolean> {
  const found = await findSpool(recordDir, playbackId);
  if (!found) return false;
  return hasVideo(await readBeginning(found.file, 1)) || hasVideo(await readSpool(found.file));
}

const hasVideo = (contents: SpoolContents | undefined) =>
  contents?.index.tracks.some((track) => track.kind === 'video') ?? false;

/**
 * Removes the spool of a recording if it holds no footage.
 * @throws Error if it cannot be read, so that it is unknown
 */
export async function removeSpoolWithoutFootage(recordDir: string, playbackId: string): Promise<void> {
  if (!(await holdsFootage(recordDir, playbackId))) await removeSpool(recordDir, playbackId);
}

interface Extent {
  readonly untilSec: number;
  readonly fragments: number;
}

async function read(
  file: FileHandle,
  size: number,
  { untilSec, fragments }: Extent,
): Promise<SpoolContents | undefined> {
  const scan = new SpoolScan(file);
  const payloads: FileRange[] = [];
  let index: SampleIndex | undefined;
  let leftOut = false;
  let hasHole = false;
  try {
    for await (const fragment of scan.fragments(size)) {
      index ??= scan.init && new SampleIndex(scan.init);
      if (index && addFragment(index, fragment, untilSec)) {
        payloads.push({ from: fragment.from, to: fragment.to });
        hasHole ||= leftOut;
      } else leftOut = true;
      if (payloads.length === fragments) break;
    }
  } catch (error) {
    // After a power cut there may be zeros at the end of the file. What stands before them is good.
    if (!(error instanceof Mp4Error)) throw error;
  }
  if (!index || payloads.length === 0) return undefined;
  const { wholeBytes } = scan;
  return { init: index.init, index, payloads, hasHole, wholeBytes, tornBytes: size - wholeBytes };
}

/**
 * Adds a fragment to the index, unless it begins at or after `untilSec` of media time.
 * @returns whether it was added
 */
export function addFragment(
  index: SampleIndex,
  { moof, shape }: Pick<ScannedFragment, 'moof' | 'shape'>,
  untilSec: number,
): boolean {
  if (index.durationMs >= untilSec * 1_000 && beginsAt(moof, index, shape) >= untilSec) return false;
  index.add(moof, shape.payloadBytes, shape.headerBytes);
  return true;
}

/** The decode time of the fragment's earliest sample, in seconds of media time. */
function beginsAt(moof: Buffer, { init }: SampleIndex, shape: MdatShape): number {
  const parts = readTrackFragments(moof, init.tracks, shape);
  return Math.min(...parts.map(({ decodeTime, track }) => decodeTime / track.timescale));
}
