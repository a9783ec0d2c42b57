import { objectKeys } from '../domain/store-keys.ts';
import { type Camera, type EndReason, type Playback, Prisma } from '../generated/prisma/client.ts';
import { type Db, ofCamera, type Tx, untilAnswered } from './client.ts';
import { gatherLookups } from './gather.ts';
import { newId } from './ids.ts';
import { noteRemovals } from './removals.ts';

/** What is asked for when a playback is made. */
export interface NewPlayback {
  readonly cameraId: string;
  readonly startedAt: Date;
  readonly preRollSec: number;
  /** The recording stops here at the latest. */
  readonly deadlineAt: Date;
}

/** What a recorder has to know of a playback. */
export type PlaybackToRecord = Pick<
  Playback,
  'id' | 'cameraId' | 'recordingStatus' | 'startedAt' | 'preRollSec' | 'deadlineAt' | 'recordUntil'
>;

/** A playback that is about to be written: its recording can begin meanwhile. */
export const newPlayback = (wanted: NewPlayback): PlaybackToRecord => ({
  ...wanted,
  id: newId(),
  recordingStatus: 'PENDING',
  recordUntil: null,
});

/** The event's recording: the newest where there are several. Many asked for at once share the look-up. */
export const newestPlayback = gatherLookups<Playback>(
  (db, eventIds) => db.playback.findMany({ where: { eventId: { in: eventIds } }, orderBy: { id: 'asc' } }),
  ({ eventId }) => eventId,
);

/** Writes a playback, PENDING, once. @param at when it was asked for: the time of its first transition */
export async function createPlayback(db: Db, playback: PlaybackToRecord, at: Date): Promise<void> {
  const data = [{ ...playback, createdAt: at }];
  const write = () => db.playback.createMany({ data, skipDuplicates: true });
  await ofCamera(playback.cameraId, untilAnswered(write));
}

/**
 * What goes on with a playback that cannot: it is about to be written, too.
 * @param startedAt when the footage begins that the first could not take
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
 * Writes, once, a further playback of the same event (or of the same recording by hand), where the first could not go on.
 * One that has ended meanwhile goes on up to the end of its post-roll; none where that is over.
 * @param made.at the time of its first transition
 * @param made.isClockSet the end may be told by another clock than the beginning: then it says nothing of what is over
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
    // Locked, so that endEvent comes either before this look or after the new playback is there to be ended.
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

/** The end that holds for what follows a playback whose stream changed; undefined while its event is open. */
function endBefore(first: Playback & { camera: Camera }, event: EndedEvent | undefined): End | undefined {
  const { endedAt, endReason: reason, recordUntil } = first;
  // CAMERA_LOST is how a playback ends that nobody ended.
  if (endedAt && reason && recordUntil && reason !== 'CAMERA_LOST') return { endedAt, reason, recordUntil };
  if (!event?.endedAt) return undefined;
  return {
    endedAt: event.endedAt,
    reason: event.isLapsed ? 'LEASE_EXPIRED' : 'ENDED',
    recordUntil: new Date(event.endedAt.getTime() + first.camera.postRollSec * 1_000),
  };
}

/** An end that was decided: when, why, and up to when footage is still taken (end + post-roll). */
export interface End {
  readonly endedAt: Date;
  readonly reason: EndReason;
  readonly recordUntil: Date;
}

/** A playback whose end is known: up to when footage is taken. */
export type EndedPlayback = Pick<Playback, 'id'> & { readonly recordUntil: Date };

/**
 * Notes the end on the playbacks that match and have none yet. The first end stays; a second changes nothing.
 * @returns the playbacks that were still without an end
 */
export function endPlaybacks(db: Tx, where: Prisma.PlaybackWhereInput, end: End): Promise<Playback[]> {
  return db.playback.updateManyAndReturn({
    where: { ...where, endedAt: null, recordingStatus: { in: ['PENDING', 'RECORDING'] } },
    data: { endedAt: end.endedAt, endReason: end.reason, recordUntil: end.recordUntil },
  });
}

/** A playback that is recorded here now. */
export interface RunningPlayback {
  readonly id: string;
  /** The time by the clock as it stood when its recording began. */
  readonly now: Date;
}

/**
 * Ends what nobody ended: events whose lease ran out, playbacks that reached their deadline, playbacks of ended events.
 * Each at its own moment, however late this is noticed (also by a server that was restarted in between). Events first,
 * by a statement of their own: a playback that was added to one meanwhile is seen by the second.
 * @param running these measure their deadline themselves; a lease of theirs is over when it is so by both clocks, as
 * nobody knows by which one it was given
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
 * Which of these have an end, however it came into their rows: also where whoever wrote it never learnt that it
 * was written, because the database's answer was lost.
 */
export async function endsOf(db: Db, ids: readonly string[]): Promise<EndedPlayback[]> {
  if (ids.length === 0) return [];
  const where = { id: { in: [...ids] }, recordUntil: { not: null } };
  const ended = await db.playback.findMany({ where, select: { id: true, recordUntil: true } });
  return ended.flatMap(({ id, recordUntil }) => (recordUntil ? { id, recordUntil } : []));
}

/**
 * Deletes playbacks and notes their objects for removal, in one transaction (DESIGN 6.4): the store may be away,
 * the server may be killed, no object is forgotten.
 * @returns the ids that were deleted
 */
export async function removePlaybacks(tx: Tx, where: Prisma.PlaybackWhereInput): Promise<string[]> {
  const playbacks = await tx.playback.findMany({
    where,
    select: { id: true, cameraId: true, startedAt: true },
  });
  const keys = playbacks.flatMap((p) => Object.values(objectKeys(p)));
  await noteRemovals(tx, keys);
  await tx.playback.deleteMany({ where: { id: { in: playbacks.map((p) => p.id) } } });
  return playbacks.map((p) => p.id);
}

/**
 * Deletes the oldest COMPLETED playbacks that began before that moment, as removePlaybacks does.
 * @returns how many there were: fewer than `limit` when none is left
 */
export async function removeExpired(db: Db, before: Date, limit: number): Promise<number> {
  const expired = Prisma.sql`recording_status = 'COMPLETED' AND started_at < ${before}`;
  return (await removeOldest(db, expired, limit)).length;
}

/**
 * Deletes the camera's oldest playbacks that are COMPLETED or FAILED, as removePlaybacks does.
 * @returns fewer than `limit` when none is left
 */
export const removeOver = (db: Db, cameraId: string, limit: number): Promise<Removed[]> =>
  removeOldest(
    db,
    Prisma.sql`camera_id = ${cameraId}::uuid AND recording_status IN ('COMPLETED', 'FAILED')`,
    limit,
  );

type Removed = Pick<Playback, 'id' | 'cameraId' | 'startedAt' | 'recordingStatus'>;

function removeOldest(db: Db, which: Prisma.Sql, limit: number): Promise<Removed[]> {
  return db.$transaction(async (tx) => {
    const gone = await tx.$queryRaw<Removed[]>`
      DELETE FROM playbacks WHERE id IN (
        SELECT id FROM playbacks WHERE ${which} ORDER BY started_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      ) RETURNING id, camera_id AS "cameraId", started_at AS "startedAt", recording_status AS "recordingStatus"`;
    await noteRemovals(
      tx,
      gone.flatMap((playback) => Object.values(objectKeys(playback))),
    );
    return gone;
  });
}
