import type { Camera } from '../generated/prisma/client.ts';
import { badField } from './input.ts';

/** The times of events that callers give, checked against the server's clock. */

/** The clocks of two machines in a network differ. A time that is ahead by at most this counts as now. */
const clockSkewMs = 1_000;

/** The longest lease and the longest recording, in seconds: a day. */
export const longestSec = 86_400;

export const secondsAfter = (time: Date, seconds: number): Date => new Date(time.getTime() + seconds * 1_000);

/**
 * The start of an event.
 * @param given undefined: now
 * @param recordedBy the camera that records the event; its pre-roll has to reach back to the start. undefined if
 *   the event is not recorded
 * @throws RequestError BAD_USER_INPUT
 */
export function startOf(given: Date | undefined, now: Date, recordedBy: Camera | undefined): Date {
  if (!given) return now;
  const agoMs = now.getTime() - given.getTime();
  if (agoMs < -clockSkewMs)
    throw badField(
      'startedAt',
      `Expected a moment that is not in the future; it is now ${now.toISOString()}.`,
    );
  if (recordedBy && agoMs > recordedBy.preRollSec * 1_000 + clockSkewMs) {
    const reach = `the camera’s pre-roll of ${recordedBy.preRollSec} seconds`;
    throw badField(
      'startedAt',
      `It lies ${(agoMs / 1_000).toFixed(1)} seconds back; expected a moment that ${reach} reaches.`,
    );
  }
  return agoMs < 0 ? now : given;
}

/**
 * The end of an event.
 * @param given undefined or null: now
 * @throws RequestError BAD_USER_INPUT
 */
export function endOf(given: Date | null | undefined, now: Date, startedAt: Date): Date {
  if (!given) return now;
  if (given.getTime() > now.getTime() + clockSkewMs) {
    throw badField('endedAt', `Expected a moment that is not in the future; it is now ${now.toISOString()}.`);
  }
  if (given < startedAt)
    throw badField('endedAt', `Expected a moment not before the event’s start, ${startedAt.toISOString()}.`);
  return given > now ? now : given;
}
