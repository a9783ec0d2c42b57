import type { Caller } from '../domain/caller.ts';
import { RequestError } from '../domain/errors.ts';

/** How many events a key may report at once, as a share of its events per minute. */
const burstShare = 1 / 6;

/**
 * Limits how many events each key may report (a token bucket): `perMinute` as the average, and ten seconds' worth at
 * once.
 * @returns a function that counts one event; throws RequestError RATE_LIMITED with the time until the next is accepted
 */
export function limitEvents(perMinute: number, now: () => number): (caller: Caller) => void {
  const perMs = perMinute / 60_000;
  const size = Math.max(1, perMinute * burstShare);
  const fullAfterMs = size / perMs;
  /** By the name of the key: how many events it could still report at the time `at`. Least recently used first. */
  const buckets = new Map<string, { left: number; at: number }>();
  const forgetFull = (at: number) => {
    for (const [name, bucket] of buckets) {
      if (at - bucket.at < fullAfterMs) return;
      buckets.delete(name);
    }
  };
  return ({ name }) => {
    const at = now();
    forgetFull(at);
    const bucket = buckets.get(name) ?? { left: size, at };
    const left = Math.min(size, bucket.left + Math.max(0, at - bucket.at) * perMs);
    buckets.delete(name);
    buckets.set(name, { left: left >= 1 ? left - 1 : left, at });
    if (left >= 1) return;
    const retryAfterMs = Math.ceil((1 - left) / perMs);
    throw new RequestError(
      'RATE_LIMITED',
      `More than ${perMinute} events in a minute were reported with this key; try again in ${retryAfterMs} ms.`,
      { retryAfterMs },
    );
  };
}
