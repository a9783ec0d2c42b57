import { type FileHandle, open } from 'node:fs/promises';
import { Mp4Error } from '../mp4/boxes.ts';
import type { InitSegment } from '../mp4/init-segment.ts';
import { SampleIndex } from '../mp4/sample-index.ts';
import { type MdatShape, readTrackFragments } from '../mp4/track-fragment.ts';
import { type ScannedFragment, SpoolScan } from './scan.ts';
import { findSpool, removeSpool } from './spool.ts';

/** A range of a file, as byte offsets: `from` inclusive, `to` exclusive. */
export interface FileRange {
  from: number;
  to: number;
}

/** What a spool holds, read from its boxes alone. */
export interface SpoolContents {
  readonly init: InitSegment;
  readonly index: SampleIndex;
  /** Where the payloads of the fragments lie in the file. */
  readonly payloads: readonly FileRange[];
  /** A fragment was left out in front of one that was not: the payload is no longer what came first in the spool. */
  readonly hasHole: boolean;
  /** Where the last whole fragment ends. What stands behind it was cut off in the middle. */
  readonly wholeBytes: number;
  /** Bytes behind the last whole fragment. */
  readonly tornBytes: number;
}

/**
 * Reads a spool's structure: one small read per fragment, no payload. A tail that a crash tore off is left out;
 * files are believed for what is in them, never for their size.
 * @param untilSec fragments that begin at or after this media time are left out. Encoded sound comes later than the
 *   pictures it belongs to, so fragments behind such a one are looked at, too.
 * @returns undefined where not even an init segment and one whole fragment are there
 */
export function readSpool(
  path: string,
  untilSec = Number.POSITIVE_INFINITY,
): Promise<SpoolContents | undefined> {
  return withFile(path, (file, size) => read(file, size, { untilSec, fragments: Number.POSITIVE_INFINITY }));
}

/** The same of the first so many fragments; the rest of the spool is not looked at. */
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
 * Whether a whole fragment of the playback's video is on disk: the one answer to whether there is footage.
 * @throws Error where that cannot be read, which is not to say that there is none
 */
export async function holdsFootage(recordDir: string, playbackId: string): Promise<boolean> {
  const found = await findSpool(recordDir, playbackId);
  if (!found) return false;
  return hasVideo(await readBeginning(found.file, 1)) || hasVideo(await readSpool(found.file));
}

const hasVideo = (contents: SpoolContents | undefined) =>
  contents?.index.tracks.some((track) => track.kind === 'video') ?? false;

/** Removes what is left of a recording that took nothing. @throws Error where that is not known */
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
    // A power cut can leave a tail of zeros: what stands before it is good.
    if (!(error instanceof Mp4Error)) throw error;
  }
  if (!index || payloads.length === 0) return undefined;
  const { wholeBytes } = scan;
  return { init: index.init, index, payloads, hasHole, wholeBytes, tornBytes: size - wholeBytes };
}

/**
 * Adds a fragment to the index, but for one that begins at or after `untilSec` of media time.
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

/** When the fragment's earliest sample is decoded, in seconds of media time. */
function beginsAt(moof: Buffer, { init }: SampleIndex, shape: MdatShape): number {
  const parts = readTrackFragments(moof, init.tracks, shape);
  return Math.min(...parts.map(({ decodeTime, track }) => decodeTime / track.timescale));
}
