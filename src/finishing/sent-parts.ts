import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { privateFileMode } from '../private-folder.ts';
import { isMissing } from '../spool/errors.ts';
import { spoolFolder } from '../spool/spool.ts';
import type { SentPart } from '../store/store.ts';

/**
 * The list of parts that an upload has sent, kept beside the spool: the credentials may not allow listing them in the
 * bucket.
 */

export interface UploadAttempt {
  readonly id: string;
  readonly uploadAttempt: number;
}

const fileOf = (recordDir: string, { id, uploadAttempt }: UploadAttempt) =>
  path.join(spoolFolder(recordDir, id), `upload.${uploadAttempt}.parts`);

const linePattern = /^(\d+) (\d+) (\S+)$/;

/** Appends a part: its number, its bytes and its ETag. A power cut does not take it away. */
export async function noteSentPart(
  recordDir: string,
  attempt: UploadAttempt,
  number: number,
  { bytes, etag }: SentPart,
): Promise<void> {
  const file = await open(fileOf(recordDir, attempt), 'a', privateFileMode);
  try {
    await file.write(`${number} ${bytes} ${etag}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** The latest entry of each part. A torn line is left out, so that its part is sent again. */
export async function readSentParts(
  recordDir: string,
  attempt: UploadAttempt,
): Promise<Map<number, SentPart>> {
  const text = await readFile(fileOf(recordDir, attempt), 'utf8').catch((error) => {
    if (isMissing(error)) return '';
    throw error;
  });
  const parts = new Map<number, SentPart>();
  const lines = text.split('\n').slice(0, -1);
  for (const line of lines) {
    const [, number, bytes, etag] = linePattern.exec(line) ?? [];
    if (etag) parts.set(Number(number), { bytes: Number(bytes), etag });
  }
  return parts;
}
