import { setTimeout as sleep } from 'node:timers/promises';
import { retentionOfCameras } from '../db/cameras.ts';
import type { Db } from '../db/client.ts';
import { removeExpired } from '../db/playback-removal.ts';
import { type Expiry, expiriesOf } from '../domain/retention.ts';
import type { Log } from '../log.ts';

export interface RetentionOptions {
  readonly db: Db;
  /** Age in days at which playbacks are deleted if their camera has no rule about it; undefined: never. */
  readonly days: number | undefined;
  readonly log: Log;
  readonly now: () => number;
  /** Called after removals were added for the objects of deleted playbacks. */
  readonly onRemoved: () => void;
}

const everyMs = 10 * 60_000;
/** Playbacks per transaction: few enough not to delay other transactions for long. */
const batch = 1_000;
const pauseMs = 150;

/**
 * Deletes COMPLETED playbacks by RETENTION_DAYS and by the rules of their cameras (domain/retention.ts), in batches of one
 * transaction each (docs/design.md 6.4).
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#sweep().catch((error: Error) =>
        log.warn({ error }, 'expired playbacks cannot be removed now; trying again later'),
      );
      await sleep(everyMs, undefined, { signal }).catch(() => {}); // aborted by close
    }
  }

  async #sweep(): Promise<void> {
    const { db, days, now, log } = this.#options;
    for (const { id, rules } of await retentionOfCameras(db)) {
      let total = 0;
      for (const expiry of expiriesOf(id, rules, days, now())) total += await this.#remove(expiry);
      if (total > 0) log.info({ cameraId: id, playbacks: total }, 'expired playbacks were removed');
    }
  }

  /** @returns how many playbacks were deleted */
  async #remove(expiry: Expiry): Promise<number> {
    const { db, onRemoved } = this.#options;
    const { signal } = this.#stop;
    let total = 0;
    for (let removed = batch; removed === batch && !signal.aborted; ) {
      removed = await removeExpired(db, expiry, batch);
      total += removed;
      if (removed === 0) break;
      onRemoved();
      await sleep(pauseMs, undefined, { signal }).catch(() => {}); // aborted by close
    }
    return total;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
