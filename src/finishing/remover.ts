import type { Db } from '../db/client.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';

const pollMs = 30_000;
const batch = 100;

/** Removes the objects of deleted playbacks: what is noted in store_removals, until the store has taken it. */
export class Remover {
  readonly #options: { db: Db; store: Store; log: Log };
  #poll: NodeJS.Timeout | undefined;
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
        const removals = await db.storeRemoval.findMany({ orderBy: { createdAt: 'asc' }, take: batch });
        await Promise.all(removals.map(({ key }) => store.remove(key)));
        await db.storeRemoval.deleteMany({ where: { key: { in: removals.map((r) => r.key) } } });
        if (removals.length === batch) this.#again = true;
      }
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'objects cannot be removed now; trying again');
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    await this.#working;
  }
}
