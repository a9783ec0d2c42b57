/**
 * Lets in so many at a time, and of each name its share; the others wait. Names take turns, so that who asks for much
 * waits behind itself and not in front of others.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #perName: number;
  readonly #inside = new Map<string, number>();
  /** The name whose turn was longest ago first. */
  readonly #waiting = new Map<string, ((release: () => void) => void)[]>();
  #count = 0;

  constructor(limits: { atOnce: number; perName: number }) {
    this.#atOnce = limits.atOnce;
    this.#perName = limits.perName;
  }

  /** @returns to be called when it is over; safe to repeat */
  async enter(name: string): Promise<() => void> {
    if (this.#hasRoom(name) && !this.#waiting.has(name)) return this.#letIn(name);
    return new Promise((resolve) => {
      const line = this.#waiting.get(name);
      if (line) line.push(resolve);
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
      // In a turn of the event loop of its own: a long line of waiting calls must not keep it from reading.
      if (this.#waiting.size > 0) setImmediate(() => this.#next());
    };
  }

  #next(): void {
    for (const [name, line] of this.#waiting) {
      if (!this.#hasRoom(name)) continue;
      this.#waiting.delete(name);
      const resolve = line.shift()!;
      if (line.length > 0) this.#waiting.set(name, line);
      resolve(this.#letIn(name));
      return;
    }
  }
}
