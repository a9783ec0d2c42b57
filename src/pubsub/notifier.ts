/** The shortest time between two notifications: each of them is a statement and wakes every node. */
const everyMs = 100;
/** createEvent commits twice; this gathers both. */
const gatherMs = 5;

/**
 * Tells the other nodes that this one has written transitions, at most ten times a second, and on no connection that
 * writes. A notification that cannot be sent is sent by the next `retry`: call that when the connection is back.
 */
export class Notifier {
  readonly #send: () => Promise<void>;
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #sentAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** @param options.send notifies the other nodes; may reject */
  constructor({ send }: { send: () => Promise<void> }) {
    this.#send = send;
  }

  /** Something was written. Sends a notification soon. */
  note(): void {
    this.#isDue = true;
    if (this.#timer || this.#closed) return;
    const waitMs = Math.max(gatherMs, this.#sentAt + everyMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#sending = this.#sendNow();
    }, waitMs);
  }

  /** Sends what an earlier try could not send. */
  retry(): void {
    if (this.#isDue) this.note();
  }

  async #sendNow(): Promise<void> {
    this.#isDue = false;
    this.#sentAt = performance.now();
    const isSent = await this.#send().then(
      () => true,
      () => false, // the connection is lost, and `retry` will be called
    );
    this.#timer = undefined;
    if (!isSent) this.#isDue = true;
    else if (this.#isDue) this.note();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#sending;
    // The last transitions of a server that ends, for example those of playbacks that it has handed over.
    if (this.#isDue) await this.#send().catch(() => {}); // the other nodes find them when they poll
  }
}
