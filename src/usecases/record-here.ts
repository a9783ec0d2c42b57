import type { Db } from '../db/client.ts';
import { insertEvent, type NewEvent } from '../db/events.ts';
import { insertPlayback, type PlaybackToRecord } from '../db/playbacks.ts';
import { tooManyEvents } from '../domain/event-rate.ts';
import type { Camera, Event, Playback } from '../generated/prisma/client.ts';
import { NodeAway } from '../nodes/other-nodes.ts';
import type { Parts } from './parts.ts';

/** A recording to begin. Its ids are made by the caller, so that a repeated call writes nothing twice. */
export interface RecordOrder {
  readonly playback: PlaybackToRecord;
  /** The event that is written with it; left out for a recording by hand. */
  readonly event?: NewEvent;
  /** The name of the caller. */
  readonly by: string;
  readonly at: Date;
  /** Whether this repeats a call that got no answer. */
  readonly isAgain?: boolean;
}

/** An order to another node. It names the camera as the calling node has just read it, without its address. */
export interface RemoteOrder extends RecordOrder {
  /** undefined: a server of an older release calls. */
  readonly camera?: Omit<Camera, 'rtspUrl'>;
}

export interface Recorded {
  /**
   * Whether the event is this call’s, or that of an earlier try of the same call. false: the camera already had an
   * event with this idempotency key, and nothing was written.
   */
  readonly created: boolean;
  /** undefined for a recording by hand. */
  readonly event: Event | undefined;
  /** undefined: the playback was deleted meanwhile. */
  readonly playback: Playback | undefined;
}

type RecordParts = Pick<Parts, 'db' | 'feeds' | 'admission' | 'recorder' | 'firstCalls' | 'eventRate'>;

/**
 * Writes the rows of a recording and begins it, both at the same time. If an earlier call with the same order is still
 * under way here, waits for it and returns its recording.
 * @throws RequestError CAPACITY, RATE_LIMITED: then nothing is written. @throws NodeAway if the camera is not this node's
 */
export async function recordHere(parts: RecordParts, camera: Camera, order: RecordOrder): Promise<Recorded> {
  const { db, feeds, recorder, firstCalls } = parts;
  if (!feeds.owns(camera.id)) throw new NodeAway('The camera is another node’s.');
  const { id } = order.playback;
  return firstCalls.run(`recording ${id}`, {
    find: async () => {
      if (!order.isAgain && !recorder.isRecording(id)) return undefined;
      const confirmed = await recorder.confirm(id).catch(() => undefined); // the database says what there is
      const earlier = await recordedBefore(db, id);
      return earlier && { ...earlier, playback: confirmed ?? earlier.playback };
    },
    make: () => recordNew(parts, camera, order),
  });
}

async function recordNew(
  { db, admission, recorder, eventRate }: RecordParts,
  camera: Camera,
  { playback, event, by, at }: RecordOrder,
): Promise<Recorded> {
  // Admit the recording, or refuse the event.
  const place = await admission.admit({ cameraId: camera.id, by });

  // Write the rows and begin to record, both at the same time.
  const inserting = event ? insertEvent(db, event, playback, at, eventRate) : insertAlone(db, playback, at);
  const isWritten = inserting.then(({ created }) => created);
  const [inserted, recorded] = await Promise.all([
    inserting,
    recorder.begin(playback, camera, { place, isWritten }),
  ]);
  if ('retryAfterMs' in inserted) throw tooManyEvents(eventRate, inserted.retryAfterMs);
  return inserted.created ? { ...inserted, playback: recorded } : inserted;
}

async function insertAlone(db: Db, playback: PlaybackToRecord, at: Date) {
  await insertPlayback(db, playback, at);
  return { created: true, event: undefined } as const;
}

async function recordedBefore(db: Db, id: string): Promise<Recorded | undefined> {
  const found = await db.playback.findUnique({ where: { id }, include: { event: true } });
  if (!found) return undefined;
  const { event, ...playback } = found;
  return { created: true, event: (event as Event | null) ?? undefined, playback };
}
