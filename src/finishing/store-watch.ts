import { setTimeout as sleep } from 'node:timers/promises';
import { asFailure, type RecordingFailure } from '../domain/failures.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';

/** How often the store is given a test object: while it takes them, and while it does not. */
const everyMs = { fine: 30_000, troubled: 5_000 };
/** Whoever asks again within this time is told the same. */
const freshMs = 1_000;

/** The store takes no objects now, whatever they are: whoever has one waits. */
export class StoreAway extends Error {
  constructor(problem: RecordingFailure) {
    super(problem.message, { cause: problem });
    this.name = 'StoreAway';
  }
}

/**
 * Whether the store takes objects. What keeps it from that (no answer, a missing bucket, wrong credentials, a wrong
 * clock) is a state of the store and no fault of a clip: clips wait until it takes the test object again.
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

  /** @throws StoreAway while the store takes no objects */
  demand(): void {
    if (this.#problem) throw new StoreAway(this.#problem);
  }

  /** Is called each time the store takes objects again. */
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
      const pauseMs = this.#problem ? everyMs.troubled : everyMs.fine;
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Gives the store a test object, unless that was done within the last second. Never rejects. */
  async look(): Promise<void> {
    if (performance.now() - this.#lookedAt > freshMs) await this.#lookOnce();
  }

  /**
   * To be called after a fault that was met with one object: resolves where the store takes others, so that the fault
   * is that object's.
   * @throws StoreAway where it is the store's
   */
  async demandAfterFault(): Promise<void> {
    // A look that began before the fault proves nothing.
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
      const { code, message, cause } = this.#problem;
      this.#log.error({ code, error: message, cause }, 'the store takes no objects; clips wait for it');
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
