import type { Db, Tx } from './client.ts';

/** Removals: objects that are still to be removed from the store, in the table store_removals (docs/design.md 6.4). */

/** Pause before the next try with an object that the store refused to remove; doubled with each try. */
const firstPauseSec = 5;
const longestPauseSec = 3_600;

export interface Removal {
  readonly key: string;
  /** How often the store has refused to remove it. */
  readonly tries: number;
}

/** Adds removals; those that exist already stay as they are. */
export async function noteRemovals(tx: Tx, keys: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO store_removals (key) SELECT unnest(${keys}::text[]) ON CONFLICT DO NOTHING`;
}

/**
 * The due removals, in the order in which they became due. A removal whose time is further away than the longest pause was
 * set by a wrong clock, and counts as due.
 */
export function dueRemovals(db: Db, limit: number): Promise<Removal[]> {
  return db.$queryRaw`
    SELECT key, tries FROM store_removals
    WHERE due_at <= now() OR due_at > now() + ${longestPauseSec} * interval '1 second'
    ORDER BY due_at LIMIT ${limit}`;
}

/** Deletes removals of objects that the store has removed. */
export async function forgetRemovals(db: Db, keys: readonly string[]): Promise<void> {
  await db.$executeRaw`DELETE FROM store_removals WHERE key = ANY(${keys}::text[])`;
}

/** Postpones removals of objects that the store refused to remove, for twice as long as before. */
export async function putOffRemovals(db: Db, keys: readonly string[]): Promise<void> {
  await db.$executeRaw`
    UPDATE store_removals SET
      tries = tries + 1,
      due_at = now() + least(${firstPauseSec} * 2 ^ least(tries, 20), ${longestPauseSec}) * interval '1 second'
    WHERE key = ANY(${keys}::text[])`;
}
