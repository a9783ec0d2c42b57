import type { Db } from '../db/client.ts';
import { canResume } from '../db/transition-retention.ts';
import {
  endBelow,
  horizon,
  isAfter,
  matches,
  type Position,
  presentTransitions,
  type Transition,
  type TransitionFilter,
} from '../db/transitions.ts';
import { RequestError } from '../domain/errors.ts';
import { Queue } from './queue.ts';
import type { TransitionPages } from './transition-pages.ts';

/** Transitions that wait in memory for a subscriber. One that is further behind reads them from the table. */
export const maxWaiting = 1_000;
/** Who is behind and takes nothing for so long has stalled. One that is merely slow takes something now and then. */
const stalledMs = 5_000;

/**
 * One subscriber's transitions. It reads the table from its position on until nothing is left below the horizon, and
 * from there on it is given what comes (`offer`). When more waits than its queue holds, it reads the table again.
 */
export class TransitionStream implements AsyncIterableIterator<Transition> {
  readonly #db: Db;
  readonly #pages: TransitionPages;
  readonly #filter: TransitionFilter;
  readonly #onEnd: (stream: TransitionStream) => void;
  readonly #queue = new Queue<Transition>(maxWaiting, (transition) => {
    this.#position = transition;
    this.#tookAt = performance.now();
  });
  /** Up to here everything was read, or came. undefined: it begins with what is present. */
  #position: Position | undefined;
  #read: Transition[] = [];
  /** The table was read to its end. From then on the queue has the rest, unless it overflowed. */
  #isLive = false;
  #tookAt = performance.now();

  constructor(
    source: { db: Db; pages: TransitionPages },
    filter: TransitionFilter,
    after: Position | undefined,
    onEnd: (stream: TransitionStream) => void,
  ) {
    this.#db = source.db;
    this.#pages = source.pages;
    this.#filter = filter;
    this.#position = after;
    this.#onEnd = onEnd;
  }

  offer(transitions: readonly Transition[]): void {
    for (const transition of transitions) {
      if (matches(this.#filter, transition) && this.#isNew(transition)) this.#queue.push(transition);
    }
  }

  /** What comes may have been read already. While the table is read, that is not known yet. */
  #isNew(transition: Transition): boolean {
    return !this.#isLive || !this.#position || isAfter(transition, this.#position);
  }

  /** What next() gives without waiting for anything. */
  get atHand(): readonly Transition[] {
    return this.#read.length > 0 ? this.#read : this.#queue.items;
  }

  /** How many wait in memory; as many as there may be where more wait in the table. */
  get behind(): number {
    return this.#isBehind ? maxWaiting : this.atHand.length;
  }

  get #isBehind(): boolean {
    return !this.#queue.ended && (!this.#isLive || this.#queue.overflowed);
  }

  /** Ten thousand who are up to date wait here: for the queue's promise, and for no other around it. */
  next(): Promise<IteratorResult<Transition>> {
    return this.#isBehind || this.#read.length > 0 ? this.#readNext() : this.#queue.next();
  }

  async #readNext(): Promise<IteratorResult<Transition>> {
    this.#demandLively();
    for (;;) {
      const value = this.#read.shift();
      if (value) {
        this.#tookAt = performance.now();
        return { value, done: false };
      }
      if (!this.#isBehind) return this.#queue.next();
      await this.#readOn();
    }
  }

  #demandLively(): void {
    if (!this.#isBehind || performance.now() - this.#tookAt < stalledMs) return;
    throw new RequestError(
      'SUBSCRIBER_LAGGED',
      'This subscriber took nothing while many transitions came; subscribe again with the last cursor as "after".',
    );
  }

  async #readOn(): Promise<void> {
    // What is offered from here on is above the horizon that is read next, or read with this page.
    this.#queue.clear();
    this.#isLive = false;
    if (this.#position === undefined) {
      const below = await horizon(this.#db);
      this.#read = await presentTransitions(this.#db, this.#filter, below);
      this.#goLive(endBelow(below));
      return;
    }
    const { transitions, isLast } = await this.#pages.after(this.#position);
    await this.#demandResumable(this.#position);
    this.#read = transitions.filter((transition) => matches(this.#filter, transition));
    const readTo = transitions.at(-1) ?? this.#position;
    if (isLast) this.#goLive(readTo);
    else this.#position = readTo;
  }

  #goLive(readTo: Position): void {
    this.#position = readTo;
    this.#isLive = true;
    this.#queue.keep((transition) => this.#isNew(transition));
  }

  /** Looked up after reading: what was removed before is missing in what was read. */
  async #demandResumable(from: Position): Promise<void> {
    if (await canResume(this.#db, from)) return;
    throw new RequestError(
      'CURSOR_EXPIRED',
      'Transitions since this cursor have been removed; subscribe without "after" to begin with the present ones.',
    );
  }

  async return(): Promise<IteratorResult<Transition>> {
    this.#onEnd(this);
    this.#queue.end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
