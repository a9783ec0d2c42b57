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

/** The longest backlog in memory, in transitions. A longer backlog is read from the table. */
export const maxWaiting = 1_000;
/**
 * A subscriber with a backlog that takes nothing for this long has stalled. A slow one takes something in this time.
 */
const stalledMs = 5_000;

/**
 * The transitions for one subscriber. The stream reads the table from its position up to the horizon, and then gets new
 * transitions through `offer`. If its queue overflows, it reads the table again.
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
  /** All transitions up to this position were read from the table or taken from the queue; undefined: none was yet. */
  #position: Position | undefined;
  /** Transitions that were read from the table and not taken yet. */
  #read: Transition[] = [];
  /** Whether the table was read up to the horizon. Later transitions are in the queue, unless it overflowed. */
  #isCaughtUp = false;
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

  /**
   * False for an offered transition that was already read from the table. While the table is being read, all offered
   * ones count as new.
   */
  #isNew(transition: Transition): boolean {
    return !this.#isCaughtUp || !this.#position || isAfter(transition, this.#position);
  }

  /** The transitions that next() returns without waiting. */
  get atHand(): readonly Transition[] {
    return this.#read.length > 0 ? this.#read : this.#queue.items;
  }

  /** The backlog, in transitions; `maxWaiting` if some of it is only in the table. */
  get backlog(): number {
    return this.#hasBacklogInTable ? maxWaiting : this.atHand.length;
  }

  get #hasBacklogInTable(): boolean {
    return !this.#queue.ended && (!this.#isCaughtUp || this.#queue.overflowed);
  }

  /** Not async: each of ten thousand subscribers without a backlog waits here, for one promise instead of two. */
  next(): Promise<IteratorResult<Transition>> {
    return this.#hasBacklogInTable || this.#read.length > 0 ? this.#readNext() : this.#queue.next();
  }

  async #readNext(): Promise<IteratorResult<Transition>> {
    this.#rejectIfStalled();
    for (;;) {
      const value = this.#read.shift();
      if (value) {
        this.#tookAt = performance.now();
        return { value, done: false };
      }
      if (!this.#hasBacklogInTable) return this.#queue.next();
      await this.#readMore();
    }
  }

  #rejectIfStalled(): void {
    if (!this.#hasBacklogInTable || performance.now() - this.#tookAt < stalledMs) return;
    throw new RequestError(
      'SUBSCRIBER_LAGGED',
      'This subscriber took nothing while many transitions came; subscribe again with the last cursor as "after".',
    );
  }

  async #readMore(): Promise<void> {
    // The queue can be cleared, because its transitions are in the table. Transitions that are offered from now on are
    // kept until #setCaughtUp.
    this.#queue.clear();
    this.#isCaughtUp = false;
    if (this.#position === undefined) {
      const below = await horizon(this.#db);
      this.#read = await presentTransitions(this.#db, this.#filter, below);
      this.#setCaughtUp(endBelow(below));
      return;
    }
    const { transitions, isLast } = await this.#pages.after(this.#position);
    await this.#rejectIfExpired(this.#position);
    this.#read = transitions.filter((transition) => matches(this.#filter, transition));
    const readTo = transitions.at(-1) ?? this.#position;
    if (isLast) this.#setCaughtUp(readTo);
    else this.#position = readTo;
  }

  #setCaughtUp(readTo: Position): void {
    this.#position = readTo;
    this.#isCaughtUp = true;
    this.#queue.keep((transition) => this.#isNew(transition));
  }

  /** Called after the page was read: transitions that were removed before that are missing in the page. */
  async #rejectIfExpired(from: Position): Promise<void> {
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
