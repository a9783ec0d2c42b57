import type { UploadLayout } from '../db/uploads.ts';
import { fastStartHead } from '../mp4/fast-start.ts';
import type { SpoolContents } from '../spool/reader.ts';

const mib = 1024 * 1024;

/** "minimum … 5 MiB" (developers.cloudflare.com/r2/objects/multipart-objects; the same on S3). */
export const leastPartBytes = 5 * mib;
/** "10,000 parts" (developers.cloudflare.com/r2/platform/limits; the same on S3). */
const maxParts = 10_000;
/** The largest clip that is stored by one request. */
export const maxWholeBytes = 2 * leastPartBytes;
/** The most unused bytes that a clip may have in its head. */
const maxReserveBytes = 2 * mib;
/**
 * How many times as fast as so far the recording may grow: its bytes per second, and the bytes of its index per second.
 * The layout has room for that.
 */
const margin = { bytes: 1.5, index: 1.15 };

/**
 * Decides the layout of a clip that is still being recorded: the size of its parts, and the room that its `moov` may
 * need.
 * @param first the recording's first fragment
 * @param soFar the recording's footage so far
 * @param longestSec the longest possible length of the clip, in seconds
 */
export function layoutAhead(first: SpoolContents, soFar: SpoolContents, longestSec: number): UploadLayout {
  const seconds = soFar.index.durationMs / 1_000;
  const bytes = (soFar.index.payloadBytes / seconds) * longestSec * margin.bytes;
  const [least, now] = [first, soFar].map(({ index }) => fastStartHead(index).length) as [number, number];
  const perSec = (now - least) / Math.max(1, seconds - first.index.durationMs / 1_000);
  const wanted = now + perSec * Math.max(0, longestSec - seconds) * margin.index;
  return { partBytes: partBytesFor(bytes), headBytes: Math.ceil(Math.min(wanted, now + maxReserveBytes)) };
}

/** The layout of a complete clip. Its head is as small as possible. */
export function layoutOf({ index }: SpoolContents): UploadLayout {
  const headBytes = fastStartHead(index).length;
  return { partBytes: partBytesFor(headBytes + index.payloadBytes), headBytes };
}

function partBytesFor(bytes: number): number {
  return Math.max(leastPartBytes, Math.ceil(bytes / maxParts / mib) * mib);
}

/** A part of a clip: its number, and its byte range in the clip, `from` inclusive, `to` exclusive. */
export interface Part {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts a clip into equal parts; the last one may be shorter: "All parts except the last one must be the same
 * size" (developers.cloudflare.com/r2/objects/multipart-objects).
 * @returns undefined if there would be too many
 */
export function partsOf(size: number, partBytes: number): Part[] | undefined {
  const count = Math.ceil(size / partBytes);
  if (count > maxParts) return undefined;
  return Array.from({ length: count }, (_, i) => {
    const from = i * partBytes;
    return { number: i + 1, from, to: Math.min(from + partBytes, size) };
  });
}
