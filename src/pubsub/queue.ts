/**
 * A bounded queue between one producer and one consumer. Written by hand because of what the ready-made ones do
 * when a consumer stalls: Yoga's repeater throws an uncaught error beyond 1,024 items and takes the server down
 * (graphql-yoga#3692), and an async generator that waits does not react to return().
 */
export class Queue<T> {
  readonly #limit: number;
  readonly #items: T[] = [];
  #waiting: ((result: IteratorResult<T>) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #error: Error | undefined;
  #ended = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns false when the queue is full; the item is not taken then */
  push(item: T): boolean {
    if (this.#ended || this.#error) return true;
    if (this.#waiting) {
      const deliver = this.#waiting;
      this.#waiting = undefined;
      deliver({ value: item, done: false });
      return true;
    }
    if (this.#items.length >= this.#limit) return false;
    this.#items.push(item);
    return true;
  }

  get length(): number {
    return this.#items.length;
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** The consumer's next() rejects with this, at once and for good; what was queued is dropped. */
  fail(error: Error): void {
    this.#error = error;
    this.clear();
    this.#reject?.(error);
    this.#waiting = undefined;
  }

  end(): void {
    this.#ended = true;
    this.clear();
    this.#waiting?.({ value: undefined, done: true });
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#error) return Promise.reject(this.#error);
    if (this.#items.length > 0) return Promise.resolve({ value: this.#items.shift() as T, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#reject = reject;
    });
  }
}
