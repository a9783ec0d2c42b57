import { type Event, type EventType, type Playback, Prisma } from '../generated/prisma/client.ts';
import { type Db, ofCamera, untilAnswered } from './client.ts';
import { gather, gatherLookups } from './gather.ts';
import { newId } from './ids.ts';
import type { EndedPlayback, PlaybackToRecord } from './playbacks.ts';

export interface NewEvent {
  readonly cameraId: string;
  readonly channel: number;
  readonly type: EventType;
  readonly label: string | null;
  readonly description: string | null;
  readonly metadata: Prisma.JsonValue;
  readonly startedAt: Date;
  readonly leaseExpiresAt: Date | null;
  readonly idempotencyKey: string | null;
  /** The name of the caller that reported the event. */
  readonly createdByKey: string | null;
}

/** An event with its playback; with the first one if there are several. */
export interface RecordedEvent {
  readonly event: Event;
  readonly playback: Playback | undefined;
}

export type CreatedEvent =
  | { readonly created: true; readonly event: Event }
  /** The camera already had an event with this idempotency key, and nothing was written. */
  | ({ readonly created: false } & RecordedEvent);

/**
 * Writes an event and its playback (PENDING, with its first transition) in one statement. Events at the same time share
 * the statement: one round trip, one commit, and no transaction that stays open while this process is busy.
 * @param playback undefined: the camera does not record events of this type
 */
export async function createEvent(
  db: Db,
  wanted: NewEvent,
  playback: PlaybackToRecord | undefined,
  at: Date,
): Promise<CreatedEvent> {
  const event: Event = { ...wanted, id: newId(), endedAt: null, createdAt: at, updatedAt: at };
  const write = () => insertEvent(db, { event, playback });
  if (await ofCamera(event.cameraId, untilAnswered(write))) return { created: true, event };
  const earlier = await findByKey(db, wanted);
  if (!earlier) throw new Error('The event with the same key was deleted while this one was being written.');
  return { created: false, ...earlier };
}

/** @returns false if the camera already has an event with this idempotency key */
const insertEvent = gather<{ event: Event; playback: PlaybackToRecord | undefined }, boolean>(
  async (db, wanted) => {
    // The statement is retried if its answer was lost. Then rows that the first try wrote count as written, too.
    const written = await db.$queryRaw<{ id: string }[]>`
      WITH wanted AS (
        SELECT (w.event).*, (w.playback).id AS playback_id, (w.playback).started_at AS playback_started_at,
          (w.playback).pre_roll_sec, (w.playback).deadline_at
        FROM jsonb_to_recordset(${JSON.stringify(wanted.map(asRow))}::jsonb) AS w (event events, playback playbacks)
      ), event AS (
        INSERT INTO events (id, camera_id, channel, type, label, description, metadata, started_at,
          lease_expires_at, idempotency_key, created_by_key, created_at, updated_at)
        SELECT id, camera_id, channel, type, label, description, metadata, started_at,
          lease_expires_at, idempotency_key, created_by_key, created_at, updated_at
        FROM wanted ON CONFLICT DO NOTHING RETURNING id
      ), playback AS (
        INSERT INTO playbacks (id, event_id, camera_id, started_at, pre_roll_sec, deadline_at, created_at)
        SELECT playback_id, id, camera_id, playback_started_at, pre_roll_sec, deadline_at, created_at
        FROM wanted JOIN event USING (id) WHERE playback_id IS NOT NULL
      )
      SELECT id FROM event UNION ALL SELECT id FROM events JOIN wanted USING (id)`;
    const ids = new Set(written.map(({ id }) => id));
    return wanted.map(({ event }) => ids.has(event.id));
  },
);

/** The two rows in the form in which PostgreSQL reads them from JSON. */
const asRow = ({ event, playback }: { event: Event; playback: PlaybackToRecord | undefined }) => ({
  event: {
    id: event.id,
    camera_id: event.cameraId,
    channel: event.channel,
    type: event.type,
    label: event.label,
    description: event.description,
    metadata: event.metadata,
    started_at: event.startedAt,
    lease_expires_at: event.leaseExpiresAt,
    idempotency_key: event.idempotencyKey,
    created_by_key: event.createdByKey,
    created_at: event.createdAt,
    updated_at: event.updatedAt,
  },
  playback: playback && {
    id: playback.id,
    started_at: playback.startedAt,
    pre_roll_sec: playback.preRollSec,
    deadline_at: playback.deadlineAt,
  },
});

/** Finds the camera's event with this idempotency key. */
export async function findByKey(
  db: Db,
  key: { cameraId: string; idempotencyKey: string | null },
): Promise<RecordedEvent | undefined> {
  if (key.idempotencyKey === null) return undefined;
  const found = await db.event.findFirst({
    where: { cameraId: key.cameraId, idempotencyKey: key.idempotencyKey },
    include: { playbacks: { orderBy: { id: 'asc' }, take: 1 } },
  });
  return found ? { event: found, playback: found.playbacks[0] } : undefined;
}

/** Looks up an event. Every end of an event does that, so look-ups at the same time are batched. */
export const findEvent = gatherLookups<Event>(
  (db, ids) => db.event.findMany({ where: { id: { in: ids } } }),
  ({ id }) => id,
);

export interface EventEnd {
  readonly id: string;
  readonly endedAt: Date;
  /** When the end was requested. */
  readonly at: Date;
}

/**
 * Ends an event, and saves on its playbacks when they end and up to when footage is kept. An event that has ended keeps
 * its end. Ends at the same time share the statements. Events come first, so that the second statement also sees
 * playbacks that were added meanwhile.
 * @returns the playbacks that this call ended
 */
export const endEvent = gather<EventEnd, EndedPlayback[]>((db, ends) =>
  db.$transaction(async (tx) => {
    const rows = Prisma.sql`jsonb_to_recordset(${JSON.stringify(ends)}::jsonb)
      AS w (id uuid, "endedAt" timestamptz, at timestamptz)`;
    const ended = await tx.$queryRaw<{ id: string }[]>`
      UPDATE events e SET ended_at = w."endedAt", updated_at = w.at
      FROM ${rows} WHERE e.id = w.id AND e.ended_at IS NULL RETURNING e.id`;
    if (ended.length === 0) return ends.map(() => []);
    const stopped = await tx.$queryRaw<(EndedPlayback & { eventId: string })[]>`
      UPDATE playbacks p SET ended_at = w."endedAt", end_reason = 'ENDED', updated_at = w.at,
        record_until = w."endedAt" + c.post_roll_sec * interval '1 second'
      FROM ${rows}, cameras c WHERE p.event_id = w.id AND c.id = p.camera_id AND w.id = ANY(${ended.map(({ id }) => id)}::uuid[])
        AND p.ended_at IS NULL AND p.recording_status IN ('PENDING', 'RECORDING')
      RETURNING p.id, p.event_id AS "eventId", p.record_until AS "recordUntil"`;
    return ends.map(({ id }) => stopped.filter(({ eventId }) => eventId === id));
  }),
);

/** Renews an event's lease. @returns undefined if the event has ended or was deleted */
export async function renewEvent(db: Db, id: string, leaseExpiresAt: Date): Promise<Event | undefined> {
  const where = { id, endedAt: null };
  const [renewed] = await db.event.updateManyAndReturn({ where, data: { leaseExpiresAt } });
  return renewed;
}
