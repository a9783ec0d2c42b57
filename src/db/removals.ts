import type { Db, Tx } from './client.ts';

/** Objects that are to be removed from the store, in the table store_removals (docs/design.md 6.4). */

/** How long an object that the store refuses to remove is left alone: doubled with each try. */
const firstPauseSec = 5;
const longestPauseSec = 3_600;

export interface Removal {
  readonly key: string;
  /** How often the store has refused to remove it. */
  readonly tries: number;
}

/** Notes objects for removal from the store; noting one again is fine. */
export async function noteRemovals(tx: Tx, keys: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO store_removals (key) SELECT unnest(${keys}::text[]) ON CONFLICT DO NOTHING`;
}

/** Those that are due, longest due first. What is due later than any pause was put off by a wrong clock. */
export function dueRemovals(db: Db, limit: number): Promise<Removal[]> {
  return db.$queryRaw`
    SELECT key, tries FROM store_removals
    WHERE due_at <= now() OR due_at > now() + ${longestPauseSec} * interval '1 second'
    ORDER BY due_at LIMIT ${limit}`;
}

/** The store has removed these. */
export async function forgetRemovals(db: Db, keys: readonly string[]): Promise<void> {
  await db.$executeRaw`DELETE FROM store_removals WHERE key = ANY(${keys}::text[])`;
}

/** The store has refused to remove these: each is left alone for twice as long as the last time. */
export async function putOffRemovals(db: Db, keys: readonly string[]): Promise<void> {
  await db.$executeRaw`
    UPDATE store_removals SET
      tries = tries + 1,
      due_at = now() + least(${firstPauseSec} * 2 ^ least(tries, 20), ${longestPauseSec}) * interval '1 second'
    WHERE key = ANY(${keys}::text[])`;
}
