import { type FileHandle, open } from 'node:fs/promises';
import type { ObjectBody } from './store.ts';

/** Bytes a reader holds at a time: large enough for few system calls, small enough to be nothing. */
const CHUNK_BYTES = 256 * 1024;

/** A piece of a file: byte offsets, `from` inclusive, `to` exclusive. */
export interface FileRange {
  from: number;
  to: number;
}

export function bufferBody(buffer: Buffer): ObjectBody {
  return {
    size: buffer.length,
    async *read(from, to) {
      assertWithin(from, to, buffer.length);
      for (let at = from; at < to; at += CHUNK_BYTES)
        yield buffer.subarray(at, Math.min(at + CHUNK_BYTES, to));
    },
  };
}

/**
 * `head`, followed by the given ranges of the file, as one run of bytes: a clip whose head is in memory and
 * whose payload is the spool. An hour of footage has some 30,000 ranges; reading from the middle of it finds
 * its place by bisection.
 */
export function fileBody(parts: { head: Buffer; path: string; ranges: readonly FileRange[] }): ObjectBody {
  const { head, path, ranges } = parts;
  const { starts, size } = layOut(head.length, ranges);

  return {
    size,
    async *read(from, to) {
      assertWithin(from, to, size);
      if (from < head.length) yield* bufferBody(head).read(from, Math.min(to, head.length));
      if (to <= head.length) return;
      const file = await open(path);
      try {
        const reader = rangeReader(file, path, ranges, starts);
        let at = Math.max(from, head.length);
        while (at < to) {
          // A new buffer each time: the consumer may still hold the one before.
          const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - at));
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
    /** Fills the whole chunk with the body's bytes from `at` on, from as many ranges as it takes. */
    async fill(chunk: Buffer, at: number): Promise<void> {
      let filled = 0;
      for (let i = lastStartUpTo(starts, at); filled < chunk.length; i++) {
        const range = ranges[i]!;
        const position = range.from + (at + filled - starts[i]!);
        const wanted = Math.min(range.to - position, chunk.length - filled);
        await readFully(file, path, chunk.subarray(filled, filled + wanted), position);
        filled += wanted;
      }
    },
  };
}

async function readFully(file: FileHandle, path: string, target: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) {
      const end = position + target.length;
      throw new Error(`${path} ends at byte ${position + done}; expected it to reach byte ${end}.`);
    }
    done += bytesRead;
  }
}

/** Index of the last start that is ≤ `at`. Empty ranges share the next one's start and are skipped. */
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
