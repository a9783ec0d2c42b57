import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Lets few through at a time and none too soon after the one before. A start of ffmpeg costs about 0.2 s of a
 * core; 64 at once took 9 s until the first byte of each, one after the other 0.45 s (FACTS-recording 6).
 */
export class Turnstile {
  readonly #apartMs: number;
  #free: number;
  #nextAt = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: { atOnce: number; apartMs: number }) {
    this.#free = options.atOnce;
    this.#apartMs = options.apartMs;
  }

  /** Waits for a turn. @returns what must be called once when the work is over */
  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const now = performance.now();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + this.#apartMs;
    if (at > now) await sleep(at - now);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }
}
