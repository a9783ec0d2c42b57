import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { canResume, removeOldTransitions } from '../db/transition-retention.ts';
import {
  horizon,
  matches,
  type Position,
  presentTransitions,
  type Transition,
  type TransitionFilter,
  transitionsAfter,
} from '../db/transitions.ts';
import { RequestError } from '../domain/errors.ts';
import type { RecordingStatus } from '../domain/status.ts';
import type { Log } from '../log.ts';
import { Queue } from './queue.ts';

/** Transitions that a subscriber may be behind before it is told to resume by cursor. */
const maxBehind = 1_000;
const pageSize = 500;
/** The safety net where a notification was lost. */
const pollMs = 2_000;
/** Rows at or above the horizon wait for another transaction's commit, which notifies nobody but itself. */
const horizonRetryMs = 10;
/**
 * Each commit notifies, and each event commits twice while it is being answered: what comes within this is read
 * together, and not in the middle of answering.
 */
const gatherMs = 5;
/** A burst is handed out no faster than subscribers take it, but nobody waits for one that has stalled. */
const paceMs = 5;
const paceLimitMs = 250;
const removalEveryMs = 3_600_000;
const dayMs = 86_400_000;

interface Subscriber {
  readonly filter: TransitionFilter;
  readonly queue: Queue<Transition>;
}

/**
 * Transitions out to subscribers (DESIGN 7). The table is the truth; `nudge` is called on NOTIFY and is only a
 * hint. One reader per process follows the table below the horizon and hands every row, in order, to all
 * subscribers that match.
 */
export class TransitionHub {
  readonly #db: Db;
  readonly #log: Log;
  readonly #subscribers = new Set<Subscriber>();
  /** How many transitions to each status came by since the start. */
  readonly seen = new Map<RecordingStatus, number>();
  #position: Position = { xid: 0n, id: 0n };
  #reading: Promise<void> | undefined;
  #again = false;
  readonly #keepDays: number | undefined;
  #poll: NodeJS.Timeout | undefined;
  #removal: NodeJS.Timeout | undefined;
  #removing: Promise<void> = Promise.resolve();
  #closed = false;

  /** @param options.keepDays age at which transitions are removed; undefined: never */
  constructor(options: { db: Db; log: Log; keepDays: number | undefined }) {
    this.#keepDays = options.keepDays;
    this.#db = options.db;
    this.#log = options.log;
  }

  async start(): Promise<void> {
    this.#position = { xid: await horizon(this.#db), id: 0n };
    this.#poll = setInterval(() => this.nudge(), pollMs);
    this.#removeOld();
    this.#removal = setInterval(() => this.#removeOld(), removalEveryMs);
  }

  #removeOld(): void {
    if (this.#keepDays === undefined) return;
    const before = new Date(Date.now() - this.#keepDays * dayMs);
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
        for (const transition of transitions) this.#deliver(transition);
        this.#position = transitions.at(-1) ?? this.#position;
        await this.#pace();
        if (transitions.length === pageSize) this.#again = true;
        else if (isMoreBehind) setTimeout(() => this.nudge(), horizonRetryMs);
      } catch (error) {
        this.#log.warn({ error: (error as Error).message }, 'transitions cannot be read; trying again');
        return;
      }
    }
  }

  async #pace(): Promise<void> {
    const isBehind = () => [...this.#subscribers].some(({ queue }) => queue.length > maxBehind - pageSize);
    for (let waited = 0; waited < paceLimitMs && isBehind(); waited += paceMs) await sleep(paceMs);
  }

  #deliver(transition: Transition): void {
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
    for (const subscriber of this.#subscribers) {
      if (!matches(subscriber.filter, transition) || subscriber.queue.push(transition)) continue;
      this.#subscribers.delete(subscriber);
      subscriber.queue.fail(
        new RequestError(
          'SUBSCRIBER_LAGGED',
          `This subscriber is more than ${maxBehind} transitions behind; subscribe again with the last cursor as "after".`,
        ),
      );
    }
  }

  /**
   * Without `after`: what is present now, then live. With it: everything since, then live (contract,
   * playbackStatusChanged). Nothing between the two parts is lost or doubled: the subscriber is registered before
   * the first part is read, which ends at a horizon where the second begins.
   */
  subscribe(filter: TransitionFilter, after: Position | undefined): AsyncIterableIterator<Transition> {
    return new TransitionStream(this.#db, this.#subscribers, filter, after);
  }

  /** Transitions that wait for the slowest subscriber. */
  get mostBehind(): number {
    return Math.max(0, ...[...this.#subscribers].map(({ queue }) => queue.length));
  }

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearInterval(this.#removal);
    await this.#removing;
    for (const subscriber of this.#subscribers) subscriber.queue.end();
    this.#subscribers.clear();
    await this.#reading;
  }
}

class TransitionStream implements AsyncIterableIterator<Transition> {
  readonly #db: Db;
  readonly #registry: Set<Subscriber>;
  readonly #subscriber: Subscriber;
  #after: Position | undefined;
  #replay: Transition[] = [];
  #liveFrom: bigint | undefined;

  constructor(db: Db, registry: Set<Subscriber>, filter: TransitionFilter, after: Position | undefined) {
    this.#db = db;
    this.#registry = registry;
    this.#subscriber = { filter, queue: new Queue<Transition>(maxBehind) };
    this.#after = after;
    registry.add(this.#subscriber);
  }

  async next(): Promise<IteratorResult<Transition>> {
    for (;;) {
      const replayed = this.#replay.shift();
      if (replayed) return { value: replayed, done: false };
      if (this.#liveFrom === undefined) {
        await this.#demandResumable();
        await this.#readReplay();
        continue;
      }
      const result = await this.#subscriber.queue.next();
      if (result.done || result.value.xid >= this.#liveFrom) return result;
    }
  }

  async #demandResumable(): Promise<void> {
    if (!this.#after || (await canResume(this.#db, this.#after))) return;
    await this.return();
    throw new RequestError(
      'CURSOR_EXPIRED',
      'Transitions since this cursor have been removed; subscribe without "after" to begin with the present ones.',
    );
  }

  async #readReplay(): Promise<void> {
    const { filter, queue } = this.#subscriber;
    // What arrives from here on is above the horizon that is read next, or read with this page.
    queue.clear();
    if (this.#after === undefined) {
      const below = await horizon(this.#db);
      this.#replay = await presentTransitions(this.#db, filter, below);
      this.#liveFrom = below;
      return;
    }
    const { transitions, below } = await transitionsAfter(this.#db, this.#after, pageSize);
    this.#replay = transitions.filter((t) => matches(filter, t));
    this.#after = transitions.at(-1) ?? this.#after;
    if (transitions.length < pageSize) this.#liveFrom = below;
  }

  async return(): Promise<IteratorResult<Transition>> {
    this.#registry.delete(this.#subscriber);
    this.#subscriber.queue.end();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<IteratorResult<Transition>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
