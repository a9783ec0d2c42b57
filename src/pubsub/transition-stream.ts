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
  readonly #queue = new Queue<Transition>(maxWaiting);
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
      if (matches(this.#filter, transition)) this.#queue.push(transition);
    }
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
    return !this.#isLive || this.#queue.overflowed;
  }

  async next(): Promise<IteratorResult<Transition>> {
    try {
      this.#demandLively();
      return await this.#next();
    } catch (error) {
      // Nobody asks an iterator that threw to return.
      return this.throw(error);
    }
  }

  async #next(): Promise<IteratorResult<Transition>> {
    for (;;) {
      const read = this.#read.shift();
      if (read) return this.#give(read);
      if (this.#isBehind && !this.#queue.ended) {
        await this.#readOn();
        continue;
      }
      const result = await this.#queue.next();
      if (result.done) return result;
      // What came while the table was read may have been read as well.
      if (this.#position && !isAfter(result.value, this.#position)) continue;
      this.#position = result.value;
      return this.#give(result.value);
    }
  }

  #give(value: Transition): IteratorResult<Transition> {
    this.#tookAt = performance.now();
    return { value, done: false };
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
    if (this.#position === undefined) {
      const below = await horizon(this.#db);
      this.#read = await presentTransitions(this.#db, this.#filter, below);
      this.#position = endBelow(below);
      this.#isLive = true;
      return;
    }
    const { transitions, isLast } = await this.#pages.after(this.#position);
    await this.#demandResumable(this.#position);
    this.#read = transitions.filter((transition) => matches(this.#filter, transition));
    this.#position = transitions.at(-1) ?? this.#position;
    this.#isLive = isLast;
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

  async throw(error: unknown): Promise<IteratorResult<Transition>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
