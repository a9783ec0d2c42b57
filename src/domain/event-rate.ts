import { RequestError } from './errors.ts';

/** How many events a key may report at once, as a share of its events per minute. */
const burstShare = 1 / 6;

/** How fast each key may report events (a token bucket). */
export interface EventRate {
  readonly perMinute: number;
  /** How many events at once. */
  readonly burst: number;
}

/** @returns the rate with `perMinute` as the average, and ten seconds' worth at once */
export const eventRate = (perMinute: number): EventRate => ({
  perMinute,
  burst: Math.max(1, perMinute * burstShare),
});

/** The error for a key that has reported too many events. */
export const tooManyEvents = ({ perMinute }: EventRate, retryAfterMs: number) =>
  new RequestError(
    'RATE_LIMITED',
    `More than ${perMinute} events in a minute were reported with this key; try again in ${retryAfterMs} ms.`,
    { retryAfterMs },
  );
