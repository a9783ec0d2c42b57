import { type FileHandle, open } from 'node:fs/promises';
import type { FileRange } from '../domain/file-range.ts';
import type { ObjectBody } from './store.ts';

/** Bytes read in one piece: large enough for few system calls, small enough not to matter in memory. */
const chunkBytes = 256 * 1024;
/**
 * The boxes between payloads are read into this buffer: one read spans several payloads, and nobody needs the boxes.
 */
const dropped = Buffer.allocUnsafe(16 * 1024);
/** The most ranges that one readv reads. Each range takes at most two buffers, and readv(2) takes 1024 (IOV_MAX). */
const piecesAtMost = 1_000;

export function bufferBody(buffer: Buffer): ObjectBody {
  return {
    buffer,
    size: buffer.length,
    async *read(from, to) {
      assertWithin(from, to, buffer.length);
      for (let at = from; at < to; at += chunkBytes) yield buffer.subarray(at, Math.min(at + chunkBytes, to));
    },
  };
}

/**
 * A body that consists of `head`, followed by the given ranges of the file: a clip's head is in memory, its payload
 * in the spool. An hour of footage has some 30,000 ranges, so a read from the middle finds its first range by binary
 * search.
 */
export function fileBody(parts: { head: Buffer; path: string; ranges: readonly FileRange[] }): ObjectBody {
  const { head, path, ranges } = parts;
  const { starts, size } = layOut(head.length, ranges);

  return {
    size,
    async *read(from, to, into) {
      assertWithin(from, to, size);
      if (from < head.length) yield* bufferBody(head).read(from, Math.min(to, head.length));
      if (to <= head.length) return;
      const file = await open(path);
      try {
        const reader = rangeReader(file, path, ranges, starts);
        let at = Math.max(from, head.length);
        while (at < to) {
          const bytes = into ? to - at : Math.min(chunkBytes, to - at);
          // Without `into`, each piece gets a new buffer: the consumer may still use the previous one.
          const chunk = into?.subarray(at - from, at - from + bytes) ?? Buffer.allocUnsafe(bytes);
          await reader.fill(chunk, at);
          yield chunk;
          at += chunk.length;
        }
      } finally {
        await file.close();
      }
    },
  };
}

/** The bytes of file ranges, one after the other. */
export const rangesBody = (path: string, ranges: readonly FileRange[]): ObjectBody =>
  fileBody({ head: Buffer.alloc(0), path, ranges });

/** Reads bytes of a body, `from` inclusive, `to` exclusive, into one buffer of that size. */
export async function readPart(
  body: ObjectBody,
  { from, to }: { from: number; to: number },
  buffer: Buffer = Buffer.allocUnsafe(to - from),
): Promise<Buffer> {
  let filled = 0;
  for await (const chunk of body.read(from, to, buffer)) {
    const isInPlace = chunk.buffer === buffer.buffer && chunk.byteOffset === buffer.byteOffset + filled;
    if (!isInPlace) chunk.copy(buffer, filled);
    filled += chunk.length;
  }
  if (filled !== to - from)
    throw new Error(`The body gave ${filled} bytes from ${from} on; expected ${to - from}.`);
  return buffer;
}

/** Where each range begins in the body, and the body's size. */
function layOut(headSize: number, ranges: readonly FileRange[]): { starts: Float64Array; size: number } {
  const starts = new Float64Array(ranges.length);
  let size = headSize;
  for (const [i, range] of ranges.entries()) {
    if (range.from < 0 || range.to < range.from) {
      throw new RangeError(`Range ${i} goes from ${range.from} to ${range.to}; expected 0 ≤ from ≤ to.`);
    }
    starts[i] = size;
    size += range.to - range.from;
  }
  return { starts, size };
}

function rangeReader(file: FileHandle, path: string, ranges: readonly FileRange[], starts: Float64Array) {
  return {
    /** Fills the whole chunk with the body's bytes from offset `at` on. */
    async fill(chunk: Buffer, at: number): Promise<void> {
      let filled = 0;
      for (let i = lastStartUpTo(starts, at); filled < chunk.length; ) {
        // Ranges that lie close together are read by one call; what lies between them is dropped.
        const position = ranges[i]!.from + (at + filled - starts[i]!);
        const pieces: Buffer[] = [];
        for (let next = position; filled < chunk.length && pieces.length < piecesAtMost; i++) {
          const { from, to } = ranges[i]!;
          const begin = pieces.length === 0 ? position : from;
          const between = begin - next;
          if (between < 0 || between > dropped.length) break;
          if (between > 0) pieces.push(dropped.subarray(0, between));
          const wanted = Math.min(to - begin, chunk.length - filled);
          if (wanted > 0) pieces.push(chunk.subarray(filled, filled + wanted));
          filled += wanted;
          next = begin + wanted;
        }
        await readFully(file, path, pieces, position);
      }
    },
  };
}

async function readFully(file: FileHandle, path: string, pieces: Buffer[], position: number): Promise<void> {
  const end = pieces.reduce((sum, { length }) => sum + length, position);
  let at = position;
  for (let left = pieces; left.length > 0; ) {
    const { bytesRead } = await file.readv(left, at);
    if (bytesRead === 0) throw new Error(`${path} ends at byte ${at}; expected it to reach byte ${end}.`);
    at += bytesRead;
    left = after(left, bytesRead);
  }
}

/** @returns the pieces without their first `bytes` bytes */
function after(pieces: readonly Buffer[], bytes: number): Buffer[] {
  let skipped = 0;
  let begin = 0;
  while (begin < pieces.length && skipped + pieces[begin]!.length <= bytes)
    skipped += pieces[begin++]!.length;
  return pieces.slice(begin).map((piece, i) => (i === 0 ? piece.subarray(bytes - skipped) : piece));
}

/** The index of the last start that is ≤ `at`. An empty range is never found: the range after it has the same start. */
function lastStartUpTo(starts: Float64Array, at: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

function assertWithin(from: number, to: number, size: number): void {
  if (from >= 0 && from <= to && to <= size) return;
  throw new RangeError(`Bytes ${from} to ${to} were asked for; expected 0 ≤ from ≤ to ≤ ${size}.`);
}
