import { z } from 'zod';
import { saveProtection } from '../db/protection.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { notFound } from '../domain/errors.ts';
import { visiblePlayback } from './find-visible.ts';
import { textOf, validate } from './input.ts';
import type { Parts } from './parts.ts';

const rules = z.object({ reason: textOf(500) });

/**
 * Protects a playback, with any status: nothing deletes it until its protection is lifted. A second call replaces the
 * reason.
 * @returns the playback's id
 * @throws RequestError FORBIDDEN, BAD_USER_INPUT, NOT_FOUND
 */
export async function protectPlayback(
  { db, now, inTurn, note }: Pick<Parts, 'db' | 'now' | 'inTurn' | 'note'>,
  caller: Caller,
  { id: given, ...rest }: { readonly id: string; readonly reason: string },
): Promise<{ readonly id: string }> {
  demand(caller, 'RECORD');
  const { reason } = validate(rules, rest, []);
  const { id } = await visiblePlayback(db, caller, given);
  // If it is being deleted, that comes first.
  const isThere = await inTurn.run(id, () => saveProtection(db, id, { reason, by: caller.name, at: now() }));
  if (!isThere) throw notFound('playback', given);
  note({ playbackId: id, by: caller.name, reason }, 'a playback was protected');
  return { id };
}
