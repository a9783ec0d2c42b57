import { type Caller, demand } from '../domain/caller.ts';
import { conflict } from '../domain/errors.ts';
import { visiblePlayback } from './find-visible.ts';
import type { Parts } from './parts.ts';
import { rethrowForCaller } from './record-at-owner.ts';

/**
 * Finishes a FAILED playback again if its footage is still on the disk of the server that recorded it. The row becomes
 * PROCESSING; the database's trigger playbacks_queue_finishing then queues the job for finishing/finisher.ts.
 * @returns the playback's id
 * @throws RequestError FORBIDDEN, NOT_FOUND, CONFLICT if it is not FAILED or has no footage on disk, or CAPACITY if
 *   that server does not answer
 */
export async function retryPlayback(
  { db, tasksOf }: Pick<Parts, 'db' | 'tasksOf'>,
  caller: Caller,
  given: string,
): Promise<{ readonly id: string }> {
  demand(caller, 'RECORD');
  const { id, nodeId, recordingStatus } = await visiblePlayback(db, caller, given);
  if (recordingStatus !== 'FAILED') {
    throw conflict(`The playback ${id} is ${recordingStatus}; only one that is FAILED can be retried.`);
  }
  await tasksOf(nodeId).retry(id).catch(rethrowForCaller);
  return { id };
}
