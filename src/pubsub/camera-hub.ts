import { Queue } from './queue.ts';

/**
 * Sends the ids of cameras whose state changed to subscribers. A camera that already waits in a subscriber's queue is not
 * queued again, so that a queue is never longer than the list of cameras.
 */
export class CameraHub {
  readonly #all: () => Promise<string[]>;
  readonly #subscribers = new Set<(cameraId: string) => void>();

  /** @param options.all reads the ids of all cameras */
  constructor({ all }: { all: () => Promise<string[]> }) {
    this.#all = all;
  }

  publish(cameraId: string): void {
    for (const notify of this.#subscribers) notify(cameraId);
  }

  /** Publishes every camera, because changes may have been missed. */
  async publishAll(): Promise<void> {
    for (const id of await this.#all()) this.publish(id);
  }

  /**
   * Yields the ids of all cameras, then the id of each camera whose state changes.
   * @param isWanted cameras for which it returns false are left out
   */
  subscribe(isWanted: (cameraId: string) => boolean): AsyncIterableIterator<string> {
    const all = this.#all;
    const waiting = new Set<string>();
    const queue = new Queue<string>(Number.POSITIVE_INFINITY);
    const notify = (cameraId: string) => {
      if (!isWanted(cameraId) || waiting.has(cameraId)) return;
      waiting.add(cameraId);
      queue.push(cameraId);
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
