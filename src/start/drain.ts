import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { handOver } from '../nodes/hand-over.ts';
import type { Admission } from '../recording/admission.ts';
import type { EnteredDatabase } from './database.ts';

export interface DrainOptions {
  readonly drainSec: number;
  readonly database: EnteredDatabase;
  readonly admission: Admission;
  readonly log: Log;
}

/** How long a server is not ready before it closes its connections, at least: load balancers have to see it. */
const unreadyMs = 2_000;

/** What a server does between SIGTERM and its closing: it is not ready, still answers, and hands its work over. */
export class Drain {
  readonly #options: DrainOptions;
  #hasBegun = false;

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  /** Whether the server is about to end, and so is not ready any more. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Resolves when it is time to close: after DRAIN_SEC, or once everything is handed over to other nodes. */
  async run(): Promise<void> {
    this.#hasBegun = true;
    const { drainSec, database, admission, log } = this.#options;
    const { db, lease, self, isAlone } = database;
    const withinMs = drainSec * 1_000;
    // A server that works alone begins no more recordings. Beside other nodes, it goes on until they have taken over.
    if (isAlone) admission.drain();
    const handedOver = isAlone ? sleep(withinMs) : handOver({ db, lease, self, log, withinMs });
    await Promise.all([handedOver, sleep(Math.min(withinMs, unreadyMs))]);
    admission.drain();
  }
}
