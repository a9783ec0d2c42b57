/**
 * A bounded queue between one producer and one consumer. Written by hand because of what the ready-made ones do
 * when a consumer stalls: Yoga's repeater throws an uncaught error beyond 1,024 items and takes the server down
 * (graphql-yoga#3692), and an async generator that waits does not react to return().
 */
export class Queue<T> {
  readonly #limit: number;
  readonly #onGive: (item: T) => void;
  #items: T[] = [];
  #waiting: ((result: IteratorResult<T>) => void) | undefined;
  #overflowed = false;
  #ended = false;

  /** @param onGive called with each item when the consumer gets it */
  constructor(limit: number, onGive: (item: T) => void = () => {}) {
    this.#limit = limit;
    this.#onGive = onGive;
  }

  /** When it is full, it drops everything and takes nothing more until it is cleared. */
  push(item: T): void {
    if (this.#ended || this.#overflowed) return;
    if (this.#waiting) {
      this.#onGive(item);
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

  /** Something that was pushed since it was cleared is not in it any more. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Of what waits, only what `isWanted` says. */
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
      this.#onGive(value);
      return Promise.resolve({ value, done: false });
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}
