import pg from 'pg';
import type { Log } from '../log.ts';

export interface Listener {
  close(): Promise<void>;
}

/** For connecting, and of silence before the connection is probed: one that is gone without a word is noticed. */
const patienceMs = 10_000;

/**
 * Listens for NOTIFY on one connection of its own (it must not go through a transaction pooler) and connects
 * again when the connection is lost. What was sent meanwhile is gone: `connect` is called after every connect, so
 * that listeners look at the tables, which are the truth; where it rejects, the connection is made again.
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
      fresh.end().catch(() => {});
      if (closed) return;
      log.warn(
        { error: error?.message },
        'the connection that listens for notifications is lost; connecting again',
      );
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
      await client?.end().catch(() => {});
    },
  };
}
