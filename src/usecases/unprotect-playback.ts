import { liftProtection } from '../db/protection.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { visiblePlayback } from './find-visible.ts';
import type { Parts } from './parts.ts';

/**
 * Lifts the protection of a playback. A second call changes nothing.
 * @returns the playback's id
 * @throws RequestError FORBIDDEN, NOT_FOUND
 */
export async function unprotectPlayback(
  { db, note }: Pick<Parts, 'db' | 'note'>,
  caller: Caller,
  given: string,
): Promise<{ readonly id: string }> {
  demand(caller, 'RECORD');
  const { id, protectedAt, protectionReason } = await visiblePlayback(db, caller, given);
  if (!protectedAt) return { id };
  await liftProtection(db, id);
  note(
    { playbackId: id, by: caller.name, reason: protectionReason },
    'the protection of a playback was lifted',
  );
  return { id };
}
