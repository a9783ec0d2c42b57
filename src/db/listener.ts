import { EventEmitter } from 'node:events';
import pg from 'pg';
import type { Log } from '../log.ts';

/** The channels of NOTIFY. */
const channels = [
  /** A node has written transitions. The payload is its id. */
  'flashback_transitions',
  /** The state of a camera has changed. The payload is the camera's id. */
  'flashback_cameras',
  /** The bucket has more of a recording. The payload is the playback's id. */
  'flashback_offsite',
  /** A node has other cameras than before. The payload is its id. */
  'flashback_feeds',
  /** API keys have changed. The payload is not used. */
  'flashback_keys',
] as const;
export type Channel = (typeof channels)[number];

/** The time limit for connecting, and the silence after which TCP probes the connection. */
const patienceMs = 10_000;

/**
 * Listens for NOTIFY on a connection of its own, which must not go through a transaction pooler, and connects again
 * when the connection is lost. Notifications that are sent meanwhile are lost.
 */
export class Listener {
  readonly #url: string;
  readonly #log: Log;
  readonly #emitter = new EventEmitter();
  readonly #catchUps: (() => Promise<void> | void)[] = [];
  #client: pg.Client | undefined;
  #isListening = false;
  #first: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ url, log }: { readonly url: string; readonly log: Log }) {
    this.#url = url;
    this.#log = log;
  }

  /** Whether notifications arrive at present. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Passes each notification's payload to `take` from now on. */
  on(channel: Channel, take: (payload: string) => void): void {
    this.#emitter.on(channel, take);
  }

  /**
   * Calls `catchUp` after every connect from now on. It should read the tables, because notifications may have been lost.
   * If it rejects, the connection is made again.
   */
  onConnect(catchUp: () => Promise<void> | void): void {
    this.#catchUps.push(catchUp);
  }

  start(): void {
    this.#first = this.#connect();
  }

  /** Notifies all listeners of the database, this one too. @throws Error if there is no connection at present */
  async notify(channel: Channel, payload: string): Promise<void> {
    if (!this.#client || !this.#isListening) throw new Error('There is no connection for notifications.');
    await this.#client.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#first;
    await this.#client?.end().catch(() => {}); // the connection is lost already
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: patienceMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: patienceMs,
    });
    this.#client = client;
    let lost = false;
    const lose = (error?: Error) => {
      if (lost) return;
      lost = true;
      this.#isListening = false;
      client.end().catch(() => {}); // the connection is lost already
      if (this.#closed) return;
      this.#log.warn({ error }, 'the connection for notifications is lost; connecting again');
      this.#retry = setTimeout(() => this.#connect(), 1_000);
    };
    client.on('error', lose);
    client.on('end', () => lose());
    client.on('notification', ({ channel, payload }) => this.#emitter.emit(channel, payload ?? ''));
    try {
      await client.connect();
      for (const channel of channels) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      this.#isListening = !lost;
      await Promise.all(this.#catchUps.map(async (catchUp) => catchUp()));
    } catch (error) {
      lose(error as Error);
    }
  }
}
