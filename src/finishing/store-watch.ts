import { setTimeout as sleep } from 'node:timers/promises';
import { asFailure, type RecordingFailure } from '../domain/failures.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';

/** How often a test object is written: while the store takes objects, and while it does not. */
const everyMs = { healthy: 30_000, failing: 5_000 };
/** `look` writes no new test object if the last one was written less than this long ago (ms). */
const freshMs = 1_000;

/** The store takes no objects at present, so that clips have to wait. */
export class StoreAway extends Error {
  constructor(problem: RecordingFailure) {
    super(problem.message, { cause: problem });
    this.name = 'StoreAway';
  }
}

/**
 * Watches whether the store takes objects, by writing a test object. While it does not (no answer, a missing bucket, wrong
 * credentials, a wrong clock), clips are not the cause and wait until the store takes the test object again.
 */
export class StoreWatch {
  readonly #store: Store;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #onBack = new Set<() => void>();
  #problem: RecordingFailure | undefined;
  #looking: Promise<void> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #wake = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(store: Store, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Why the store takes no objects; undefined while it does. */
  get problem(): RecordingFailure | undefined {
    return this.#problem;
  }

  /** @throws StoreAway if the store takes no objects */
  demand(): void {
    if (this.#problem) throw new StoreAway(this.#problem);
  }

  /** @param listener called each time the store takes objects again */
  onBack(listener: () => void): void {
    this.#onBack.add(listener);
  }

  start(): void {
    this.#watching = this.#watch();
  }

  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#lookOnce();
      this.#wake = new AbortController();
      const signal = AbortSignal.any([this.#stop.signal, this.#wake.signal]);
      const pauseMs = this.#problem ? everyMs.failing : everyMs.healthy;
      await sleep(pauseMs, undefined, { signal }).catch(() => {}); // aborted by close, or by demandAfterError
    }
  }

  /** Writes a test object, unless that was done within the last second. Never rejects. */
  async look(): Promise<void> {
    if (performance.now() - this.#lookedAt > freshMs) await this.#lookOnce();
  }

  /**
   * Call it after an error with one object. Resolves if the store takes a test object: then the error concerns that
   * object only.
   * @throws StoreAway if the store takes no objects
   */
  async demandAfterError(): Promise<void> {
    // The result of a look that began before the error does not count.
    await this.#looking;
    await this.#lookOnce();
    if (this.#problem) this.#wake.abort();
    this.demand();
  }

  #lookOnce(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const before = this.#problem;
    this.#problem = await this.#store.check().then(() => undefined, asFailure);
    this.#lookedAt = performance.now();
    if (this.#stop.signal.aborted) return;
    if (this.#problem && this.#problem.message !== before?.message) {
      const { code } = this.#problem;
      this.#log.error({ code, error: this.#problem }, 'the store takes no objects; clips wait for it');
    }
    if (before && !this.#problem) {
      this.#log.info({}, 'the store takes objects again');
      for (const listener of this.#onBack) listener();
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }
}
