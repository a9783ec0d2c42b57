import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseRecoveryKey } from '../domain/store-keys.ts';
import { privateFileMode } from '../private-folder.ts';
import { isMissing } from '../spool/errors.ts';
import { spoolFolder } from '../spool/spool.ts';

/**
 * The list of a playback's recovery objects, kept beside its spool. The server has to remove them when the playback
 * is COMPLETED or deleted, and may not have the right to list the bucket.
 */
const fileOf = (recordDir: string, playbackId: string) =>
  path.join(spoolFolder(recordDir, playbackId), 'recovery.keys');

/** Notes a key before its object is written. A power cut does not take the note away. */
export async function noteRecoveryKey(recordDir: string, playbackId: string, key: string): Promise<void> {
  const file = await open(fileOf(recordDir, playbackId), 'a', privateFileMode);
  try {
    await file.write(`${key}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** @returns the noted keys; none if the spool's folder does not exist */
export async function readRecoveryKeys(recordDir: string, playbackId: string): Promise<string[]> {
  const text = await readFile(fileOf(recordDir, playbackId), 'utf8').catch((error) => {
    if (isMissing(error)) return '';
    throw error;
  });
  // A torn line is no key, and its object was not written yet.
  return [...new Set(text.split('\n'))].filter((line) => parseRecoveryKey(line)?.playbackId === playbackId);
}
