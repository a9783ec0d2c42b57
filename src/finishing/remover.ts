import type { Db } from '../db/client.ts';
import { dueRemovals, forgetRemovals, putOffRemovals } from '../db/removals.ts';
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

/** What was put off is due at any time. */
const pollMs = 5_000;
const batch = 2_000;
/** Side by side: objects are removed one by one from a bucket. */
const lanes = 2;

/**
 * Removes the objects of deleted playbacks: what is noted in store_removals, until the store has taken it. An object
 * that the store refuses to remove (it is locked, say) keeps no other from being removed.
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

  /** Something was noted for removal. */
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
        const left = await this.#remove(due.map(({ key }) => key));
        await forgetRemovals(
          db,
          due.map(({ key }) => key).filter((key) => !left.has(key)),
        );
        if (left.size > 0) {
          await storeWatch.demandAfterFault();
          await putOffRemovals(db, [...left.keys()]);
          this.#tell(left, new Set(due.filter(({ tries }) => tries === 0).map(({ key }) => key)));
        }
        if (due.length === batch) this.#again = true;
      }
    } catch (error) {
      // The watch has told of it, and nudges when the store is back.
      if (error instanceof StoreAway) return;
      log.warn({ error: (error as Error).message }, 'objects cannot be removed now; trying again');
    }
  }

  /** @returns those that were not removed, with why */
  async #remove(keys: readonly string[]): Promise<Map<string, RecordingFailure>> {
    // In order, so that each lane works in folders of its own.
    const sorted = [...keys].sort();
    const share = Math.ceil(sorted.length / lanes);
    const shares = Array.from({ length: lanes }, (_, i) => sorted.slice(i * share, (i + 1) * share));
    const left = await Promise.all(
      shares.filter((some) => some.length > 0).map((some) => this.#options.store.removeAll(some)),
    );
    return new Map(left.flatMap((some) => [...some]));
  }

  /** Once for each object: it may be refused for years. */
  #tell(left: ReadonlyMap<string, RecordingFailure>, untold: ReadonlySet<string>): void {
    const [first, ...others] = [...left].filter(([key]) => untold.has(key));
    if (!first) return;
    const [key, { message: error }] = first;
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
