const mib = 1024 * 1024;

/**
 * Size of a part, and the largest object that is sent in one request. R2 and S3 require at least 5 MiB; with 8 MiB, the
 * 10,000 parts of an upload can hold 78 GiB.
 */
export const partBytes = 8 * mib;

/** "10,000 parts" (developers.cloudflare.com/r2/platform/limits; the same on S3). */
const maxParts = 10_000;

/** Memory for the parts of one upload. Parts are sent from buffers, so that a request can be retried. */
const memoryBytes = 32 * mib;

const maxParallel = 3;

/** A part of an upload: its number (from 1) and its bytes of the body, `from` inclusive, `to` exclusive. */
export interface Part {
  number: number;
  from: number;
  to: number;
}

export interface PartPlan {
  partSize: number;
  parts: Part[];
  /** how many parts may be sent in parallel */
  atOnce: number;
}

/**
 * Cuts a body into equal parts; the last one may be shorter: "All parts except the last one must be the same
 * size" (developers.cloudflare.com/r2/objects/multipart-objects). The plan depends only on the size, so that an upload
 * resumed after a restart has the same parts.
 *
 * @throws RangeError above 10,000 parts of 32 MiB (312 GiB; a week at 4 Mbit/s)
 */
export function planParts(size: number): PartPlan {
  const partSize = Math.max(partBytes, Math.ceil(size / maxParts / mib) * mib);
  if (partSize > memoryBytes) {
    throw new RangeError(
      `An object of ${size} bytes cannot be stored; expected ${maxParts * memoryBytes} at most.`,
    );
  }
  const parts: Part[] = [];
  for (let from = 0; from < size; from += partSize) {
    parts.push({ number: parts.length + 1, from, to: Math.min(from + partSize, size) });
  }
  return { partSize, parts, atOnce: Math.min(maxParallel, Math.floor(memoryBytes / partSize)) };
}
