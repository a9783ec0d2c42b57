import { retry } from '../db/transitions.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { conflict } from '../domain/errors.ts';
import { visiblePlayback } from './find-visible.ts';
import type { Parts } from './parts.ts';

/**
 * Finishes a FAILED playback again if its footage is still on this server's disk. The row becomes PROCESSING; the
 * database's trigger playbacks_queue_finishing then queues the job for finishing/finisher.ts.
 * @returns the playback's id
 * @throws RequestError FORBIDDEN, NOT_FOUND, or CONFLICT if it is not FAILED or has no footage on disk
 */
export async function retryPlayback(
  { db, now, holdsFootage }: Pick<Parts, 'db' | 'now' | 'holdsFootage'>,
  caller: Caller,
  given: string,
): Promise<{ readonly id: string }> {
  demand(caller, 'RECORD');
  const { id, recordingStatus } = await visiblePlayback(db, caller, given);
  if (recordingStatus !== 'FAILED') {
    throw conflict(`The playback ${id} is ${recordingStatus}; only one that is FAILED can be retried.`);
  }
  if (!(await holdsFootage(id))) {
    throw conflict(`The playback ${id} cannot be retried: no footage of it is held.`);
  }
  await retry(db, id, now());
  return { id };
}
