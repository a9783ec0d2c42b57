import pg from 'pg';
import type { Log } from '../log.ts';

export interface Listener {
  /** Whether notifications arrive at present. */
  readonly isListening: boolean;
  /** Notifies all listeners of the database, this one too. @throws Error if there is no connection at present */
  notify(channel: string, payload: string): Promise<void>;
  close(): Promise<void>;
}

/** The time limit for connecting, and the silence after which TCP probes the connection. */
const patienceMs = 10_000;

/**
 * Listens for NOTIFY on a connection of its own, which must not go through a transaction pooler, and connects again
 * when the connection is lost. Notifications that are sent meanwhile are lost.
 * @param options.onConnect called after every connect. It should read the tables, because of lost notifications. If it
 *   rejects, the connection is made again
 * @param options.on what to do with a notification's payload, by channel
 */
export function listen(options: {
  readonly url: string;
  readonly log: Log;
  readonly onConnect: () => Promise<void>;
  readonly on: Readonly<Record<string, (payload: string) => void>>;
}): Listener {
  const { url, log, onConnect, on } = options;
  let closed = false;
  let client: pg.Client | undefined;
  let isListening = false;
  let retry: NodeJS.Timeout | undefined;

  async function connect() {
    const fresh = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: patienceMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: patienceMs,
    });
    client = fresh;
    let lost = false;
    const lose = (error?: Error) => {
      if (lost) return;
      lost = true;
      isListening = false;
      fresh.end().catch(() => {}); // the connection is lost already
      if (closed) return;
      log.warn({ error }, 'the connection for notifications is lost; connecting again');
      retry = setTimeout(connect, 1_000);
    };
    fresh.on('error', lose);
    fresh.on('end', () => lose());
    fresh.on('notification', ({ channel, payload }) => on[channel]?.(payload ?? ''));
    try {
      await fresh.connect();
      for (const channel of Object.keys(on)) await fresh.query(`LISTEN ${fresh.escapeIdentifier(channel)}`);
      isListening = !lost;
      await onConnect();
    } catch (error) {
      lose(error as Error);
    }
  }

  const first = connect();
  return {
    get isListening() {
      return isListening;
    },
    async notify(channel, payload) {
      if (!client || !isListening) throw new Error('There is no connection for notifications.');
      await client.query('SELECT pg_notify($1, $2)', [channel, payload]);
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await first;
      await client?.end().catch(() => {}); // the connection is lost already
    },
  };
}
