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

/** The number of the advisory lock. No other program uses this number in the database. */
const lock = 4_173_622_951;
const retryMs = 250;
/** Makes PostgreSQL detect within half a minute that a server's machine has failed, and release its claim. */
const noticeLoss =
  'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4';
const taken = 'Another Flashback server works with this database.';

/** Who claims: the server's id, and whether it works with other servers (NODE_URL). */
export interface Claimant {
  readonly nodeId: string;
  readonly isShared: boolean;
}

/** Why a claim is refused. */
const refusals = {
  /**
   * The database is taken: another server has it for itself, or others share it and this server wants it for itself.
   */
  database: ({ isShared }: Claimant) =>
    isShared
      ? `${taken} It has no NODE_URL: give it one too, or end it.`
      : `${taken} End it, or set DATABASE_URL to a database of this server’s own, or give both a NODE_URL.`,
  id: ({ nodeId }: Claimant) =>
    `${taken} It has the same id, ${nodeId}: end it, or give each its own DATA_DIR and NODE_ID.`,
};

/**
 * Claims the database for this server alone, or for this server's id among servers that share it. Two servers that do
 * not know of each other would both record every camera, and each would take the running recordings of the other one
 * for interrupted ones. The claim is an advisory lock on a connection of its own: it ends with the process. After a
 * lost connection, the database is claimed again.
 * @param options.waitMs how long to wait for an earlier server to end
 * @throws Error if another server has the claim
 */
export async function claimDatabase(options: {
  url: string;
  claimant: Claimant;
  log: Log;
  waitMs: number;
}): Promise<Claim> {
  const { url, claimant, log, waitMs } = options;
  const stop = new AbortController();
  const stopped = once(stop.signal, 'abort');
  let problem: string | undefined;

  async function claimAgain(): Promise<Connection | undefined> {
    problem = 'The database is away.';
    while (!stop.signal.aborted) {
      const again = await tryToClaim(url, claimant).catch(() => undefined); // the database does not answer yet
      if (typeof again === 'object') {
        problem = undefined;
        return again;
      }
      if (again && problem !== taken) {
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
  let first = await tryToClaim(url, claimant);
  while (typeof first !== 'object') {
    if (Date.now() >= deadline) throw new Error(refusals[first](claimant));
    await sleep(retryMs);
    first = await tryToClaim(url, claimant);
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

/**
 * @returns the connection that holds the locks, or the lock that another server holds
 * @throws Error if the database does not answer
 */
async function tryToClaim(url: string, claimant: Claimant): Promise<Connection | keyof typeof refusals> {
  const client = new pg.Client({ connectionString: url, keepAlive: true, connectionTimeoutMillis: 10_000 });
  // Without a listener, a lost connection would end the process. The 'end' event follows and is handled.
  client.on('error', () => {});
  const lost = new Promise((resolve) => client.once('end', resolve));
  await client.connect();
  try {
    await client.query(noticeLoss);
    const lacks = await lockedBy(client, claimant);
    if (!lacks) return { client, lost };
    await client.end();
    return lacks;
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** Takes the locks. @returns the lock that another server holds; undefined if this server now holds all of them */
async function lockedBy(
  client: pg.Client,
  { nodeId, isShared }: Claimant,
): Promise<keyof typeof refusals | undefined> {
  const tryLock = async (call: string, key: unknown) =>
    (await client.query(`SELECT ${call} AS taken`, [key])).rows[0].taken as boolean;
  const shared = isShared ? '_shared' : '';
  if (!(await tryLock(`pg_try_advisory_lock${shared}($1::bigint)`, lock))) return 'database';
  if (!isShared) return undefined;
  const ofId = 'pg_try_advisory_lock(hashtextextended($1, 0))';
  return (await tryLock(ofId, `flashback node ${nodeId}`)) ? undefined : 'id';
}
