import { type EndReason, type Playback, Prisma } from '../generated/prisma/client.ts';
import type { Db, Tx } from './client.ts';
import { gather } from './gather.ts';

/**
 * Ends of events and of their playbacks: when, why, and up to when footage is kept. Whatever ends a playback,
 * `record_until` in its row says up to when footage is kept; the recorder reads it (recording/automatic-ends.ts).
 */

/**
 * Up to when footage is kept after an event's end: that time plus the camera's post-roll. Every statement takes the sum
 * from here, and must have the camera's row as `c`. It is added to a deadline, too, but has no effect there: the
 * recorder keeps nothing after the deadline, and then writes the deadline into the row. If the clock was set, the
 * recorder keeps at most the post-roll from now on (`keepUntil` in recording/running-recording.ts).
 *
 * To make it depend on the event, for example on its type: saveEventEnd has to join `events e` as well, and endOverdue
 * too, with a LEFT JOIN, because a recording by hand has no event (further-playbacks.ts has it). `keepUntil` needs the
 * same number, so `PlaybackToRecord` needs the type.
 */
export const withPostRoll = (endedAt: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`${endedAt} + c.post_roll_sec * interval '1 second'`;

/**
 * The end of a playback: when, why, and up to when footage is kept. After an event's end, also by an expired lease,
 * that is the end plus the post-roll. There is no post-roll after a deadline, stopRecording, a lost camera or a
 * shutdown.
 */
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

/** A playback that a call has ended, and the node that records it. */
export type StoppedPlayback = EndedPlayback & Pick<Playback, 'nodeId'>;

/** What an end of an event has changed. */
export interface SavedEnd {
  /** Whether this call has ended the event. */
  readonly isEnded: boolean;
  /** The playbacks that this call has ended. */
  readonly stopped: StoppedPlayback[];
}

export interface EventEnd {
  readonly id: string;
  readonly endedAt: Date;
  /** When the end was requested. */
  readonly at: Date;
}

/**
 * Ends an event, and saves on its playbacks when they end and up to when footage is kept. An event that has ended keeps
 * its end. Calls at the same time share the statement. It does not see a playback that another transaction is adding;
 * `endOverdue` ends that one.
 */
export const saveEventEnd = gather<EventEnd, SavedEnd>(async (db, ends) => {
  const rows = await db.$queryRaw<(Partial<StoppedPlayback> & { eventId: string })[]>`
    WITH ended AS (
      UPDATE events e SET ended_at = w."endedAt", updated_at = w.at
      FROM jsonb_to_recordset(${JSON.stringify(ends)}::jsonb) AS w (id uuid, "endedAt" timestamptz, at timestamptz)
      WHERE e.id = w.id AND e.ended_at IS NULL RETURNING e.id, e.ended_at, e.updated_at
    ), stopped AS (
      UPDATE playbacks p SET ended_at = e.ended_at, end_reason = 'ENDED', updated_at = e.updated_at,
        record_until = ${withPostRoll(Prisma.sql`e.ended_at`)}
      FROM ended e, cameras c WHERE p.event_id = e.id AND c.id = p.camera_id
        AND p.ended_at IS NULL AND p.recording_status IN ('PENDING', 'RECORDING')
      RETURNING p.id, p.event_id, p.node_id, p.record_until
    )
    SELECT e.id AS "eventId", p.id, p.node_id AS "nodeId", p.record_until AS "recordUntil"
    FROM ended e LEFT JOIN stopped p ON p.event_id = e.id`;
  return ends.map(({ id }) => {
    const ofEvent = rows.filter(({ eventId }) => eventId === id);
    return { isEnded: ofEvent.length > 0, stopped: ofEvent.filter((row): row is Stopped => row.id !== null) };
  });
});

type Stopped = StoppedPlayback & { eventId: string };

/** A playback that is being recorded now. */
export interface RunningPlayback {
  readonly id: string;
  /** The present time by the wall clock as it was when the recording began, without later changes of the clock. */
  readonly now: Date;
}

/**
 * Whether this node owns the row, or nobody does. Other nodes end their own recordings: only they know which ones run,
 * and by which clock.
 */
const isOwn = (nodeId: Prisma.Sql) => Prisma.sql`(${nodeId} IS NULL OR ${nodeId} = flashback_node())`;

/**
 * Ends events whose lease has expired, playbacks that have reached their deadline, and playbacks of ended events, as
 * far as this node owns the camera or the playback. Each gets the time at which it was due, even if this runs much
 * later, for example after a restart. The events are written first, in a statement of their own: then the second
 * statement also sees playbacks that were added meanwhile.
 * @param running the recorder measures the deadlines of these playbacks itself. While one of them records an event, the
 *   event's lease expires only when it is over by both `now` and the playback's own `now`: the clock may have been set,
 *   and it is unknown by which of the two times the lease was set
 * @returns those of `running` that have an end, also one that was written although the answer to the write was lost
 */
export async function endOverdue(
  db: Db,
  now: Date,
  running: readonly RunningPlayback[],
): Promise<EndedPlayback[]> {
  const runningIds = running.map(({ id }) => id);
  const { isAny, ended } = await lookForEnds(db, now, runningIds);
  if (!isAny) return ended;
  await db.$executeRaw`
    UPDATE events e SET ended_at = lease_expires_at, updated_at = ${now}
    FROM cameras c WHERE c.id = e.camera_id AND ${isOwn(Prisma.sql`c.node_id`)}
    AND ended_at IS NULL AND lease_expires_at <= ${now} AND NOT EXISTS (
      SELECT FROM jsonb_to_recordset(${JSON.stringify(running)}::jsonb) AS r (id uuid, now timestamptz)
      JOIN playbacks p USING (id) WHERE p.event_id = e.id AND e.lease_expires_at > r.now)`;
  await db.$executeRaw`
    UPDATE playbacks p SET
      ended_at = due.ended_at, end_reason = due.reason, updated_at = ${now},
      record_until = ${withPostRoll(Prisma.sql`due.ended_at`)}
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
      AND ${isOwn(Prisma.sql`p.node_id`)}`;
  return (await lookForEnds(db, now, runningIds)).ended;
}

interface FoundEnds {
  /** Whether `endOverdue` may find something to write. Almost always it does not, and this costs much less. */
  readonly isAny: boolean;
  /** Those of the running playbacks that have an end. */
  readonly ended: EndedPlayback[];
}

async function lookForEnds(db: Db, now: Date, runningIds: readonly string[]): Promise<FoundEnds> {
  const rows = await db.$queryRaw<{ isAny: boolean; id: string | null; recordUntil: Date }[]>`
    SELECT EXISTS (
        SELECT FROM events JOIN cameras c ON c.id = camera_id
        WHERE ended_at IS NULL AND lease_expires_at <= ${now} AND ${isOwn(Prisma.sql`c.node_id`)}
      ) OR EXISTS (
        SELECT FROM playbacks p LEFT JOIN events e ON e.id = p.event_id
        WHERE p.recording_status IN ('PENDING', 'RECORDING') AND p.ended_at IS NULL
          AND (e.ended_at IS NOT NULL OR p.deadline_at <= ${now}) AND ${isOwn(Prisma.sql`p.node_id`)}
      ) AS "isAny", ended.id, ended.record_until AS "recordUntil"
    FROM (SELECT) one LEFT JOIN playbacks ended ON ended.id = ANY(${runningIds}::uuid[]) AND ended.record_until IS NOT NULL`;
  const ended = rows.flatMap(({ id, recordUntil }) => (id === null ? [] : [{ id, recordUntil }]));
  return { isAny: rows[0]!.isAny, ended };
}
