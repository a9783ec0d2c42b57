import { type KeyFacts, objectKeys } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Db, Tx } from './client.ts';

/** Removals: objects that are still to be removed from the store, in the table store_removals (docs/design.md 6.4). */

/** The pause before the next try with an object that the store refused to remove. It doubles with each try. */
const firstPauseSec = 5;
const longestPauseSec = 3_600;

/** An object to be removed, and its upload if that may be unfinished. */
export interface ToRemove {
  readonly key: string;
  readonly uploadId?: string | null;
}

export interface Removal extends ToRemove {
  /** How often the store has refused to remove the object. */
  readonly tries: number;
}

/** Adds removals; those that exist already keep their times. */
export async function noteRemovals(tx: Tx, objects: readonly ToRemove[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO store_removals (key, upload_id)
    SELECT key, "uploadId" FROM jsonb_to_recordset(${JSON.stringify(objects)}::jsonb) AS o (key text, "uploadId" text)
    ON CONFLICT (key) DO UPDATE SET upload_id = coalesce(excluded.upload_id, store_removals.upload_id)`;
}

/** What is to be removed from the store with a playback. */
export function objectsOf(playback: KeyFacts & Pick<Playback, 'uploadId' | 'recordingStatus'>): ToRemove[] {
  const { clip, poster, storyboard, storyboardVtt } = objectKeys(playback);
  // When a clip is COMPLETED, the bucket has turned its multipart upload into the object: there is no upload left to
  // abort.
  const uploadId = playback.recordingStatus === 'COMPLETED' ? null : playback.uploadId;
  return [{ key: clip, uploadId }, ...[poster, storyboard, storyboardVtt].map((key) => ({ key }))];
}

/**
 * The due removals, in the order in which they became due. If a removal's time lies further ahead than the longest
 * pause, a wrong clock has set it, and the removal counts as due.
 */
export function dueRemovals(db: Db, limit: number): Promise<Removal[]> {
  return db.$queryRaw`
    SELECT key, upload_id AS "uploadId", tries FROM store_removals
    WHERE due_at <= now() OR due_at > now() + ${longestPauseSec} * interval '1 second'
    ORDER BY due_at LIMIT ${limit}`;
}

/** Deletes the rows of objects that the store no longer has. */
export async function forgetRemovals(db: Db, keys: readonly string[]): Promise<void> {
  await db.$executeRaw`DELETE FROM store_removals WHERE key = ANY(${keys}::text[])`;
}

/** Deletes the removal of an object whose playback is still there. */
export async function forgetRemovalOf(db: Db, playbackId: string, key: string): Promise<void> {
  await db.$executeRaw`
    DELETE FROM store_removals WHERE key = ${key}
    AND EXISTS (SELECT 1 FROM playbacks WHERE id = ${playbackId}::uuid)`;
}

/** Postpones removals of objects that the store refused to remove, for twice as long as before. */
export async function putOffRemovals(db: Db, keys: readonly string[]): Promise<void> {
  await db.$executeRaw`
    UPDATE store_removals SET
      tries = tries + 1,
      due_at = now() + least(${firstPauseSec} * 2 ^ least(tries, 20), ${longestPauseSec}) * interval '1 second'
    WHERE key = ANY(${keys}::text[])`;
}
