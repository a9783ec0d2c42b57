import type { Camera, Playback, Prisma } from '../generated/prisma/client.ts';
import { type Db, ofCamera, untilAnswered } from './client.ts';
import { gatherLookups } from './gather.ts';
import { newId } from './ids.ts';

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

/**
 * Writes a PENDING playback. A second call with the same playback writes nothing.
 * @param at the time of its first transition
 */
export async function insertPlayback(db: Db, playback: PlaybackToRecord, at: Date): Promise<void> {
  const data = [{ ...playback, createdAt: at }];
  const write = () => db.playback.createMany({ data, skipDuplicates: true });
  await ofCamera(playback.cameraId, untilAnswered(write));
}

/** What becomes known of a clip while it is recorded. */
export type ClipProgress = Partial<Pick<Playback, 'clipStartedAt' | 'preRollMs' | 'missedMs'>> & {
  readonly gaps?: Prisma.InputJsonValue;
};

/** Saves what is known of a clip, if the playback is still RECORDING. */
export async function saveClipProgress(db: Db, id: string, facts: ClipProgress): Promise<void> {
  await db.playback.updateMany({ where: { id, recordingStatus: 'RECORDING' }, data: facts });
}

/** Gives a playback without a deadline one, because no recording goes on without end. @returns its deadline */
export async function giveDeadline(
  db: Db,
  { id, startedAt, deadlineAt }: Pick<Playback, 'id' | 'startedAt' | 'deadlineAt'>,
  { maxDurationSec }: Pick<Camera, 'maxDurationSec'>,
): Promise<Date> {
  if (deadlineAt) return deadlineAt;
  const given = new Date(startedAt.getTime() + maxDurationSec * 1_000);
  await db.playback.updateMany({ where: { id, deadlineAt: null }, data: { deadlineAt: given } });
  return given;
}
