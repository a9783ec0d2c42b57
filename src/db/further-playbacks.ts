import { type EndReason, type Playback, Prisma } from '../generated/prisma/client.ts';
import type { Db, Tx } from './client.ts';
import { type End, withPostRoll } from './ends.ts';
import { newId } from './ids.ts';
import type { PlaybackToRecord } from './playbacks.ts';

/**
 * Makes the continuation of a playback whose stream changed its format, or whose node was lost or can record no more.
 * Nothing is written to the database.
 * @param startedAt when the continuation's footage begins
 */
export const furtherPlayback = (
  { cameraId, deadlineAt }: PlaybackToRecord,
  startedAt: Date,
): PlaybackToRecord => ({
  ...{ id: newId(), cameraId, startedAt, preRollSec: 0, deadlineAt },
  recordingStatus: 'PENDING',
  recordUntil: null,
});

interface Making {
  /** The time of the new playback's first transition. */
  readonly at: Date;
  /**
   * Whether the clock may have been set between the start and the end of the recording. Then the end of the post-roll
   * cannot be compared with the start of the further playback, and counts as still ahead.
   */
  readonly isClockSet: boolean;
  /** Whether the new playback gets no owner: then the node that gets the camera records it. */
  readonly isForOthers?: boolean;
}

/**
 * Writes a further playback of the same event, or of the same recording by hand. A second call with the same playback
 * writes nothing. If the event has ended meanwhile, the further playback lasts to the end of the post-roll.
 * @returns undefined if the post-roll or the deadline has passed, or the first playback was deleted
 */
export function insertFurtherPlayback(
  db: Db,
  firstId: string,
  further: PlaybackToRecord,
  made: Making,
): Promise<Playback | undefined> {
  return db.$transaction(async (tx) => {
    const earlier = await tx.playback.findUnique({ where: { id: further.id } });
    if (earlier) return earlier;
    const first = await tx.playback.findUnique({ where: { id: firstId } });
    return first ? insertFurther(tx, first, further, made) : undefined;
  });
}

/**
 * Does what `insertFurtherPlayback` does, within a transaction.
 * @param first the playback as it was before it was ended
 */
export async function insertFurther(
  tx: Tx,
  first: Playback,
  { id, startedAt, deadlineAt }: PlaybackToRecord,
  { at, isClockSet, isForOthers }: Making,
): Promise<Playback | undefined> {
  const { cameraId, eventId } = first;
  // Locks the event: an endEvent at the same time has either ended it before this query, or will also end the new
  // playback.
  const [event] = await tx.$queryRaw<EndedEvent[]>`
    SELECT e.ended_at AS "endedAt", e.ended_at = e.lease_expires_at AS "isLapsed",
      ${withPostRoll(Prisma.sql`e.ended_at`)} AS "recordUntil"
    FROM events e JOIN cameras c ON c.id = e.camera_id WHERE e.id = ${eventId}::uuid FOR UPDATE OF e`;
  const end = endBefore(first, event);
  const isOver = end && !isClockSet && end.recordUntil <= startedAt;
  if (isOver || (deadlineAt && deadlineAt <= startedAt)) return undefined;
  const ended = end && {
    endedAt: end.endedAt > startedAt ? end.endedAt : startedAt,
    endReason: end.reason,
    recordUntil: end.recordUntil,
  };
  return tx.playback.create({
    data: {
      ...{ id, cameraId, eventId, startedAt, preRollSec: 0, deadlineAt, createdAt: at, ...ended },
      ...(isForOthers && { nodeId: null, ownerEpoch: null }),
    },
  });
}

interface EndedEvent {
  readonly endedAt: Date | null;
  readonly isLapsed: boolean | null;
  readonly recordUntil: Date | null;
}

/** End reasons of a playback whose event may still be open. */
const stops = new Set<EndReason>(['CAMERA_LOST', 'SHUTDOWN']);

/** The end of a further playback, as far as it is known; undefined while its event is open. */
function endBefore(first: Playback, event: EndedEvent | undefined): End | undefined {
  const { endedAt, endReason: reason, recordUntil } = first;
  const isEnd = reason !== null && !stops.has(reason);
  if (endedAt && recordUntil && isEnd) return { endedAt, reason, recordUntil };
  if (!event?.endedAt || !event.recordUntil) return undefined;
  return {
    endedAt: event.endedAt,
    reason: event.isLapsed ? 'LEASE_EXPIRED' : 'ENDED',
    recordUntil: event.recordUntil,
  };
}
