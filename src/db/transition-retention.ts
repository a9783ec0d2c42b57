import { Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { isAfter, type Position } from './transitions.ts';

/** Rows per transaction: few enough not to hold locks for long. */
const batch = 5_000;
/** Rows of a restored database per statement, which must take less than a minute (db/session.ts). */
const restoredBatch = 50_000;

/**
 * Removes transitions of finished playbacks that are older than `before`, except the last of each playback. Saves the
 * newest removed position (the mark): subscribers with an earlier cursor can no longer resume without a gap.
 * @returns how many were removed
 */
export async function removeOldTransitions(db: Db, before: Date): Promise<number> {
  for (let removed = 0; ; ) {
    const count = await removeBatch(db, before);
    removed += count;
    if (count < batch) return removed;
  }
}

function removeBatch(db: Db, before: Date): Promise<number> {
  return db.$transaction(async (tx) => {
    const removed = await tx.$queryRaw<Position[]>`
      DELETE FROM playback_transitions WHERE id IN (
        SELECT t.id FROM playback_transitions t JOIN playbacks p ON p.id = t.playback_id
        WHERE t.at < ${before} AND p.recording_status IN ('COMPLETED', 'FAILED') AND EXISTS (
          SELECT 1 FROM playback_transitions later WHERE later.playback_id = t.playback_id AND later.id > t.id
        )
        ORDER BY t.at LIMIT ${batch}
      ) RETURNING xid, id`;
    const newest = removed.reduce<Position | undefined>((a, b) => (a && isAfter(a, b) ? a : b), undefined);
    if (newest) await tx.$executeRaw(markOf(newest));
    return removed.length;
  });
}

const markOf = ({ xid, id }: Position) => Prisma.sql`
  INSERT INTO transition_marks (id, removed_xid, removed_id) VALUES (1, ${xid}::bigint, ${id}::bigint)
  ON CONFLICT (id) DO UPDATE SET removed_xid = EXCLUDED.removed_xid, removed_id = EXCLUDED.removed_id
  WHERE (EXCLUDED.removed_xid, EXCLUDED.removed_id) > (transition_marks.removed_xid, transition_marks.removed_id)`;

/**
 * Whether all transitions after that position still exist. A position ahead of this database's own transactions comes from
 * another database (this one was made anew or restored), so a subscriber cannot resume from there.
 */
export async function canResume(db: Db, from: Position): Promise<boolean> {
  const [row] = await db.$queryRaw<{ ahead: boolean; removed: boolean }[]>`
    SELECT ${from.xid}::bigint >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS ahead,
      EXISTS (
        SELECT 1 FROM transition_marks WHERE (${from.xid}::bigint, ${from.id}::bigint) < (removed_xid, removed_id)
      ) AS removed`;
  return !row?.ahead && !row?.removed;
}

/**
 * Restored rows have the transaction numbers of the database that was dumped. A number ahead of this database's own
 * transactions would appear as a new transition later. So such numbers become 0, which comes before all others.
 */
export async function settleRestored(db: Db): Promise<void> {
  // In batches: a restored database may have millions of such rows, and no statement may take longer than a minute.
  for (let settled = restoredBatch; settled === restoredBatch; ) {
    settled = await db.$executeRaw`
      UPDATE playback_transitions SET xid = 0 WHERE id IN (
        SELECT id FROM playback_transitions
        WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint LIMIT ${restoredBatch})`;
  }
  await db.$executeRaw`
    UPDATE transition_marks SET removed_xid = 0
    WHERE removed_xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint`;
}
