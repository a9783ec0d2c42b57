import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../log.ts';

export interface Claim {
  /** Why this server does not have the claim at present; undefined while it has. */
  readonly problem: string | undefined;
  close(): Promise<void>;
}

interface Connection {
  readonly client: pg.Client;
  readonly lost: Promise<unknown>;
}

/** The number of the advisory lock. Any number that no other program uses in this database. */
const lock = 4_173_622_951;
const retryMs = 250;
/** Makes PostgreSQL detect within half a minute that a server's machine has failed, and release its claim. */
const noticeLoss =
  'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4';
const taken = 'Another Flashback server works with this database.';

/**
 * Claims the database for this server, so that no second server works with it: two servers would each record every
 * camera, and each would take the other's running recordings for interrupted ones. The claim is an advisory lock on a
 * connection of its own, so that it ends with the process. After a lost connection, the database is claimed again.
 * @param options.waitMs how long to wait for an earlier server to end
 * @throws Error if another server has the claim
 */
export async function claimDatabase(options: { url: string; log: Log; waitMs: number }): Promise<Claim> {
  const { url, log, waitMs } = options;
  const stop = new AbortController();
  const stopped = once(stop.signal, 'abort');
  let problem: string | undefined;

  async function claimAgain(): Promise<Connection | undefined> {
    problem = 'The database is away.';
    while (!stop.signal.aborted) {
      const again = await tryToClaim(url).catch(() => undefined); // the database does not answer yet
      if (again) {
        problem = undefined;
        return again;
      }
      if (again === null && problem !== taken) {
        problem = taken;
        log.error({}, 'another server works with this database; end one of the two');
      }
      await sleep(retryMs, undefined, { signal: stop.signal }).catch(() => {}); // aborted by close
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

/** @returns null if another server has the claim. @throws Error if the database does not answer */
async function tryToClaim(url: string): Promise<Connection | null> {
  const client = new pg.Client({ connectionString: url, keepAlive: true, connectionTimeoutMillis: 10_000 });
  // Without a listener, a lost connection would end the process. The 'end' event follows and is handled.
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
