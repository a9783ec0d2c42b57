/** What came of one try: finished for good, or the fault may pass and it is tried again. */
export type Outcome = 'done' | 'later';

export interface QueueOptions {
  /** How many are worked on side by side. */
  readonly atOnce: number;
  /** Never rejects. */
  readonly work: (id: string, signal: AbortSignal) => Promise<Outcome>;
  readonly now: () => number;
}

interface Item {
  readonly id: string;
  readonly cameraId: string;
  /** When it was added, in epoch milliseconds. */
  readonly since: number;
  attempts: number;
  retry: NodeJS.Timeout | undefined;
  job: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
}

/** A store that is away comes back: there is no last try, only a longest pause. */
const pauseMs = { first: 1_000, most: 30_000 };

/**
 * Playbacks that wait for the store, in memory: rows in PROCESSING are what survives. Fair between cameras: the
 * one with the fewest under way comes next, then the one that was served longest ago. Each fault doubles its
 * playback's pause. From a fault to the next success only one at a time asks whether the store is back; the success
 * ends all pauses, so that nobody sleeps through its return.
 */
export class FinishingQueue {
  readonly #options: QueueOptions;
  readonly #items = new Map<string, Item>();
  /** Cameras by when they were served last, the most recent at the end. */
  readonly #served = new Set<string>();
  #isFaulty = false;
  #closed = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  add(id: string, cameraId: string): void {
    if (this.#closed || this.#items.has(id)) return;
    const since = this.#options.now();
    this.#items.set(id, { id, cameraId, since, attempts: 0, retry: undefined, job: undefined });
    this.#next();
  }

  /** Playbacks that wait or are worked on. */
  get depth(): number {
    return this.#items.size;
  }

  /** How long the oldest has been here, in milliseconds. */
  get oldestMs(): number {
    const oldest = this.#items.values().next().value;
    return oldest ? this.#options.now() - oldest.since : 0;
  }

  /** Takes it out; resolves when nothing of it is under way any more. */
  async discard(id: string): Promise<void> {
    const item = this.#items.get(id);
    if (!item) return;
    clearTimeout(item.retry);
    this.#items.delete(id);
    item.job?.abort.abort();
    await item.job?.done;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#items.keys()].map((id) => this.discard(id)));
  }

  #next(): void {
    while (!this.#closed) {
      const running = [...this.#items.values()].filter((item) => item.job);
      if (running.length >= (this.#isFaulty ? 1 : this.#options.atOnce)) return;
      const item = this.#choose(running);
      if (!item) return;
      this.#served.delete(item.cameraId);
      this.#served.add(item.cameraId);
      const abort = new AbortController();
      item.job = { abort, done: this.#work(item, abort.signal) };
    }
  }

  #choose(running: readonly Item[]): Item | undefined {
    const order = [...this.#served];
    const rank = ({ cameraId }: Item) =>
      running.filter((other) => other.cameraId === cameraId).length * (order.length + 1) +
      (order.indexOf(cameraId) + 1);
    let best: { item: Item; rank: number } | undefined;
    for (const item of this.#items.values()) {
      if (item.job || item.retry) continue;
      const of = rank(item);
      if (!best || of < best.rank) best = { item, rank: of };
    }
    return best?.item;
  }

  async #work(item: Item, signal: AbortSignal): Promise<void> {
    const outcome = await this.#options.work(item.id, signal);
    item.job = undefined;
    if (this.#items.get(item.id) === item) {
      if (outcome === 'later') this.#retryLater(item);
      else this.#items.delete(item.id);
      if (outcome === 'done' && this.#isFaulty) this.#wake();
      this.#isFaulty = outcome === 'later';
    }
    if (![...this.#items.values()].some((other) => other.cameraId === item.cameraId)) {
      this.#served.delete(item.cameraId);
    }
    this.#next();
  }

  #retryLater(item: Item): void {
    item.attempts++;
    const pause = Math.min(pauseMs.first * 2 ** (item.attempts - 1), pauseMs.most);
    item.retry = setTimeout(() => this.#resume(item), pause * (0.75 + Math.random() / 2));
  }

  #wake(): void {
    for (const item of this.#items.values()) if (item.retry) this.#resume(item);
  }

  #resume(item: Item): void {
    clearTimeout(item.retry);
    item.retry = undefined;
    this.#next();
  }
}
