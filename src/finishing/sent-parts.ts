import path from 'node:path';
import { appendLine, readLines } from '../spool/line-log.ts';
import { spoolFolder } from '../spool/spool.ts';
import type { SentPart } from '../store/store.ts';

/**
 * The list of parts that an upload has sent, kept beside the spool. The bucket has such a list, too, but the
 * credentials may lack the right to read it.
 */

export interface UploadAttempt {
  readonly id: string;
  readonly uploadAttempt: number;
}

const fileOf = (recordDir: string, { id, uploadAttempt }: UploadAttempt) =>
  path.join(spoolFolder(recordDir, id), `upload.${uploadAttempt}.parts`);

const linePattern = /^(\d+) (\d+) (\S+)$/;

/** Appends a part: its number, its bytes and its ETag. A power cut does not take it away. */
export function noteSentPart(
  recordDir: string,
  attempt: UploadAttempt,
  number: number,
  { bytes, etag }: SentPart,
): Promise<void> {
  return appendLine(fileOf(recordDir, attempt), `${number} ${bytes} ${etag}`);
}

/** The latest entry of each part. If a line is torn, its entry is left out, and the part is sent again. */
export async function readSentParts(
  recordDir: string,
  attempt: UploadAttempt,
): Promise<Map<number, SentPart>> {
  const parts = new Map<number, SentPart>();
  for (const line of await readLines(fileOf(recordDir, attempt))) {
    const [, number, bytes, etag] = linePattern.exec(line) ?? [];
    if (etag) parts.set(Number(number), { bytes: Number(bytes), etag });
  }
  return parts;
}
