import { type Camera, type EndReason, type Playback, Prisma } from '../generated/prisma/client.ts';
import { type Db, ofCamera, type Tx, untilAnswered } from './client.ts';
import { gatherLookups } from './gather.ts';
import { newId } from './ids.ts';
import { noteRemovals, objectsOf } from './removals.ts';

/** The properties of a new playback. */
export interface NewPlayback {
  readonly cameraId: string;
  readonly startedAt: Date;
  readonly preRollSec: number;
  /** The time at which the recording stops at the latest. */
  readonly deadlineAt: Date;
}

/** The properties of a playback that the recorder needs. */
export type PlaybackToRecord = Pick<
  Playback,
  'id' | 'cameraId' | 'recordingStatus' | 'startedAt' | 'preRollSec' | 'deadlineAt' | 'recordUntil'
>;

/** Makes a playback that is not yet written to the database, so that its recording can begin meanwhile. */
export const newPlayback = (wanted: NewPlayback): PlaybackToRecord => ({
  ...wanted,
  id: newId(),
  recordingStatus: 'PENDING',
  recordUntil: null,
});

/** Looks up an event's playback; the newest if there are several. Look-ups at the same time are batched. */
export const newestPlayback = gatherLookups<Playback>(
  (db, eventIds) => db.playback.findMany({ where: { eventId: { in: eventIds } }, orderBy: { id: 'asc' } }),
  ({ eventId }) => eventId,
);

/** Writes a PENDING playback; a retry writes no second one. @param at the time of its first transition */
export async function createPlayback(db: Db, playback: PlaybackToRecord, at: Date): Promise<void> {
  const data = [{ ...playback, createdAt: at }];
  const write = () => db.playback.createMany({ data, skipDuplicates: true });
  await ofCamera(playback.cameraId, untilAnswered(write));
}

/**
 * The continuation of a playback whose stream changed format. It is not yet written to the database.
 * @param startedAt when the footage in the new format begins
 */
export const furtherPlayback = (
  { cameraId, deadlineAt }: PlaybackToRecord,
  startedAt: Date,
): PlaybackToRecord => ({
  ...{ id: newId(), cameraId, startedAt, preRollSec: 0, deadlineAt },
  recordingStatus: 'PENDING',
  recordUntil: null,
});

/**
 * Writes a further playback of the same event, or of the same recording by hand. A retry writes no second one. If the
 * event has ended meanwhile, the further playback lasts to the end of the post-roll.
 * @param made.at the time of its first transition
 * @param made.isClockSet whether the clock may have been set between the start and the end of the recording. Then the two
 * times cannot be compared, and the post-roll is never taken for passed
 * @returns undefined if the post-roll or the deadline has passed, or the first playback was deleted
 */
export function createFurtherPlayback(
  db: Db,
  firstId: string,
  further: PlaybackToRecord,
  { at, isClockSet }: { readonly at: Date; readonly isClockSet: boolean },
): Promise<Playback | undefined> {
  const { id, startedAt, deadlineAt } = further;
  return db.$transaction(async (tx) => {
    const earlier = await tx.playback.findUnique({ where: { id } });
    if (earlier) return earlier;
    const first = await tx.playback.findUnique({ where: { id: firstId }, include: { camera: true } });
    if (!first) return undefined;
    const { cameraId, eventId } = first;
    // Locks the event: a concurrent endEvent has either ended it before this query, or will also end the new playback.
    const [event] = await tx.$queryRaw<EndedEvent[]>`
      SELECT ended_at AS "endedAt", ended_at = lease_expires_at AS "isLapsed"
      FROM events WHERE id = ${eventId}::uuid FOR UPDATE`;
    const end = endBefore(first, event);
    const isOver = end && !isClockSet && end.recordUntil <= startedAt;
    if (isOver || (deadlineAt && deadlineAt <= startedAt)) return undefined;
    const ended = end && {
      endedAt: end.endedAt > startedAt ? end.endedAt : startedAt,
      endReason: end.reason,
      recordUntil: end.recordUntil,
    };
    return tx.playback.create({
      data: { id, cameraId, eventId, startedAt, preRollSec: 0, deadlineAt, createdAt: at, ...ended },
    });
  });
}

interface EndedEvent {
  readonly endedAt: Date | null;
  readonly isLapsed: boolean | null;
}

/** The end of a further playback, as far as it is known; undefined while its event is open. */
function endBefore(first: Playback & { camera: Camera }, event: EndedEvent | undefined): End | undefined {
  const { endedAt, endReason: reason, recordUntil } = first;
  // CAMERA_LOST only says that this playback stopped; the event may still be open.
  if (endedAt && reason && recordUntil && reason !== 'CAMERA_LOST') return { endedAt, reason, recordUntil };
  if (!event?.endedAt) return undefined;
  return {
    endedAt: event.endedAt,
    reason: event.isLapsed ? 'LEASE_EXPIRED' : 'ENDED',
    recordUntil: new Date(event.endedAt.getTime() + first.camera.postRollSec * 1_000),
  };
}

/** The end of a playback: when, why, and up to when footage is kept (end + post-roll). */
export interface End {
  readonly endedAt: Date;
  readonly reason: EndReason;
  readonly recordUntil: Date;
}

/** A playback whose end is known, and up to when its footage is kept. */
export type EndedPlayback = Pick<Playback, 'id'> & { readonly recordUntil: Date };

/**
 * Saves the end on matching playbacks that have none. A playback that has an end keeps it.
 * @returns the playbacks that this call ended
 */
export function endPlaybacks(db: Tx, where: Prisma.PlaybackWhereInput, end: End): Promise<Playback[]> {
  return db.playback.updateManyAndReturn({
    where: { ...where, endedAt: null, recordingStatus: { in: ['PENDING', 'RECORDING'] } },
    data: { endedAt: end.endedAt, endReason: end.reason, recordUntil: end.recordUntil },
  });
}

/** A playback that is being recorded now. */
export interface RunningPlayback {
  readonly id: string;
  /** The present time by the wall clock as it was when the recording began, without later changes of the clock. */
  readonly now: Date;
}

/**
 * Ends events whose lease has expired, playbacks that have reached their deadline, and playbacks of ended events. Each
 * gets the time at which it was due, even if this runs much later, for example after a restart. Events come first, in a
 * statement of their own, so that the second statement also sees playbacks that were added meanwhile.
 * @param running the recorder measures the deadlines of these itself. Their leases expire only once they are over by both
 * clocks, because it is unknown by which clock a lease was set
 * @returns the playbacks that were ended
 */
export async function endOverdue(
  db: Db,
  now: Date,
  running: readonly RunningPlayback[],
): Promise<EndedPlayback[]> {
  await db.$executeRaw`
    UPDATE events e SET ended_at = lease_expires_at, updated_at = ${now}
    WHERE ended_at IS NULL AND lease_expires_at <= ${now} AND NOT EXISTS (
      SELECT FROM jsonb_to_recordset(${JSON.stringify(running)}::jsonb) AS r (id uuid, now timestamptz)
      JOIN playbacks p USING (id) WHERE p.event_id = e.id AND e.lease_expires_at > r.now)`;
  const runningIds = running.map(({ id }) => id);
  return db.$queryRaw`
    UPDATE playbacks p SET
      ended_at = due.ended_at, end_reason = due.reason, updated_at = ${now},
      record_until = due.ended_at + c.post_roll_sec * interval '1 second'
    FROM (
      SELECT p.id, e.ended_at,
        CASE e.ended_at WHEN e.lease_expires_at THEN 'LEASE_EXPIRED' ELSE 'ENDED' END::end_reason AS reason
      FROM playbacks p JOIN events e ON e.id = p.event_id
      WHERE p.recording_status IN ('PENDING', 'RECORDING') AND p.ended_at IS NULL AND e.ended_at IS NOT NULL
      UNION ALL
      SELECT id, deadline_at, 'MAX_DURATION' FROM playbacks
      WHERE recording_status IN ('PENDING', 'RECORDING') AND ended_at IS NULL AND deadline_at <= ${now}
        AND id <> ALL(${runningIds}::uuid[])
    ) due, cameras c
    WHERE due.id = p.id AND c.id = p.camera_id AND p.ended_at IS NULL AND p.recording_status IN ('PENDING', 'RECORDING')
    RETURNING p.id, p.record_until AS "recordUntil"`;
}

/**
 * Returns those of the playbacks that have an end. This finds ends that were written although the database's answer to
 * the write was lost.
 */
export async function endsOf(db: Db, ids: readonly string[]): Promise<EndedPlayback[]> {
  if (ids.length === 0) return [];
  const where = { id: { in: [...ids] }, recordUntil: { not: null } };
  const ended = await db.playback.findMany({ where, select: { id: true, recordUntil: true } });
  return ended.flatMap(({ id, recordUntil }) => (recordUntil ? { id, recordUntil } : []));
}

/**
 * Deletes playbacks and adds removals for their objects in one transaction (docs/design.md 6.4), so that no object is
 * forgotten if the store does not answer or the server is killed.
 * @returns the ids of the deleted playbacks
 */
export async function removePlaybacks(tx: Tx, where: Prisma.PlaybackWhereInput): Promise<string[]> {
  const playbacks = await tx.playback.findMany({ where });
  await noteRemovals(tx, playbacks.flatMap(objectsOf));
  await tx.playback.deleteMany({ where: { id: { in: playbacks.map((p) => p.id) } } });
  return playbacks.map((p) => p.id);
}

/**
 * Deletes the oldest COMPLETED playbacks that began before that time, with removals for their objects.
 * @returns how many were deleted: fewer than `limit` if none is left
 */
export async function removeExpired(db: Db, before: Date, limit: number): Promise<number> {
  const expired = Prisma.sql`recording_status = 'COMPLETED' AND started_at < ${before}`;
  return (await removeOldest(db, expired, limit)).length;
}

/**
 * Deletes the camera's oldest COMPLETED or FAILED playbacks, with removals for their objects.
 * @returns the deleted playbacks: fewer than `limit` if none is left
 */
export const removeOver = (db: Db, cameraId: string, limit: number): Promise<Removed[]> =>
  removeOldest(
    db,
    Prisma.sql`camera_id = ${cameraId}::uuid AND recording_status IN ('COMPLETED', 'FAILED')`,
    limit,
  );

type Removed = Pick<
  Playback,
  'id' | 'cameraId' | 'startedAt' | 'recordingStatus' | 'uploadAttempt' | 'uploadId'
>;

function removeOldest(db: Db, which: Prisma.Sql, limit: number): Promise<Removed[]> {
  return db.$transaction(async (tx) => {
    const gone = await tx.$queryRaw<Removed[]>`
      DELETE FROM playbacks WHERE id IN (
        SELECT id FROM playbacks WHERE ${which} ORDER BY started_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      ) RETURNING id, camera_id AS "cameraId", started_at AS "startedAt", recording_status AS "recordingStatus",
        upload_attempt AS "uploadAttempt", upload_id AS "uploadId"`;
    await noteRemovals(tx, gone.flatMap(objectsOf));
    return gone;
  });
}
