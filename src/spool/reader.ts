import { type FileHandle, open } from 'node:fs/promises';
import { Mp4Error, readBoxHeader } from '../mp4/boxes.ts';
import { type InitSegment, parseInit } from '../mp4/init-segment.ts';
import { SampleIndex } from '../mp4/sample-index.ts';
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
 * @param untilSec fragments that begin at or after this media time are left out
 * @returns undefined where not even an init segment and one whole fragment are there
 */
export async function readSpool(
  path: string,
  untilSec = Number.POSITIVE_INFINITY,
): Promise<SpoolContents | undefined> {
  const file = await open(path, 'r');
  try {
    return await read(file, (await file.stat()).size, untilSec);
  } finally {
    await file.close();
  }
}

/** As much of a spool (seconds of media) as its first fragment. */
const firstFragmentSec = 0.001;

/**
 * Whether a whole fragment of the playback's video is on disk: the one answer to whether there is footage.
 * @throws Error where that cannot be read, which is not to say that there is none
 */
export async function holdsFootage(recordDir: string, playbackId: string): Promise<boolean> {
  const found = await findSpool(recordDir, playbackId);
  if (!found) return false;
  return hasVideo(await readSpool(found.file, firstFragmentSec)) || hasVideo(await readSpool(found.file));
}

const hasVideo = (contents: SpoolContents | undefined) =>
  contents?.index.tracks.some((track) => track.kind === 'video') ?? false;

/** Removes what is left of a recording that took nothing. @throws Error where that is not known */
export async function removeSpoolWithoutFootage(recordDir: string, playbackId: string): Promise<void> {
  if (!(await holdsFootage(recordDir, playbackId))) await removeSpool(recordDir, playbackId);
}

async function read(file: FileHandle, size: number, untilSec: number): Promise<SpoolContents | undefined> {
  const initBoxes: Buffer[] = [];
  const payloads: { from: number; to: number }[] = [];
  let index: SampleIndex | undefined;
  let moof: Buffer | undefined;
  let at = 0;
  let wholeBytes = 0;
  const window = windowReader(file, size);
  try {
    while (at < size) {
      const box = await window.box(at);
      if (!box || at + box.size > size) break;
      if (box.type === 'ftyp' || box.type === 'moov') initBoxes.push(await window.bytes(at, box.size));
      if (box.type === 'moov') index = new SampleIndex(parseInit(Buffer.concat(initBoxes)));
      if (box.type === 'moof') moof = await window.bytes(at, box.size);
      if (box.type === 'mdat' && moof && index) {
        if (index.durationMs >= untilSec * 1_000) break;
        index.add(moof, box.size - box.headerBytes, box.headerBytes);
        payloads.push({ from: at + box.headerBytes, to: at + box.size });
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
