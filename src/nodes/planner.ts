import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { planOwners, readPlanFacts } from '../db/owners.ts';
import type { Log } from '../log.ts';
import type { Membership } from './membership.ts';

const everyMs = 1_000;
/**
 * How often the nodes plan although nothing has changed: a camera that could not move while it was recorded may move now.
 * Each node plans after so many times this as there are live nodes.
 */
const anywayMs = 10_000;

/**
 * Looks once a second whether the live nodes have changed or a camera has no owner, and then plans who feeds which camera
 * (db/owners.ts). Every node does that; only one at a time plans.
 */
export class Planner {
  readonly #options: { readonly db: Db; readonly membership: Membership; readonly log: Log };
  readonly #stop = new AbortController();
  #planning: Promise<void> = Promise.resolve();
  #last: Promise<void> = Promise.resolve();
  #planned = { live: '', at: Number.NEGATIVE_INFINITY };

  constructor(options: { db: Db; membership: Membership; log: Log }) {
    this.#options = options;
  }

  /** Resolves after the first round. */
  async start(): Promise<void> {
    await this.#round();
    this.#planning = this.#keepPlanning();
  }

  async #keepPlanning(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => {}); // aborted by close
      if (signal.aborted) return;
      await this.#round().catch((error: Error) =>
        this.#options.log.warn({ error }, 'who feeds which camera cannot be planned; trying again'),
      );
    }
  }

  /** Plans now, because there is a new camera. Never rejects: the next round plans again. */
  async plan(): Promise<void> {
    await this.#plan().catch((error: Error) =>
      this.#options.log.warn({ error }, 'who feeds a new camera cannot be planned; trying again'),
    );
  }

  /** Rounds run one after the other: a round plans nothing while another one holds the lock. */
  #plan(): Promise<void> {
    const { db, membership } = this.#options;
    const planning = this.#last.then(() => planOwners(db, membership));
    this.#last = planning.catch(() => {}); // its caller gets the error
    return planning;
  }

  async #round(): Promise<void> {
    const { live, isOwnerMissing } = await readPlanFacts(this.#options.db);
    const at = performance.now();
    if (
      !isOwnerMissing &&
      live === this.#planned.live &&
      at - this.#planned.at < anywayMs * live.split(',').length
    )
      return;
    await this.#plan();
    this.#planned = { live, at };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#planning;
  }
}
