import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { removeExpired } from '../db/playback-removal.ts';
import type { Log } from '../log.ts';

export interface RetentionOptions {
  readonly db: Db;
  /** Age in days at which playbacks are deleted; undefined: never. */
  readonly days: number | undefined;
  readonly log: Log;
  readonly now: () => number;
  /** Called after removals were added for the objects of deleted playbacks. */
  readonly onRemoved: () => void;
}

const everyMs = 10 * 60_000;
const dayMs = 24 * 3_600_000;
/** Playbacks per transaction, small enough not to delay others for long, and the pause between two transactions. */
const batch = 1_000;
const pauseMs = 150;

/** Deletes COMPLETED playbacks older than RETENTION_DAYS, in batches of one transaction each (docs/design.md 6.4). */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#options.days !== undefined) this.#running ??= this.#run(this.#options.days);
  }

  async #run(days: number): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#sweep(days).catch((error: Error) =>
        log.warn({ error }, 'expired playbacks cannot be removed now; trying again later'),
      );
      await sleep(everyMs, undefined, { signal }).catch(() => {}); // aborted by close
    }
  }

  async #sweep(days: number): Promise<void> {
    const { db, now, log, onRemoved } = this.#options;
    const { signal } = this.#stop;
    const before = new Date(now() - days * dayMs);
    let total = 0;
    for (let removed = batch; removed === batch && !signal.aborted; ) {
      removed = await removeExpired(db, before, batch);
      total += removed;
      if (removed > 0) onRemoved();
      await sleep(pauseMs, undefined, { signal }).catch(() => {}); // aborted by close
    }
    if (total > 0) log.info({ playbacks: total, before }, 'expired playbacks were removed');
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
