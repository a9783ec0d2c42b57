/**
 * Milliseconds of a clock that nobody sets. Feeds and recordings measure by it, so that setting the machine's clock
 * moves no footage.
 */
export const steadyNow = (): number => performance.now();

/**
 * @param now the wall clock, in epoch milliseconds
 * @returns the same, but never ahead of what it would be had nobody set it since this call: for what must not be deleted
 * before its time
 */
export function neverSetAhead(now: () => number): () => number {
  const clock = new WallClock(now);
  return () => Math.min(now(), clock.toWall(steadyNow()));
}

/** How far the wall clock must have moved against the steady one to have been set: what drifts moves less. */
const setByMs = 1_000;

/** The wall clock beside the steady one, as it stood at one moment. */
export class WallClock {
  readonly #now: () => number;
  readonly #aheadMs: number;

  /** @param now the wall clock, in epoch milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#aheadMs = now() - steadyNow();
  }

  toWall(steadyMs: number): number {
    return steadyMs + this.#aheadMs;
  }

  toSteady(wallMs: number): number {
    return wallMs - this.#aheadMs;
  }

  /** Whether somebody has set the wall clock since. */
  get wasSet(): boolean {
    return Math.abs(this.#now() - this.toWall(steadyNow())) > setByMs;
  }
}
