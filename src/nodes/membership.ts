import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseClock } from '../db/database-clock.ts';
import { leaseSec, type NodeLease } from '../db/nodes.ts';
import type { Incarnation } from '../db/session.ts';
import type { Log } from '../log.ts';

export interface MembershipOptions {
  readonly lease: NodeLease;
  readonly self: Incarnation;
  readonly clock: DatabaseClock;
  /** The machine's own clock, with which the database's is compared, in epoch milliseconds. */
  readonly machineClock: () => number;
  readonly log: Log;
}

const everyMs = 1_000;
/** If an answer takes longer than this, the database may have been away meanwhile. */
const slowMs = 1_500;

/**
 * Keeps this server's lease with a heartbeat a second. The answer to a heartbeat also says the database's time. When
 * the server ends, it ends the lease. While the database is away, the server goes on; it has to end only when another
 * server has taken its place.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #stop = new AbortController();
  #beating: Promise<void> = Promise.resolve();
  /** Since when each heartbeat was answered in time by the same run of the database, in steady milliseconds. */
  #reached = { since: 0, until: Number.NEGATIVE_INFINITY, databaseStartedAt: 0 };
  /** Why this server takes no recording now; undefined: nobody has said how to find that out. */
  #problem: (() => string | undefined) | undefined;
  #replace: (message: string) => void = () => {};
  /**
   * Resolves with the reason, as a sentence, once this server has to end because another one has its place, or because
   * it is too old for the database.
   */
  readonly replaced = new Promise<string>((resolve) => {
    this.#replace = resolve;
  });

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Resolves after the first heartbeat. @throws Error if the database does not answer */
  async start(): Promise<void> {
    await this.#beatOnce();
    this.#beating = this.#keepBeating();
  }

  /**
   * Tells the other nodes with each heartbeat why this server takes no recording, so that they take its cameras.
   * Resolves when they are told.
   * @param problem part of a sentence; undefined: it takes some
   * @throws Error if the database does not answer
   */
  async tellProblem(problem: () => string | undefined): Promise<void> {
    this.#problem = problem;
    await this.#beatOnce();
  }

  /**
   * Whether the database answered for the length of a whole lease without a break: then a node without a heartbeat is
   * lost. After a break, the leases of all nodes have expired although none of them is lost.
   */
  get mayDeclareLost(): boolean {
    const { since, until } = this.#reached;
    return until - since >= leaseSec * 1_000 && performance.now() - until < everyMs + slowMs;
  }

  async #keepBeating(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => {}); // aborted by close
      if (signal.aborted) return;
      const isReplaced = await this.#beatOnce().catch((error) => {
        this.#options.log.debug({ error }, 'a heartbeat failed; trying again');
        return false;
      });
      if (isReplaced) return;
    }
  }

  /** @returns whether this server has to end */
  async #beatOnce(): Promise<boolean> {
    const { lease, self, clock, machineClock, log } = this.#options;
    const before = machineClock();
    const at = performance.now();
    const beat = await lease.beat(this.#problem && (this.#problem() ?? null));
    if (beat && !beat.isTooOld) {
      clock.note({ before, database: beat.now, after: machineClock() });
      this.#noteReached(at, beat.databaseStartedAt);
      return false;
    }
    const message = beat
      ? 'A newer version works with this database, which this version cannot work with any more. This server ends.'
      : `Another server has taken the place of this one (node ${self.nodeId}) in the database. This one can write ` +
        'nothing more, and ends; what it has recorded stays in its spool.';
    log.error({ nodeId: self.nodeId, incarnation: `${self.incarnation}` }, message);
    this.#replace(message);
    return true;
  }

  /** @param sentAt when the heartbeat was sent, in steady milliseconds */
  #noteReached(sentAt: number, databaseStartedAt: number): void {
    const now = performance.now();
    const { until, since } = this.#reached;
    const isUnbroken =
      now - until < everyMs + slowMs &&
      now - sentAt < slowMs &&
      this.#reached.databaseStartedAt === databaseStartedAt;
    this.#reached = { since: isUnbroken ? since : now, until: now, databaseStartedAt };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#beating;
    const { lease, log } = this.#options;
    await lease.leave().catch((error) => log.debug({ error }, 'the lease ends by itself'));
    await lease.close();
  }
}
