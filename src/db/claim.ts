import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../log.ts';

export interface Claim {
  /** Why this server cannot be relied on now; undefined while the database is its own. */
  readonly problem: string | undefined;
  close(): Promise<void>;
}

interface Connection {
  readonly client: pg.Client;
  readonly lost: Promise<unknown>;
}

/** Any number that no other program takes at this database. */
const lock = 4_173_622_951;
const retryMs = 250;
/** With these, PostgreSQL notices within half a minute that a server's machine is gone, and its claim with it. */
const noticeLoss =
  'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4';
const taken = 'Another Flashback server works with this database.';

/**
 * Makes this the one server of the database, for as long as it runs: two would each record every camera, and one
 * would take the other's running recordings for interrupted ones. The claim is an advisory lock of a connection of
 * its own, so that it ends with the process, however that ends. A lost connection is made again.
 * @param options.waitMs how long a server before this one may take to end
 * @throws Error when another server has the database
 */
export async function claimDatabase(options: { url: string; log: Log; waitMs: number }): Promise<Claim> {
  const { url, log, waitMs } = options;
  const stop = new AbortController();
  const stopped = once(stop.signal, 'abort');
  let problem: string | undefined;

  async function claimAgain(): Promise<Connection | undefined> {
    problem = 'The database is away.';
    while (!stop.signal.aborted) {
      const again = await tryToClaim(url).catch(() => undefined);
      if (again) {
        problem = undefined;
        return again;
      }
      if (again === null && problem !== taken) {
        problem = taken;
        log.error({}, `${taken} End one of the two.`);
      }
      await sleep(retryMs, undefined, { signal: stop.signal }).catch(() => {});
    }
    return undefined;
  }

  async function keep(held: Connection | undefined): Promise<void> {
    while (held) {
      await Promise.race([held.lost, stopped]);
      if (stop.signal.aborted) return held.client.end();
      held = await claimAgain();
    }
  }

  const deadline = Date.now() + waitMs;
  let first = await tryToClaim(url);
  while (!first) {
    if (Date.now() >= deadline) {
      throw new Error(`${taken} End it, or set DATABASE_URL to a database of this server’s own.`);
    }
    await sleep(retryMs);
    first = await tryToClaim(url);
  }
  const keeping = keep(first);
  return {
    get problem() {
      return problem;
    },
    async close() {
      stop.abort();
      await keeping;
    },
  };
}

/** @returns null where another server has it. @throws Error where the database is away */
async function tryToClaim(url: string): Promise<Connection | null> {
  const client = new pg.Client({ connectionString: url, keepAlive: true, connectionTimeoutMillis: 10_000 });
  // A lost connection without a listener would end the process; 'end' follows, and is acted upon.
  client.on('error', () => {});
  const lost = new Promise((resolve) => client.once('end', resolve));
  await client.connect();
  try {
    await client.query(noticeLoss);
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1::bigint) AS taken', [lock]);
    if (rows[0].taken) return { client, lost };
  } catch (error) {
    await client.end();
    throw error;
  }
  await client.end();
  return null;
}
