import { removePushSubscription } from '../db/push-subscriptions.ts';
import type { Caller } from '../domain/caller.ts';
import { isId } from './input.ts';
import type { Parts } from './parts.ts';

/** The browser of this subscription is told nothing any more. Safe to repeat; those of others are left alone. */
export async function deletePushSubscription(
  { db }: Pick<Parts, 'db'>,
  { name: person }: Caller,
  id: string,
): Promise<{ readonly id: string }> {
  if (isId(id)) await removePushSubscription(db, { id, person });
  return { id };
}
