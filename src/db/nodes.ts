import pg from 'pg';
import type { Node } from '../generated/prisma/client.ts';
import type { Db, Tx } from './client.ts';
import { cannotBe } from './proof.ts';
import type { Incarnation } from './session.ts';

/** Servers of this database, in the table nodes. All their times are by the database's clock. */

/** How long a node counts as alive after a heartbeat, in seconds. */
export const leaseSec = 5;

export interface NodeFacts {
  readonly id: string;
  /** Where other nodes reach this node; undefined: it works alone with its database. */
  readonly url: string | undefined;
  readonly version: string;
  /** How many recordings the node takes at the same time. */
  readonly capacity: number;
  /** Where the node is: it reads the cameras of this site, and those of none. */
  readonly site: string;
}

/**
 * Enters this start of the server as a new incarnation, which becomes the owner of what the node's earlier starts
 * owned. From then on, an earlier start may write nothing, even if it was only paused or cut off. A server that works
 * alone becomes the owner of all cameras and of all playbacks that are not COMPLETED, and no other server may write.
 * The caller has the claim (claim.ts): so no other server of this id, or no other server at all, enters at the same
 * time.
 */
export async function enterNode(url: string, facts: NodeFacts): Promise<Incarnation> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<{ incarnation: string }>(
      `INSERT INTO nodes (id, url, incarnation, version, capacity, site, started_at, heartbeat_at, lease_until)
       VALUES ($1, $2, nextval('node_incarnations'), $3, $4, $6, clock_timestamp(), clock_timestamp(),
         clock_timestamp() + $5 * interval '1 second')
       ON CONFLICT (id) DO UPDATE SET url = excluded.url, incarnation = excluded.incarnation, version = excluded.version,
         capacity = excluded.capacity, site = excluded.site, started_at = excluded.started_at, heartbeat_at = excluded.heartbeat_at,
         lease_until = excluded.lease_until, draining_since = NULL, ended_at = NULL
       RETURNING incarnation`,
      [facts.id, facts.url ?? null, facts.version, facts.capacity, leaseSec, facts.site],
    );
    const { incarnation } = rows[0]!;
    const isAlone = facts.url === undefined;
    if (isAlone) await client.query(fenceOthers, [facts.id]);
    await client.query(takeCameras, [facts.id, incarnation, isAlone]);
    await client.query(takePlaybacks, [facts.id, incarnation, isAlone]);
    await client.query('COMMIT');
    return { nodeId: facts.id, incarnation: BigInt(incarnation) };
  } catch (error) {
    throw cannotBe('written', error as Error);
  } finally {
    await client.end(); // without COMMIT, PostgreSQL takes everything back
  }
}

const fenceOthers = `
  UPDATE nodes SET incarnation = nextval('node_incarnations'), lease_until = least(lease_until, clock_timestamp())
  WHERE id <> $1`;
const takeCameras = 'UPDATE cameras SET node_id = $1, owner_epoch = $2 WHERE node_id = $1 OR $3';
/** The node becomes the owner of FAILED playbacks, too, because they may have footage and can be retried. */
const takePlaybacks = `
  UPDATE playbacks SET node_id = $1, owner_epoch = $2
  WHERE ($3 OR node_id = $1 OR node_id IS NULL) AND (recording_status IN ('PENDING', 'RECORDING', 'PROCESSING')
    OR (recording_status = 'FAILED' AND node_id IS DISTINCT FROM $1))`;

/**
 * Declares nodes lost whose lease has expired: their row in `nodes` gets a new incarnation. What they own still names the
 * old one. So PostgreSQL refuses their writes, and other nodes see that nobody records it (lost-playbacks.ts). A node that
 * owns nothing stays as it is.
 */
export async function declareLost(tx: Tx): Promise<void> {
  await tx.$executeRaw`
    UPDATE nodes n SET incarnation = nextval('node_incarnations')
    WHERE lease_until <= clock_timestamp() AND (
      EXISTS (SELECT 1 FROM cameras c WHERE (c.node_id, c.owner_epoch) = (n.id, n.incarnation))
      OR EXISTS (SELECT 1 FROM playbacks p WHERE (p.node_id, p.owner_epoch) = (n.id, n.incarnation)
        AND p.recording_status IN ('PENDING', 'RECORDING', 'PROCESSING')))`;
}

/** What the database says to a heartbeat. */
export interface Beat {
  /** The database's time, in epoch milliseconds. */
  readonly now: number;
  /**
   * When PostgreSQL was started. Another time means that it was restarted, or that another PostgreSQL has taken its
   * place.
   */
  readonly databaseStartedAt: number;
  /** Whether newer servers have made the database one that this version cannot work with. */
  readonly isTooOld: boolean;
}

/** A connection of its own for the node's lease, so that heartbeats never wait for other statements. */
export interface NodeLease {
  /**
   * Renews the lease.
   * @param problem why the node takes no recording now, as part of a sentence; null: it takes some; undefined: the row
   *   keeps what it says
   * @returns undefined if another server has taken the node's place
   */
  beat(problem?: string | null): Promise<Beat | undefined>;
  /** Says that the server is about to end: the other nodes take its cameras, and go on with what it records. */
  drain(): Promise<void>;
  /** Ends the lease, because the server ends. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

export function openNodeLease(url: string, { nodeId, incarnation }: Incarnation): NodeLease {
  const timeoutMs = leaseSec * 1_000;
  const limits = {
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs,
  };
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    idleTimeoutMillis: 0,
    keepAlive: true,
    ...limits,
  });
  pool.on('error', () => {}); // a lost connection is made again by the next heartbeat
  const write = (changes: string, values: readonly unknown[] = []) =>
    pool.query<Beat>(
      `UPDATE nodes SET ${changes} WHERE id = $1 AND incarnation = $2
       RETURNING ${epochMs('clock_timestamp()')} AS now, ${epochMs('pg_postmaster_start_time()')} AS "databaseStartedAt",
         flashback_version(version) < (SELECT flashback_version(min_version) FROM installation) AS "isTooOld"`,
      [nodeId, incarnation, ...values],
    );
  return {
    async beat(problem) {
      const until = `clock_timestamp() + interval '${leaseSec} seconds'`;
      const lives = `heartbeat_at = clock_timestamp(), lease_until = ${until}`;
      const written =
        problem === undefined
          ? await write(lives)
          : await write(`${lives}, problem = $3`, [problem?.slice(0, 500) ?? null]);
      return written.rows[0];
    },
    async drain() {
      await write('draining_since = clock_timestamp()');
    },
    async leave() {
      await write('lease_until = clock_timestamp(), ended_at = clock_timestamp()');
    },
    close: () => pool.end(),
  };
}

const epochMs = (time: string) => `(extract(epoch FROM ${time}) * 1000)::float8`;

export interface NodeReport extends Node {
  /** LIVE, DRAINING: the lease is not over. ENDED: the node itself has ended the lease. LOST: the lease has expired. */
  readonly state: 'LIVE' | 'DRAINING' | 'ENDED' | 'LOST';
  /** How many cameras the node feeds. */
  readonly cameras: number;
  /** How many recordings the node has begun and not ended. */
  readonly recordings: number;
}

/** What a node needs to know of a live node to call it. */
export interface LiveNode {
  readonly id: string;
  readonly url: string;
  readonly incarnation: bigint;
}

/** The nodes that can be called now. */
export function liveNodes(db: Db): Promise<LiveNode[]> {
  return db.$queryRaw`
    SELECT id, url, incarnation FROM nodes WHERE url IS NOT NULL AND lease_until > clock_timestamp() ORDER BY id`;
}

/** What a node has to hand over before it ends. */
export interface HandOver {
  /** How many other nodes can take over. */
  readonly others: number;
  readonly cameras: number;
  /** How many playbacks the node still records or finishes. */
  readonly playbacks: number;
}

export async function readHandOver(db: Db, { nodeId }: Incarnation): Promise<HandOver> {
  const rows = await db.$queryRaw<HandOver[]>`
    SELECT (SELECT count(*) FROM nodes
        WHERE id <> ${nodeId} AND lease_until > clock_timestamp() AND draining_since IS NULL)::int AS others,
      (SELECT count(*) FROM cameras WHERE node_id = ${nodeId})::int AS cameras,
      (SELECT count(*) FROM playbacks WHERE node_id = ${nodeId}
        AND recording_status IN ('PENDING', 'RECORDING', 'PROCESSING'))::int AS playbacks`;
  return rows[0]!;
}

/** Whether the node's lease ended at least that many hours ago. True for an unknown node. */
export async function isSilentFor(db: Db, id: string, hours: number): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT 1 FROM nodes WHERE id = ${id} AND lease_until > clock_timestamp() - ${hours} * interval '1 hour'`;
  return rows.length === 0;
}

/** All nodes that ever entered, in the order of their ids. */
export function allNodes(db: Db): Promise<NodeReport[]> {
  return db.$queryRaw`
    SELECT n.id, n.url, n.site, n.incarnation, n.version, n.capacity, n.problem, n.started_at AS "startedAt", n.heartbeat_at AS "heartbeatAt",
      n.lease_until AS "leaseUntil", n.draining_since AS "drainingSince", n.ended_at AS "endedAt",
      CASE WHEN n.lease_until > clock_timestamp() THEN CASE WHEN n.draining_since IS NULL THEN 'LIVE' ELSE 'DRAINING' END
        WHEN n.ended_at IS NULL THEN 'LOST' ELSE 'ENDED' END AS state,
      (SELECT count(*)::int FROM cameras c WHERE c.node_id = n.id AND c.enabled) AS cameras,
      (SELECT count(*)::int FROM playbacks p WHERE p.node_id = n.id
        AND p.recording_status IN ('PENDING', 'RECORDING')) AS recordings
    FROM nodes n ORDER BY n.id`;
}
