import type { Event, EventType, Playback, Prisma } from '../generated/prisma/client.ts';
import { type Db, ofCamera, untilAnswered } from './client.ts';
import { gather, gatherLookups } from './gather.ts';
import type { PlaybackToRecord } from './playbacks.ts';

export interface NewEvent {
  readonly id: string;
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

/** An event with its playback; with its first one if it has several. */
export interface RecordedEvent {
  readonly event: Event;
  readonly playback: Playback | undefined;
}

export type InsertedEvent =
  | { readonly created: true; readonly event: Event }
  /** The camera already had an event with this idempotency key, and nothing was written. */
  | ({ readonly created: false } & RecordedEvent);

/**
 * Writes an event and its playback (PENDING, with its first transition) in one statement. Events at the same time share
 * the statement: one round trip, one commit, and no transaction that stays open while this process is busy.
 * @param playback undefined: the camera does not record events of this type
 */
export async function insertEvent(
  db: Db,
  wanted: NewEvent,
  playback: PlaybackToRecord | undefined,
  at: Date,
): Promise<InsertedEvent> {
  // `words` is empty here: the database generates this column, which is for searching.
  const event: Event = { ...wanted, endedAt: null, words: [], createdAt: at, updatedAt: at };
  const write = () => insertTogether(db, { event, playback });
  if (await ofCamera(event.cameraId, untilAnswered(write))) return { created: true, event };
  const earlier = await findByKey(db, wanted);
  if (!earlier) throw new Error('The event with the same key was deleted while this one was being written.');
  return { created: false, ...earlier };
}

/** @returns false if the camera already has an event with this idempotency key */
const insertTogether = gather<{ event: Event; playback: PlaybackToRecord | undefined }, boolean>(
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

/** Renews an event's lease. @returns undefined if the event has ended or was deleted */
export async function saveLease(db: Db, id: string, leaseExpiresAt: Date): Promise<Event | undefined> {
  const where = { id, endedAt: null };
  const [renewed] = await db.event.updateManyAndReturn({ where, data: { leaseExpiresAt } });
  return renewed;
}
