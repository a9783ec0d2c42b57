/**
 * Limits how many calls run at a time, in total and per name; the others wait. Each name that waits gets one call
 * through before any name gets a second one. So a name with many calls delays only itself.
 */
export class FairLimit {
  readonly #atOnce: number;
  readonly #perName: number;
  readonly #inside = new Map<string, number>();
  /** Waiting calls by name; the name that was served longest ago comes first. */
  readonly #waiting = new Map<string, ((release: () => void) => void)[]>();
  #count = 0;

  constructor(limits: { atOnce: number; perName: number }) {
    this.#atOnce = limits.atOnce;
    this.#perName = limits.perName;
  }

  /**
   * Waits until a call of this name may run.
   * @returns must be called when the call has run; calling it again does nothing
   */
  async enter(name: string): Promise<() => void> {
    if (this.#hasRoom(name) && !this.#waiting.has(name)) return this.#letIn(name);
    return new Promise((resolve) => {
      const queue = this.#waiting.get(name);
      if (queue) queue.push(resolve);
      else this.#waiting.set(name, [resolve]);
    });
  }

  #hasRoom(name: string): boolean {
    return this.#count < this.#atOnce && (this.#inside.get(name) ?? 0) < this.#perName;
  }

  #letIn(name: string): () => void {
    this.#count++;
    this.#inside.set(name, (this.#inside.get(name) ?? 0) + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#count--;
      const left = this.#inside.get(name)! - 1;
      if (left > 0) this.#inside.set(name, left);
      else this.#inside.delete(name);
      // In another turn of the event loop, so that a long queue of waiting calls does not block it.
      if (this.#waiting.size > 0) setImmediate(() => this.#next());
    };
  }

  #next(): void {
    for (const [name, queue] of this.#waiting) {
      if (!this.#hasRoom(name)) continue;
      this.#waiting.delete(name);
      const resolve = queue.shift()!;
      if (queue.length > 0) this.#waiting.set(name, queue);
      resolve(this.#letIn(name));
      return;
    }
  }
}
