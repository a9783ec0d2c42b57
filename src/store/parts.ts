const MIB = 1024 * 1024;

/**
 * Size of a part, and the largest object that is sent in one request. R2 and S3 ask for 5 MiB at least; at
 * 8 MiB the 10,000 parts of an upload reach 78 GiB.
 */
export const PART_BYTES = 8 * MIB;

/** "10,000 parts" (developers.cloudflare.com/r2/platform/limits; the same on S3). */
const MAX_PARTS = 10_000;

/** What an upload may hold in memory: parts are sent from buffers, so that each can be sent again. */
const MEMORY_BYTES = 32 * MIB;

const MAX_AT_ONCE = 3;

/** A part of an upload: its number (from 1) and its bytes of the body, `from` inclusive, `to` exclusive. */
export interface Part {
  number: number;
  from: number;
  to: number;
}

export interface PartPlan {
  partSize: number;
  parts: Part[];
  /** how many parts may be under way side by side */
  atOnce: number;
}

/**
 * Cuts a body into equal parts, the last one may be shorter: "All parts except the last one must be the same
 * size" (developers.cloudflare.com/r2/objects/multipart-objects). The plan follows from the size alone, so
 * that an upload taken up again after a restart has the same parts.
 *
 * @throws RangeError above 10,000 parts of 32 MiB (312 GiB; a week at 4 Mbit/s)
 */
export function planParts(size: number): PartPlan {
  const partSize = Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS / MIB) * MIB);
  if (partSize > MEMORY_BYTES) {
    throw new RangeError(
      `An object of ${size} bytes cannot be stored; expected ${MAX_PARTS * MEMORY_BYTES} at most.`,
    );
  }
  const parts: Part[] = [];
  for (let from = 0; from < size; from += partSize) {
    parts.push({ number: parts.length + 1, from, to: Math.min(from + partSize, size) });
  }
  return { partSize, parts, atOnce: Math.min(MAX_AT_ONCE, Math.floor(MEMORY_BYTES / partSize)) };
}
