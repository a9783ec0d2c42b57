import { endPlaybacks } from '../db/ends.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { conflict } from '../domain/errors.ts';
import { visiblePlayback } from './find-visible.ts';
import type { Parts } from './parts.ts';
import { tellRecorders } from './tell-recorders.ts';

/**
 * Stops a recording now, without post-roll, whether it was started by hand or by an event. A second call changes
 * nothing.
 * @returns the playback's id
 * @throws RequestError FORBIDDEN, NOT_FOUND, or CONFLICT if it has already ended in another way
 */
export async function stopRecording(
  { db, now, tasksOf }: Pick<Parts, 'db' | 'now' | 'tasksOf'>,
  caller: Caller,
  playbackId: string,
): Promise<{ readonly id: string }> {
  demand(caller, 'RECORD');
  const { id, endReason, recordingStatus } = await visiblePlayback(db, caller, playbackId);
  if (endReason === 'STOPPED') return { id };
  const endedAt = now();
  const end = { endedAt, reason: 'STOPPED', recordUntil: endedAt } as const;
  const ended = await endPlaybacks(db, { id }, end);
  if (ended.length === 0) {
    throw conflict(`The playback ${id} is ${recordingStatus}; there is no recording of it to stop.`);
  }
  tellRecorders(tasksOf, [{ id, nodeId: ended[0]!.nodeId, recordUntil: endedAt }]);
  return { id };
}
