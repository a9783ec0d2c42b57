import { type Event, type EventType, type Playback, Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { endPlaybacks, type NewPlayback } from './playbacks.ts';

export interface NewEvent {
  readonly cameraId: string;
  readonly channel: number;
  readonly type: EventType;
  readonly label: string | null;
  readonly description: string | null;
  readonly metadata: Prisma.InputJsonValue | null;
  readonly startedAt: Date;
  readonly leaseExpiresAt: Date | null;
  readonly idempotencyKey: string | null;
  /** Whose it is. */
  readonly createdByKey: string | null;
}

export interface CreatedEvent {
  readonly event: Event;
  readonly playback: Playback | undefined;
  /** false: an event with this key was there already, nothing was written */
  readonly created: boolean;
}

/**
 * Writes an event and its playback (PENDING, with its first transition) in one transaction. With an
 * idempotency key that the camera has seen, gives back what was written then.
 * @param playback undefined: the camera does not record on this type
 */
export async function createEvent(
  db: Db,
  event: NewEvent,
  playback: NewPlayback | undefined,
  at: Date,
): Promise<CreatedEvent> {
  const { metadata, ...rest } = event;
  try {
    const created = await db.event.create({
      data: {
        ...rest,
        metadata: metadata ?? Prisma.DbNull,
        ...(playback && { playbacks: { create: { ...playback, createdAt: at } } }),
      },
      include: { playbacks: true },
    });
    return { event: created, playback: created.playbacks[0], created: true };
  } catch (error) {
    const first = isUniqueViolation(error) && event.idempotencyKey ? await findByKey(db, event) : undefined;
    if (!first) throw error;
    return first;
  }
}

/** The event that the camera has under this idempotency key. */
export async function findByKey(
  db: Db,
  key: { cameraId: string; idempotencyKey: string | null },
): Promise<CreatedEvent | undefined> {
  if (key.idempotencyKey === null) return undefined;
  const found = await db.event.findUnique({
    where: { cameraId_idempotencyKey: { cameraId: key.cameraId, idempotencyKey: key.idempotencyKey } },
    include: { playbacks: { orderBy: { id: 'asc' }, take: 1 } },
  });
  return found ? { event: found, playback: found.playbacks[0], created: false } : undefined;
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

/** @returns false when the event has ended (or is gone): its lease cannot be renewed */
export async function renewEvent(db: Db, id: string, leaseExpiresAt: Date): Promise<boolean> {
  const { count } = await db.event.updateMany({ where: { id, endedAt: null }, data: { leaseExpiresAt } });
  return count > 0;
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
