import { z } from 'zod';
import { saveLease } from '../db/events.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { conflict } from '../domain/errors.ts';
import type { Event } from '../generated/prisma/client.ts';
import { longestSec, secondsAfter } from './event-times.ts';
import { visibleEvent } from './find-visible.ts';
import { validate, wholeNumber } from './input.ts';
import type { Parts } from './parts.ts';

const rules = z.object({ leaseSec: wholeNumber(1, longestSec) });

/**
 * Renews the lease of an event, from now on.
 * @throws RequestError FORBIDDEN, BAD_USER_INPUT, NOT_FOUND, or CONFLICT if the event has ended
 */
export async function renewEvent(
  { db, now }: Pick<Parts, 'db' | 'now'>,
  caller: Caller,
  { id, ...given }: { readonly id: string; readonly leaseSec: number },
): Promise<Event> {
  demand(caller, 'REPORT');
  const { leaseSec } = validate(rules, given);
  const event = await visibleEvent(db, caller, id);
  const renewed = await saveLease(db, event.id, secondsAfter(now(), leaseSec));
  if (renewed) return renewed;
  throw conflict(`The event ${id} has ended; its lease cannot be renewed. Report a new event.`);
}
