import { z } from 'zod';
import { removeReviews, saveReviews } from '../db/reviews.ts';
import { visiblePlaybacks } from '../db/visible.ts';
import type { Caller } from '../domain/caller.ts';
import { isId, severalIds, validate } from './input.ts';
import type { Parts } from './parts.ts';

const rules = z.object({ ids: severalIds });

/**
 * Marks playbacks as reviewed by the caller, or takes the marks back. Nobody else sees a caller's marks, so every role
 * may do this. Playbacks that are gone, or that the caller may not see, are left out.
 * @returns the ids of the playbacks that were marked
 * @throws RequestError BAD_USER_INPUT
 */
export async function reviewPlaybacks(
  { db, now }: Pick<Parts, 'db' | 'now'>,
  caller: Caller,
  { reviewed, ...given }: { readonly ids: readonly string[]; readonly reviewed: boolean },
): Promise<{ readonly ids: string[] }> {
  const wanted = validate(rules, given, []).ids.filter(isId);
  const where = { id: { in: wanted }, AND: [visiblePlaybacks({ caller })] };
  const ids = (await db.playback.findMany({ where, select: { id: true } })).map(({ id }) => id);
  if (reviewed) await saveReviews(db, caller.name, ids, now());
  else await removeReviews(db, caller.name, ids);
  return { ids };
}
