import type { Event, EventType, Playback, Prisma } from '../generated/prisma/client.ts';
import { type Db, ofCamera } from './client.ts';
import { newId } from './ids.ts';
import { endPlaybacks, type PlaybackToRecord } from './playbacks.ts';

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
  /** Whose it is. */
  readonly createdByKey: string | null;
}

/** An event with its recording: the first one where there are several. */
export interface RecordedEvent {
  readonly event: Event;
  readonly playback: Playback | undefined;
}

export type CreatedEvent =
  | { readonly created: true; readonly event: Event }
  /** The camera has an event with this key already, and nothing was written. */
  | ({ readonly created: false } & RecordedEvent);

/**
 * Writes an event and its playback (PENDING, with its first transition) in one statement: one trip to the
 * database, one commit, and no transaction that stays open while this process is busy with something else.
 * @param playback undefined: the camera does not record on this type
 */
export async function createEvent(
  db: Db,
  wanted: NewEvent,
  playback: PlaybackToRecord | undefined,
  at: Date,
): Promise<CreatedEvent> {
  const event: Event = { ...wanted, id: newId(), endedAt: null, createdAt: at, updatedAt: at };
  const metadata = event.metadata === null ? null : JSON.stringify(event.metadata);
  const writing = db.$queryRaw<unknown[]>`
    WITH event AS (
      INSERT INTO events (id, camera_id, channel, type, label, description, metadata, started_at,
        lease_expires_at, idempotency_key, created_by_key, created_at, updated_at)
      VALUES (${event.id}::uuid, ${event.cameraId}::uuid, ${event.channel}, ${event.type}::event_type, ${event.label},
        ${event.description}, ${metadata}::jsonb, ${event.startedAt}, ${event.leaseExpiresAt}, ${event.idempotencyKey},
        ${event.createdByKey}, ${at}, ${at})
      ON CONFLICT (camera_id, idempotency_key) DO NOTHING RETURNING id, camera_id
    ), playback AS (
      INSERT INTO playbacks (id, event_id, camera_id, started_at, pre_roll_sec, deadline_at, created_at)
      SELECT ${playback?.id ?? null}::uuid, id, camera_id, ${playback?.startedAt ?? null}::timestamptz,
        ${playback?.preRollSec ?? null}::int, ${playback?.deadlineAt ?? null}::timestamptz, ${at}::timestamptz
      FROM event WHERE ${playback !== undefined}
    )
    SELECT id FROM event`;
  const written = await ofCamera(event.cameraId, writing);
  if (written.length > 0) return { created: true, event };
  const earlier = await findByKey(db, wanted);
  if (!earlier) throw new Error('The event with the same key was deleted while this one was being written.');
  return { created: false, ...earlier };
}

/** The event that the camera has under this idempotency key. */
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

/**
 * Ends an event and notes the end on its playbacks. The first end stays.
 * @param end when, and for how many seconds longer footage is taken
 * @returns the playbacks that this call ended
 */
export async function endEvent(
  db: Db,
  id: string,
  end: { endedAt: Date; postRollSec: number },
): Promise<{ id: string; recordUntil: Date }[]> {
  const recordUntil = new Date(end.endedAt.getTime() + end.postRollSec * 1_000);
  return db.$transaction(async (tx) => {
    const { count } = await tx.event.updateMany({
      where: { id, endedAt: null },
      data: { endedAt: end.endedAt },
    });
    if (count === 0) return [];
    const ended = await endPlaybacks(
      tx,
      { eventId: id },
      { endedAt: end.endedAt, reason: 'ENDED', recordUntil },
    );
    return ended.map((p) => ({ id: p.id, recordUntil }));
  });
}

/** @returns undefined when the event has ended (or is gone): its lease cannot be renewed */
export async function renewEvent(db: Db, id: string, leaseExpiresAt: Date): Promise<Event | undefined> {
  const where = { id, endedAt: null };
  const [renewed] = await db.event.updateManyAndReturn({ where, data: { leaseExpiresAt } });
  return renewed;
}
