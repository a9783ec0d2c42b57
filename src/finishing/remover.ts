import type { Db } from '../db/client.ts';
import { forgetRemovals } from '../db/playbacks.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';

const pollMs = 30_000;
/** After a fault of the store or the database. */
const retryMs = 2_000;
const batch = 2_000;
/** Side by side: objects are removed one by one from a bucket. */
const lanes = 2;

/** Removes the objects of deleted playbacks: what is noted in store_removals, until the store has taken it. */
export class Remover {
  readonly #options: { db: Db; store: Store; log: Log };
  #poll: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: { db: Db; store: Store; log: Log }) {
    this.#options = options;
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
    const { db, store, log } = this.#options;
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        const noted = await db.storeRemoval.findMany({ orderBy: { createdAt: 'asc' }, take: batch });
        // In order, so that each lane works in folders of its own.
        const keys = noted.map(({ key }) => key).sort();
        if (keys.length === 0) continue;
        const share = Math.ceil(keys.length / lanes);
        const shares = Array.from({ length: lanes }, (_, i) => keys.slice(i * share, (i + 1) * share));
        await Promise.all(shares.filter((s) => s.length > 0).map((s) => store.removeAll(s)));
        await forgetRemovals(db, keys);
        if (noted.length === batch) this.#again = true;
      }
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'objects cannot be removed now; trying again');
      clearTimeout(this.#retry);
      if (!this.#closed) this.#retry = setTimeout(() => this.nudge(), retryMs);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#retry);
    await this.#working;
  }
}
