/**
 * Milliseconds of a clock that nobody can set. Feeds and recordings measure with it, so that setting the machine's
 * clock does not move footage.
 */
export const steadyNow = (): number => performance.now();

/**
 * A clock for deletions, which must not come too early.
 * @param now the wall clock, in epoch milliseconds
 * @returns the wall clock, but never ahead of where it would be if nobody had set it since this call
 */
export function neverSetAhead(now: () => number): () => number {
  const clock = new WallClock(now);
  return () => Math.min(now(), clock.toWall(steadyNow()));
}

/** If the wall clock moves by more than this against the steady clock, somebody has set it. Drift is smaller. */
const setByMs = 1_000;

/** The wall clock as it stood at one moment, as an offset to the steady clock. */
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

  /** Whether somebody has set the wall clock since this object was made. */
  get wasSet(): boolean {
    return Math.abs(this.#now() - this.toWall(steadyNow())) > setByMs;
  }
}
