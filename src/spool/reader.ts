import { type FileHandle, open } from 'node:fs/promises';
import { Mp4Error, readBoxHeader } from '../mp4/boxes.ts';
import { type InitSegment, parseInit } from '../mp4/init-segment.ts';
import { SampleIndex } from '../mp4/sample-index.ts';
import { type MdatShape, readTrackFragments } from '../mp4/track-fragment.ts';
import { findSpool, removeSpool } from './spool.ts';

/** What a spool holds, read from its boxes alone. */
export interface SpoolContents {
  readonly init: InitSegment;
  readonly index: SampleIndex;
  /** Where the payloads of the fragments lie in the file, in bytes, `to` exclusive. */
  readonly payloads: { from: number; to: number }[];
  /** Where the last whole fragment ends. What stands behind it was cut off in the middle. */
  readonly wholeBytes: number;
  /** Bytes behind the last whole fragment. */
  readonly tornBytes: number;
}

/** Enough for the moof of half a second and the header of its mdat in one read. */
const readAhead = 8_192;
/** A moof is a few kilobytes; a size beyond this is not one. */
const maxHeadBytes = 16 * 1024 * 1024;

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
  const initBoxes: Buffer[] = [];
  const payloads: { from: number; to: number }[] = [];
  let index: SampleIndex | undefined;
  let moof: Buffer | undefined;
  let at = 0;
  let wholeBytes = 0;
  const window = windowReader(file, size);
  try {
    while (at < size && payloads.length < fragments) {
      const box = await window.box(at);
      if (!box || at + box.size > size) break;
      if (box.type === 'ftyp' || box.type === 'moov') initBoxes.push(await window.bytes(at, box.size));
      if (box.type === 'moov') index = new SampleIndex(parseInit(Buffer.concat(initBoxes)));
      if (box.type === 'moof') moof = await window.bytes(at, box.size);
      if (box.type === 'mdat' && moof && index) {
        const shape = { headerBytes: box.headerBytes, payloadBytes: box.size - box.headerBytes };
        const isBehind = index.durationMs >= untilSec * 1_000 && beginsAt(moof, index, shape) >= untilSec;
        if (!isBehind) {
          index.add(moof, shape.payloadBytes, shape.headerBytes);
          payloads.push({ from: at + box.headerBytes, to: at + box.size });
        }
        moof = undefined;
      }
      at += box.size;
      if (!moof) wholeBytes = at;
    }
  } catch (error) {
    // A power cut can leave a tail of zeros: what stands before it is good.
    if (!(error instanceof Mp4Error)) throw error;
  }
  if (!index || payloads.length === 0) return undefined;
  return { init: index.init, index, payloads, wholeBytes, tornBytes: size - wholeBytes };
}

/** When the fragment's earliest sample is decoded, in seconds of media time. */
function beginsAt(moof: Buffer, { init }: SampleIndex, shape: MdatShape): number {
  const parts = readTrackFragments(moof, init.tracks, shape);
  return Math.min(...parts.map(({ decodeTime, track }) => decodeTime / track.timescale));
}

/** Reads small parts of a file of `size` bytes one after the other, with few calls. */
export function windowReader(file: FileHandle, size: number) {
  let window = Buffer.alloc(0);
  let windowAt = 0;

  async function bytes(at: number, length: number): Promise<Buffer> {
    if (length > maxHeadBytes)
      throw new Mp4Error(`A box head of ${length} bytes at ${at} is larger than any real one.`);
    if (at < windowAt || at + length > windowAt + window.length) {
      const fresh = Buffer.allocUnsafe(Math.min(Math.max(length, readAhead), size - at));
      const { bytesRead } = await file.read(fresh, 0, fresh.length, at);
      window = fresh.subarray(0, bytesRead);
      windowAt = at;
    }
    return window.subarray(at - windowAt, at - windowAt + length);
  }

  return {
    bytes,
    async box(at: number) {
      return readBoxHeader(await bytes(at, Math.min(16, size - at)), 0);
    },
  };
}
