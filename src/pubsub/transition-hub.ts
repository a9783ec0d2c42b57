import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { removeOldTransitions, settleRestored } from '../db/transition-retention.ts';
import {
  endBelow,
  horizon,
  type Position,
  type Transition,
  type TransitionFilter,
  transitionsAfter,
} from '../db/transitions.ts';
import type { RecordingStatus } from '../domain/status.ts';
import type { Log } from '../log.ts';
import { pageSize, TransitionPages } from './transition-pages.ts';
import { TransitionStream } from './transition-stream.ts';

/** The safety net where a notification was lost. */
const pollMs = 2_000;
/** Rows at or above the horizon wait for another transaction's commit, which notifies nobody but itself. */
const horizonRetryMs = 10;
/**
 * Each commit notifies, and each event commits twice while it is being answered: what comes within this is read
 * together, and not in the middle of answering.
 */
const gatherMs = 5;
/** Subscribers that are told in one go. In between others get their turn, and what these wait for is sent. */
const toldAtOnce = 250;
const removalEveryMs = 3_600_000;
const dayMs = 86_400_000;

/**
 * Transitions out to subscribers (DESIGN 7). The table is the truth; `nudge` is called on NOTIFY and is only a
 * hint. One reader per process follows the table below the horizon and offers every row, in order, to all
 * subscribers.
 */
export class TransitionHub {
  readonly #db: Db;
  readonly #log: Log;
  readonly #pages: TransitionPages;
  readonly #subscribers = new Set<TransitionStream>();
  /** How many transitions to each status came by since the start. */
  readonly seen = new Map<RecordingStatus, number>();
  #position: Position = endBelow(1n);
  #reading: Promise<void> | undefined;
  #again = false;
  readonly #keepDays: number | undefined;
  readonly #now: () => number;
  #poll: NodeJS.Timeout | undefined;
  #removal: NodeJS.Timeout | undefined;
  #removing: Promise<void> = Promise.resolve();
  #closed = false;

  /**
   * @param options.keepDays age at which transitions are removed; undefined: never
   * @param options.now by which their age is told, in epoch milliseconds
   */
  constructor(options: { db: Db; log: Log; keepDays: number | undefined; now: () => number }) {
    this.#now = options.now;
    this.#keepDays = options.keepDays;
    this.#db = options.db;
    this.#log = options.log;
    this.#pages = new TransitionPages(options.db);
  }

  async start(): Promise<void> {
    await settleRestored(this.#db);
    this.#position = endBelow(await horizon(this.#db));
    this.#poll = setInterval(() => this.nudge(), pollMs);
    this.#removeOld();
    this.#removal = setInterval(() => this.#removeOld(), removalEveryMs);
  }

  #removeOld(): void {
    if (this.#keepDays === undefined) return;
    const before = new Date(this.#now() - this.#keepDays * dayMs);
    this.#removing = removeOldTransitions(this.#db, before).then(
      (count) => this.#log.debug({ count }, 'old transitions removed'),
      (error: Error) => this.#log.warn({ error: error.message }, 'old transitions cannot be removed'),
    );
  }

  /** Looks for new transitions soon. Cheap; calls while a read is under way lead to one more read. */
  nudge(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      if (this.#again) this.nudge();
    });
  }

  async #read(): Promise<void> {
    while (this.#again && !this.#closed) {
      await sleep(gatherMs);
      this.#again = false;
      try {
        const { transitions, isMoreBehind } = await transitionsAfter(this.#db, this.#position, pageSize);
        for (const transition of transitions) this.#note(transition);
        this.#position = transitions.at(-1) ?? this.#position;
        await this.#tell(transitions);
        if (transitions.length === pageSize) this.#again = true;
        else if (isMoreBehind) setTimeout(() => this.nudge(), horizonRetryMs);
      } catch (error) {
        this.#log.warn({ error: (error as Error).message }, 'transitions cannot be read; trying again');
        return;
      }
    }
  }

  #note(transition: Transition): void {
    this.seen.set(transition.to, (this.seen.get(transition.to) ?? 0) + 1);
    this.#log.info(
      {
        playbackId: transition.playbackId,
        cameraId: transition.cameraId,
        eventId: transition.eventId,
        from: transition.from,
        to: transition.to,
      },
      'transition',
    );
  }

  async #tell(transitions: readonly Transition[]): Promise<void> {
    if (transitions.length === 0) return;
    let told = 0;
    for (const subscriber of this.#subscribers) {
      subscriber.offer(transitions);
      if (++told % toldAtOnce === 0) await nextTurn();
    }
  }

  /**
   * Without `after`: what is present now, then live. With it: everything since, then live (contract,
   * playbackStatusChanged). Nothing between the two parts is lost or doubled: the subscriber is registered before
   * the first part is read.
   */
  subscribe(filter: TransitionFilter, after: Position | undefined): TransitionStream {
    const source = { db: this.#db, pages: this.#pages };
    const stream = new TransitionStream(source, filter, after, (it) => this.#subscribers.delete(it));
    this.#subscribers.add(stream);
    return stream;
  }

  /** Transitions that wait for the slowest subscriber. */
  get mostBehind(): number {
    return Math.max(0, ...[...this.#subscribers].map(({ behind }) => behind));
  }

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearInterval(this.#removal);
    await this.#removing;
    for (const subscriber of [...this.#subscribers]) await subscriber.return();
    await this.#reading;
  }
}
