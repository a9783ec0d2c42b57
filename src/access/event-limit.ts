import type { Caller } from '../domain/caller.ts';
import { type EventRate, tooManyEvents } from '../domain/event-rate.ts';

interface Bucket {
  /** How many events the key could still report at the time `at`. */
  readonly left: number;
  readonly at: number;
}

/**
 * Limits how many calls of createEvent each key may make at this node. It keeps floods from the database, which counts
 * the events that are written, over all nodes (db/events.ts).
 */
export class EventLimit {
  readonly #rate: EventRate;
  readonly #now: () => number;
  /** By the name of the key. Least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: EventRate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  get #perMs(): number {
    return this.#rate.perMinute / 60_000;
  }

  /** Counts a call. @throws RequestError RATE_LIMITED with the time until the next is accepted */
  take({ name }: Caller): void {
    const at = this.#now();
    this.#forgetFull(at);
    const { burst } = this.#rate;
    const bucket = this.#buckets.get(name) ?? { left: burst, at };
    const left = Math.min(burst, bucket.left + Math.max(0, at - bucket.at) * this.#perMs);
    this.#set(name, { left: left >= 1 ? left - 1 : left, at });
    if (left < 1) throw tooManyEvents(this.#rate, Math.ceil((1 - left) / this.#perMs));
  }

  /** The database has refused an event of this key: until then, its calls are refused here. */
  refuse({ name }: Caller, forMs: number): void {
    this.#set(name, { left: 1 - forMs * this.#perMs, at: this.#now() });
  }

  #set(name: string, bucket: Bucket): void {
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
  }

  #forgetFull(at: number): void {
    const fullAfterMs = this.#rate.burst / this.#perMs;
    for (const [name, bucket] of this.#buckets) {
      if (at - bucket.at < fullAfterMs) return;
      this.#buckets.delete(name);
    }
  }
}
