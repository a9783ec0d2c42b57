import pg from 'pg';
import type { Log } from '../log.ts';

export interface Listener {
  close(): Promise<void>;
}

/** The time limit for connecting, and the silence after which TCP probes the connection. */
const patienceMs = 10_000;

/**
 * Listens for NOTIFY on a connection of its own, which must not go through a transaction pooler, and connects again when
 * the connection is lost. Notifications that are sent meanwhile are lost: so `on.connect` is called after every connect,
 * and should read the tables. If it rejects, the connection is made again.
 */
export function listen(
  options: { url: string; channels: readonly string[]; log: Log },
  on: { connect: () => Promise<void>; notification: (channel: string, payload: string) => void },
): Listener {
  const { url, channels, log } = options;
  let closed = false;
  let client: pg.Client | undefined;
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
      fresh.end().catch(() => {}); // the connection is lost already
      if (closed) return;
      log.warn({ error }, 'the connection for notifications is lost; connecting again');
      retry = setTimeout(connect, 1_000);
    };
    fresh.on('error', lose);
    fresh.on('end', () => lose());
    fresh.on('notification', (n) => on.notification(n.channel, n.payload ?? ''));
    try {
      await fresh.connect();
      for (const channel of channels) await fresh.query(`LISTEN ${fresh.escapeIdentifier(channel)}`);
      await on.connect();
    } catch (error) {
      lose(error as Error);
    }
  }

  const first = connect();
  return {
    async close() {
      closed = true;
      clearTimeout(retry);
      await first;
      await client?.end().catch(() => {}); // the connection is lost already
    },
  };
}
