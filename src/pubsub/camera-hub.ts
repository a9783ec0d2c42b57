import { Queue } from './queue.ts';

/** Tells subscribers which camera's state changed. A camera already waiting in a queue is not queued twice, so a
 * queue is bounded by the number of cameras. */
export class CameraHub {
  readonly #subscribers = new Set<(cameraId: string) => void>();

  publish(cameraId: string): void {
    for (const tell of this.#subscribers) tell(cameraId);
  }

  /**
   * First the ids of `present`, then the id of each camera as its state changes; only those that are wanted.
   */
  subscribe(
    isWanted: (cameraId: string) => boolean,
    present: () => Promise<string[]>,
  ): AsyncIterableIterator<string> {
    const waiting = new Set<string>();
    const queue = new Queue<string>(Number.POSITIVE_INFINITY);
    const tell = (cameraId: string) => {
      if (!isWanted(cameraId) || waiting.has(cameraId)) return;
      waiting.add(cameraId);
      queue.push(cameraId);
    };
    const subscribers = this.#subscribers;
    subscribers.add(tell);
    let begun = false;
    return {
      async next() {
        if (!begun) {
          begun = true;
          for (const id of await present()) tell(id);
        }
        const result = await queue.next();
        if (!result.done) waiting.delete(result.value);
        return result;
      },
      async return() {
        subscribers.delete(tell);
        queue.end();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
