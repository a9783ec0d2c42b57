import { Queue } from './queue.ts';

/**
 * Sends the ids of cameras, or of playbacks, that changed to subscribers. An id that already waits in a subscriber's
 * queue is not queued again: so a queue is never longer than the list of all ids.
 */
export class ChangeHub {
  readonly #all: () => Promise<string[]>;
  readonly #subscribers = new Set<(id: string) => void>();

  /** @param options.all reads the ids of all cameras, or of all playbacks */
  constructor({ all }: { all: () => Promise<string[]> }) {
    this.#all = all;
  }

  publish(id: string): void {
    for (const notify of this.#subscribers) notify(id);
  }

  /** Publishes the ids of all cameras or playbacks, because changes may have been missed. */
  async publishAll(): Promise<void> {
    for (const id of await this.#all()) this.publish(id);
  }

  /**
   * Yields the ids of all cameras or playbacks, then the id of each one that changes.
   * @param isWanted ids for which it returns false are left out
   */
  subscribe(isWanted: (id: string) => boolean): AsyncIterableIterator<string> {
    const all = this.#all;
    const waiting = new Set<string>();
    const queue = new Queue<string>(Number.POSITIVE_INFINITY);
    const notify = (id: string) => {
      if (!isWanted(id) || waiting.has(id)) return;
      waiting.add(id);
      queue.push(id);
    };
    const subscribers = this.#subscribers;
    subscribers.add(notify);
    let begun = false;
    return {
      async next() {
        if (!begun) {
          begun = true;
          for (const id of await all()) notify(id);
        }
        const result = await queue.next();
        if (!result.done) waiting.delete(result.value);
        return result;
      },
      async return() {
        subscribers.delete(notify);
        queue.end();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
