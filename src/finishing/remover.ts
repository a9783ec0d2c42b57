import type { Db } from '../db/client.ts';
import { dueRemovals, forgetRemovals, putOffRemovals, type ToRemove } from '../db/removals.ts';
import type { RecordingFailure } from '../domain/failures.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';
import { StoreAway, type StoreWatch } from './store-watch.ts';

export interface RemoverOptions {
  readonly db: Db;
  readonly store: Store;
  readonly storeWatch: StoreWatch;
  readonly log: Log;
}

/** How often removals are looked for whose pause has ended. */
const pollMs = 10_000;
const batch = 2_000;
/** How many calls of `removeAll` run in parallel. A bucket may need a request for each object, so one alone is slow. */
const lanes = 2;

/**
 * Removes the objects of deleted playbacks. An object stays in the table store_removals until the store has removed it.
 * One that the store refuses to remove, for example because it is locked, does not delay the others.
 */
export class Remover {
  readonly #options: RemoverOptions;
  #poll: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: RemoverOptions) {
    this.#options = options;
    options.storeWatch.onBack(() => this.nudge());
  }

  start(): void {
    this.#poll = setInterval(() => this.nudge(), pollMs);
    this.nudge();
  }

  /** Call it after removals were added. */
  nudge(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    const { db, storeWatch, log } = this.#options;
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        if (storeWatch.problem) return;
        const due = await dueRemovals(db, batch);
        if (due.length === 0) continue;
        const left = await this.#remove(due);
        await forgetRemovals(
          db,
          due.map(({ key }) => key).filter((key) => !left.has(key)),
        );
        if (left.size > 0) {
          await storeWatch.demandAfterError();
          await putOffRemovals(db, [...left.keys()]);
          this.#logRefused(left, new Set(due.filter(({ tries }) => tries === 0).map(({ key }) => key)));
        }
        if (due.length === batch) this.#again = true;
      }
    } catch (error) {
      // The store watch has logged it, and calls nudge when the store takes objects again.
      if (error instanceof StoreAway) return;
      log.warn({ error }, 'objects cannot be removed now; trying again');
    }
  }

  /** @returns the keys that were not removed, with the reasons */
  async #remove(objects: readonly ToRemove[]): Promise<Map<string, RecordingFailure>> {
    // Sorted, so that the lanes work in different folders.
    const sorted = [...objects].sort((a, b) => (a.key < b.key ? -1 : 1));
    const share = Math.ceil(sorted.length / lanes);
    const shares = Array.from({ length: lanes }, (_, i) => sorted.slice(i * share, (i + 1) * share));
    const left = await Promise.all(
      shares.filter((some) => some.length > 0).map((some) => this.#options.store.removeAll(some)),
    );
    return new Map(left.flatMap((some) => [...some]));
  }

  /** Logs each refused object once: the store may refuse it for years. @param unlogged keys that failed for the first time */
  #logRefused(left: ReadonlyMap<string, RecordingFailure>, unlogged: ReadonlySet<string>): void {
    const [first, ...others] = [...left].filter(([key]) => unlogged.has(key));
    if (!first) return;
    const [key, error] = first;
    this.#options.log.warn(
      { key, error, others: others.length },
      'objects cannot be removed; each is tried again after a pause of up to an hour',
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    await this.#working;
  }
}
