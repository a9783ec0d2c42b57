import { z } from 'zod';
import { findByKey, insertEvent, type NewEvent, type RecordedEvent } from '../db/events.ts';
import { newId } from '../db/ids.ts';
import { newPlayback } from '../db/playbacks.ts';
import { type Caller, demand, maySeeEvent } from '../domain/caller.ts';
import { conflict, RequestError } from '../domain/errors.ts';
import { tooManyEvents } from '../domain/event-rate.ts';
import type { Camera, EventType, Prisma } from '../generated/prisma/client.ts';
import { longestSec, secondsAfter, startOf } from './event-times.ts';
import { visibleCamera } from './find-visible.ts';
import { jsonOf, textOf, validate, wholeNumber } from './input.ts';
import type { Parts } from './parts.ts';
import { recordAtOwner, rethrowForCaller } from './record-at-owner.ts';

/** What a caller reports. Fields that are null count as left out. */
export interface EventReport {
  readonly cameraId: string;
  readonly type: EventType;
  readonly label?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly metadata?: unknown;
  readonly startedAt?: Date | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  readonly leaseSec?: number | null | undefined;
}

const rules = z.object({
  label: textOf(200).optional(),
  description: textOf(2_000).optional(),
  idempotencyKey: textOf(200).optional(),
  leaseSec: wholeNumber(1, longestSec).optional(),
  startedAt: z.date().optional(),
  metadata: jsonOf({ bytes: 65_536, levels: 32 }).optional(),
});
type ValidReport = Pick<EventReport, 'type'> & z.output<typeof rules>;

type CreateEventParts = Pick<
  Parts,
  | 'db'
  | 'now'
  | 'feeds'
  | 'admission'
  | 'recorder'
  | 'tasksOf'
  | 'isElsewhere'
  | 'firstCalls'
  | 'eventLimit'
  | 'eventRate'
>;

/**
 * Reports an event at a camera. If the camera records events of this type, its recording has begun when this
 * resolves.
 * @returns the event and its playback; for a known idempotency key, those of the first call
 * @throws RequestError FORBIDDEN, RATE_LIMITED, BAD_USER_INPUT, NOT_FOUND, CAPACITY, or CONFLICT if another caller
 *   used the idempotency key
 */
export async function createEvent(
  parts: CreateEventParts,
  caller: Caller,
  report: EventReport,
): Promise<RecordedEvent> {
  // Check who calls, what is reported, and where.
  demand(caller, 'REPORT');
  parts.eventLimit.take(caller);
  const { cameraId, type, ...rest } = report;
  const valid = { type, ...validate(rules, rest) };
  const camera = await visibleCamera(parts.db, caller, cameraId);

  // A known key gives the first event back.
  const { idempotencyKey } = valid;
  const make = () => recordNew(parts, caller, camera, valid).catch(noteRefusal(parts, caller));
  if (idempotencyKey === undefined) return make();
  return parts.firstCalls.run(`${camera.id} ${idempotencyKey}`, {
    find: async () => {
      const earlier = await findByKey(parts.db, { cameraId: camera.id, idempotencyKey });
      return earlier && answerAgain(parts, caller, camera, earlier);
    },
    make,
  });
}

async function recordNew(
  parts: CreateEventParts,
  caller: Caller,
  camera: Camera,
  report: ValidReport,
): Promise<RecordedEvent> {
  const { db } = parts;
  const now = parts.now();
  const isRecorded = camera.recordOn.includes(report.type);
  const startedAt = startOf(report.startedAt, now, isRecorded ? camera : undefined);
  const event: NewEvent = {
    id: newId(),
    cameraId: camera.id,
    channel: camera.channel,
    type: report.type,
    label: report.label ?? null,
    description: report.description ?? null,
    metadata: (report.metadata ?? null) as Prisma.JsonValue,
    startedAt,
    leaseExpiresAt: report.leaseSec ? secondsAfter(now, report.leaseSec) : null,
    idempotencyKey: report.idempotencyKey ?? null,
    createdByKey: caller.name,
  };

  // Not every event is recorded: `recordOn` decides.
  if (!isRecorded) {
    const inserted = await insertEvent(db, event, undefined, now, parts.eventRate);
    if ('retryAfterMs' in inserted) throw tooManyEvents(parts.eventRate, inserted.retryAfterMs);
    return inserted.created
      ? { event: inserted.event, playback: undefined }
      : answerAgain(parts, caller, camera, inserted);
  }

  // Write the rows and begin to record, at the node that owns the camera.
  const { preRollSec, maxDurationSec } = camera;
  const deadlineAt = secondsAfter(startedAt, maxDurationSec);
  const playback = newPlayback({ cameraId: camera.id, startedAt, preRollSec, deadlineAt });
  const recorded = await recordAtOwner(parts, camera, { playback, event, by: caller.name, at: now });

  // Answer.
  const inserted = { event: recorded.event!, playback: recorded.playback };
  return recorded.created ? inserted : answerAgain(parts, caller, camera, inserted);
}

/** If the database has refused an event, further calls of this key are refused here, without asking it. */
const noteRefusal =
  ({ eventLimit }: CreateEventParts, caller: Caller) =>
  (error: unknown): never => {
    if (error instanceof RequestError && error.code === 'RATE_LIMITED')
      eventLimit.refuse(caller, error.details.retryAfterMs ?? 0);
    throw error;
  };

/**
 * Answers a call with a known idempotency key. If the first call's playback is still PENDING because the database's
 * answer was lost, begins its recording now, with the footage that is still in the ring.
 */
async function answerAgain(
  { tasksOf }: CreateEventParts,
  caller: Caller,
  camera: Camera,
  { event, playback }: RecordedEvent,
): Promise<RecordedEvent> {
  if (!maySeeEvent(caller, event)) {
    throw conflict('This idempotency key was used at this camera by somebody else; choose another.');
  }
  if (playback?.recordingStatus !== 'PENDING') return { event, playback };
  const owner = tasksOf(playback.nodeId ?? camera.nodeId);
  return {
    event,
    playback: await owner.confirm({ id: playback.id, by: caller.name }).catch(rethrowForCaller),
  };
}
