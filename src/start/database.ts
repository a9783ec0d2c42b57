import type { Config } from '../config.ts';
import { type Claim, claimDatabase } from '../db/claim.ts';
import { connectDb, type Db, forReading } from '../db/client.ts';
import { DatabaseClock } from '../db/database-clock.ts';
import { startDatabaseServer } from '../db/embedded/server.ts';
import { migrateJobs } from '../db/finishing-queue.ts';
import { applyMigrations, type Release } from '../db/migrate.ts';
import { enterNode, type NodeLease, openNodeLease } from '../db/nodes.ts';
import { openSeal } from '../db/open-seal.ts';
import { proveDatabase, proveSchema } from '../db/proof.ts';
import { proveConnection } from '../db/reach.ts';
import type { Seal } from '../db/seal.ts';
import type { Incarnation } from '../db/session.ts';
import { awaitAgreement } from '../db/version-conflict.ts';
import { Writes } from '../db/writes.ts';
import type { Log } from '../log.ts';
import { Membership } from '../nodes/membership.ts';
import { readNodeId } from '../nodes/node-id.ts';
import type { Children } from '../processes/children.ts';
import { neverSetAhead } from '../recording/steady-clock.ts';
import type { StartOrder } from './order.ts';

/** How long to wait for the previous server, which a service manager may still be stopping, in milliseconds. */
const predecessorMs = 12_000;

/** The database that this server works with, and the server's place in it. */
export interface EnteredDatabase {
  readonly url: string;
  /** This node, and the number of its present start. The rows of the cameras and playbacks that it owns name both. */
  readonly self: Incarnation;
  /** Whether this server has the database for itself. */
  readonly isAlone: boolean;
  readonly claim: Claim;
  readonly lease: NodeLease;
  readonly membership: Membership;
  readonly seal: Seal;
  /** The present time by the database's clock, in epoch milliseconds. */
  readonly now: () => number;
  /** The same, but not ahead when somebody sets the clock ahead: for deletions by age, which must not come too early. */
  readonly ageClock: () => number;
  readonly db: Db;
  /** What is written through `db` and `readingDb`. */
  readonly writes: Writes;
  /** A pool of its own for queries of the API: recordings then never wait for a connection. */
  readonly readingDb: Db;
}

/**
 * Starts or reaches the database, claims it, migrates it, enters this server as a node, and opens the pools.
 * If other servers run a version that cannot work with this one, waits for them.
 * @param wallClock this machine's clock, in epoch milliseconds
 * @param stop aborted when the start is not wanted any more
 * @throws Error whose message says what is wrong and what to do
 */
export async function enterDatabase(
  config: Config,
  {
    parts,
    children,
    log,
    wallClock,
    release,
    stop,
  }: {
    parts: StartOrder;
    children: Children;
    log: Log;
    wallClock: () => number;
    release: Release;
    stop: AbortSignal | undefined;
  },
): Promise<EnteredDatabase> {
  const { dataDir, secretKeys } = config;
  if (config.databaseUrl) await proveConnection(config.databaseUrl);
  const url =
    config.databaseUrl ??
    parts.add('database server', await startDatabaseServer({ dataDir, children, log })).url;

  // The claim: nobody else works with this database or, beside other nodes, with this server's id.
  const nodeId = await readNodeId(dataDir, config.nodeId);
  const isAlone = config.nodeUrl === undefined;
  const claimant = { nodeId, isShared: !isAlone };
  const claim = parts.add('claim', await claimDatabase({ url, claimant, log, waitMs: predecessorMs }));
  const applied = await awaitAgreement(() => applyMigrations(url, release), log, stop);
  for (const name of applied) log.info({ name }, 'a migration was applied');
  await migrateJobs(url, log);
  const seal = await openSeal({ dataDir, secretKeys, databaseUrl: url, log });

  // From here on this server owns what its earlier starts owned.
  const { nodeUrl, site, maxRecordings: capacity } = config;
  const self = await enterNode(url, { id: nodeId, url: nodeUrl, site, version: release.version, capacity });
  const clock = new DatabaseClock(wallClock, !isAlone);
  // A test sets the clock of one of several servers, or that of a server together with its database's.
  const machineClock = isAlone ? Date.now : wallClock;
  const lease = openNodeLease(url, self);
  const membership = parts.add('membership', new Membership({ lease, self, clock, machineClock, log }));
  await membership.start();

  const writes = new Writes();
  const db = connectDb(url, { seal, self, writes });
  parts.add('database', { close: () => db.$disconnect() });
  const readingDb = connectDb(url, { ...forReading, seal, self, writes });
  parts.add('database for reading', { close: () => readingDb.$disconnect() });
  await proveSchema(db);
  await proveDatabase({ db, readingDb });
  const { now } = clock;
  const ageClock = neverSetAhead(now);
  return { url, self, isAlone, claim, lease, membership, seal, now, ageClock, db, writes, readingDb };
}
