import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Lets few through at a time and none too soon after the one before. A start of ffmpeg costs about 0.2 s of a
 * core; 64 at once took 9 s until the first byte of each, one after the other 0.45 s (FACTS-recording 6).
 */
export class Turnstile {
  readonly #apartMs: number;
  #free: number;
  #nextAt = 0;
  #waiting: (() => void)[] = [];

  constructor(options: { atOnce: number; apartMs: number }) {
    this.#free = options.atOnce;
    this.#apartMs = options.apartMs;
  }

  /**
   * Waits for a turn, or until the signal is aborted.
   * @returns what must be called when the work is over
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else if (!(await this.#turn(signal))) return () => {};
    const now = performance.now();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + this.#apartMs;
    if (at > now) await sleep(at - now, undefined, { signal }).catch(() => {});
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }

  /** @returns whether it came before the signal was aborted */
  #turn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isOurs: boolean) => {
        signal.removeEventListener('abort', giveUp);
        resolve(isOurs);
      };
      const take = () => settle(true);
      const giveUp = () => {
        this.#waiting = this.#waiting.filter((other) => other !== take);
        settle(false);
      };
      this.#waiting.push(take);
      signal.addEventListener('abort', giveUp);
      if (signal.aborted) giveUp();
    });
  }
}
