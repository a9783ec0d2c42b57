import { z } from 'zod';
import { removeReviews, saveReviews } from '../db/reviews.ts';
import { visiblePlaybacks } from '../db/visible.ts';
import type { Caller } from '../domain/caller.ts';
import { isId, validate } from './input.ts';
import type { Parts } from './parts.ts';

/** The most playbacks in a call: as many as the largest page of a list has. */
const most = 100;
const expected = `Expected 1 to ${most} ids.`;
const rules = z.object({ ids: z.array(z.string()).min(1, expected).max(most, expected) });

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
