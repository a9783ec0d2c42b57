// A correct subscriber: it resumes by its cursor whenever its connection ends, and keeps everything that it received.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type Stream } from '../support/app/client.ts';

export interface Received {
  readonly playbackId: string;
  readonly from: string | null;
  readonly to: string;
  readonly at: string;
  readonly cursor: string;
}

interface Item {
  readonly playbackStatusChanged: Received & { readonly playback: { readonly id: string } };
}

const subscription = `subscription($after: String) {
  playbackStatusChanged(after: $after) { from to at cursor playback { id } }
}`;

export class Subscriber {
  readonly received: Received[] = [];
  /** How many times a connection other than the first delivered something. */
  resumed = 0;
  readonly #url: () => string;
  #stream: Stream<Item> | undefined;
  #isOver = false;
  readonly #running: Promise<void>;

  /** @param url the present address of the server */
  constructor(url: () => string) {
    this.#url = url;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const client = connectClient(this.#url());
      const before = this.received.length;
      try {
        this.#stream = client.subscribe<Item>(subscription, { after: this.received.at(-1)?.cursor });
        while (!this.#isOver) {
          const { playbackStatusChanged: it } = await this.#stream.next();
          const { from, to, at, cursor, playback } = it;
          if (before > 0 && this.received.length === before) this.resumed++;
          this.received.push({ playbackId: playback.id, from, to, at, cursor });
        }
      } catch {
        // The server is down, or nothing happened for a while: subscribe again after the cursor.
        await sleep(50);
      }
      await client.close();
    }
  }

  /** Ends its connection, as a network failure does. */
  interrupt(): void {
    this.#stream?.stop();
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#stream?.stop();
    await this.#running;
  }
}
