import type { Expiry } from '../domain/retention.ts';
import { type Playback, Prisma } from '../generated/prisma/client.ts';
import type { Db, Tx } from './client.ts';
import { noteRemovals, objectsOf } from './removals.ts';

/**
 * Deletes playbacks that are not protected, and adds removals for their objects in one transaction (docs/design.md 6.4),
 * so that no object is forgotten if the store does not answer or the server is killed.
 * @returns the ids of the deleted playbacks
 */
export async function removePlaybacks(tx: Tx, where: Prisma.PlaybackWhereInput): Promise<string[]> {
  const ids = (await tx.playback.findMany({ where, select: { id: true } })).map(({ id }) => id);
  // Keys are taken from the rows as deleted: an upload may have begun after the look-up.
  const gone = await tx.$queryRaw<Removed[]>`
    DELETE FROM playbacks WHERE id = ANY(${ids}::uuid[]) AND protected_at IS NULL RETURNING ${removedColumns}`;
  await noteRemovals(tx, gone.flatMap(objectsOf));
  return gone.map(({ id }) => id);
}

/**
 * Deletes the oldest expired playbacks that are not protected, with removals for their objects. Protected ones do not count
 * towards a limit in bytes.
 * @returns how many were deleted: fewer than `limit` if none is left
 */
export async function removeExpired(
  db: Db,
  { cameraId, only, except, limit: most }: Expiry,
  limit: number,
): Promise<number> {
  const ofType = (types: readonly string[]) =>
    Prisma.sql`EXISTS (SELECT 1 FROM events e WHERE e.id = event_id AND e.type::text = ANY(${types}::text[]))`;
  const which = Prisma.sql`camera_id = ${cameraId}::uuid AND recording_status = 'COMPLETED'
    AND ${only === undefined ? Prisma.sql`true` : ofType([only])}
    AND ${except.length === 0 ? Prisma.sql`true` : Prisma.sql`NOT ${ofType(except)}`}`;
  const expired =
    'before' in most
      ? Prisma.sql`${which} AND started_at < ${most.before}`
      : Prisma.sql`id IN (
          SELECT id FROM (
            SELECT id, sum(file_size_bytes + coalesce(thumbnail_size_bytes, 0) + coalesce(storyboard_bytes, 0)
              + coalesce(storyboard_vtt_bytes, 0)) OVER (ORDER BY started_at DESC, id DESC) AS bytes
            FROM playbacks WHERE ${which} AND protected_at IS NULL
          ) newer WHERE bytes > ${most.maxBytes}::bigint)`;
  return (await removeOldest(db, expired, limit)).length;
}

/**
 * Deletes the camera's oldest COMPLETED or FAILED playbacks that are not protected, with removals for their objects.
 * @returns the deleted playbacks: fewer than `limit` if none is left
 */
export const removeFinished = (db: Db, cameraId: string, limit: number): Promise<Removed[]> =>
  removeOldest(
    db,
    Prisma.sql`camera_id = ${cameraId}::uuid AND recording_status IN ('COMPLETED', 'FAILED')`,
    limit,
  );

type Removed = Pick<
  Playback,
  'id' | 'cameraId' | 'startedAt' | 'recordingStatus' | 'uploadAttempt' | 'uploadId'
>;

const removedColumns = Prisma.sql`id, camera_id AS "cameraId", started_at AS "startedAt",
  recording_status AS "recordingStatus", upload_attempt AS "uploadAttempt", upload_id AS "uploadId"`;

function removeOldest(db: Db, which: Prisma.Sql, limit: number): Promise<Removed[]> {
  return db.$transaction(async (tx) => {
    const gone = await tx.$queryRaw<Removed[]>`
      DELETE FROM playbacks WHERE id IN (
        SELECT id FROM playbacks WHERE ${which} AND protected_at IS NULL
        ORDER BY started_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      ) RETURNING ${removedColumns}`;
    await noteRemovals(tx, gone.flatMap(objectsOf));
    return gone;
  });
}
