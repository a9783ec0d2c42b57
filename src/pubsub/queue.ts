/**
 * A bounded queue between one producer and one consumer. Existing libraries do not cope with a consumer that has
 * stalled: Yoga's repeater throws an uncaught error beyond 1,024 items, which ends the server (graphql-yoga#3692), and
 * an async generator that waits does not react to return().
 */
export class Queue<T> {
  readonly #limit: number;
  readonly #onTake: (item: T) => void;
  #items: T[] = [];
  #waiting: ((result: IteratorResult<T>) => void) | undefined;
  #overflowed = false;
  #ended = false;

  /** @param onTake called with each item when the consumer takes it */
  constructor(limit: number, onTake: (item: T) => void = () => {}) {
    this.#limit = limit;
    this.#onTake = onTake;
  }

  /** Adds an item. A full queue drops all its items, and every item that follows, until it is cleared. */
  push(item: T): void {
    if (this.#ended || this.#overflowed) return;
    if (this.#waiting) {
      this.#onTake(item);
      this.#waiting({ value: item, done: false });
      this.#waiting = undefined;
    } else if (this.#items.length < this.#limit) {
      this.#items.push(item);
    } else {
      this.clear();
      this.#overflowed = true;
    }
  }

  get items(): readonly T[] {
    return this.#items;
  }

  /** Whether items have been dropped since the queue was last cleared. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Removes the items for which `isWanted` returns false. */
  keep(isWanted: (item: T) => boolean): void {
    this.#items = this.#items.filter(isWanted);
  }

  clear(): void {
    this.#items = [];
    this.#overflowed = false;
  }

  end(): void {
    this.#ended = true;
    this.clear();
    this.#waiting?.({ value: undefined, done: true });
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#items.length > 0) {
      const value = this.#items.shift() as T;
      this.#onTake(value);
      return Promise.resolve({ value, done: false });
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}
