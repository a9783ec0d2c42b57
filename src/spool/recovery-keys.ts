import path from 'node:path';
import type { Db } from '../db/client.ts';
import { noteRemovals } from '../db/removals.ts';
import { appendLine, readLines } from './line-log.ts';
import { removeSpool, spoolFolder } from './spool.ts';

/**
 * The list of a playback's recovery objects (docs/decisions/0022), kept beside its spool: the server may not have the
 * right to list the bucket.
 */
const fileOf = (recordDir: string, playbackId: string) =>
  path.join(spoolFolder(recordDir, playbackId), 'recovery.keys');

/**
 * Notes the key of a recovery object. Call it before the object is written. A power cut does not take the note away.
 */
export function noteRecoveryKey(recordDir: string, playbackId: string, key: string): Promise<void> {
  return appendLine(fileOf(recordDir, playbackId), key);
}

/** @returns the noted keys; none if the spool's folder does not exist */
export async function readRecoveryKeys(recordDir: string, playbackId: string): Promise<string[]> {
  return [...new Set(await readLines(fileOf(recordDir, playbackId)))];
}

/**
 * Removes a spool that is no longer needed, and notes that the recovery objects are to be removed from the bucket.
 * Nobody may be writing the spool or the recovery objects any more.
 */
export async function removeSpoolAndCopies(db: Db, recordDir: string, playbackId: string): Promise<void> {
  const keys = await readRecoveryKeys(recordDir, playbackId);
  const removals = keys.map((key) => ({ key }));
  if (removals.length > 0) await noteRemovals(db, removals);
  await removeSpool(recordDir, playbackId);
}
