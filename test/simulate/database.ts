// The PostgreSQL of a simulation: real, with pg_stat_statements, and a role for each node, so that each node's statements
// are counted apart.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startDatabaseServer } from '../../src/db/embedded/server.ts';
import { createLog } from '../../src/log.ts';
import { openChildren } from '../../src/processes/children.ts';
import { processorSecOf } from './processor.ts';

/** How often a node sent a statement. */
export interface StatementCount {
  readonly node: string;
  readonly query: string;
  readonly calls: number;
}

export interface SimulatedDatabase {
  readonly sql: pg.Client;
  /** The connection string of a node. */
  urlOf(node: string): string;
  /** Forgets all counts. */
  reset(): Promise<void>;
  /** The statements of all nodes since the last reset, BEGIN and COMMIT among them. */
  counts(): Promise<StatementCount[]>;
  /** Processor time of all of PostgreSQL's processes so far, in seconds. */
  cpuSec(): Promise<number>;
  close(): Promise<void>;
}

const name = 'simulated';

export async function openSimulatedDatabase(nodes: readonly string[]): Promise<SimulatedDatabase> {
  const log = createLog('error');
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-simulate-'));
  const children = await openChildren({ dir: path.join(dir, 'children'), log });
  const dataDir = path.join(dir, 'data');
  const first = await startDatabaseServer({ dataDir, children, log });
  await withClient(first.url, async (client) => {
    await client.query(`ALTER SYSTEM SET max_connections = ${nodes.length * 45 + 50}`);
    await client.query("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
    await client.query('ALTER SYSTEM SET pg_stat_statements.max = 20000');
    await client.query(`CREATE DATABASE ${name}`);
    for (const node of nodes) await client.query(`CREATE ROLE ${node} LOGIN SUPERUSER`);
  });
  await first.close();
  const server = await startDatabaseServer({ dataDir, children, log });
  const urlOf = (user?: string) => {
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    if (user) url.username = user;
    return url.href;
  };
  const sql = new pg.Client({ connectionString: urlOf() });
  await sql.connect();
  await sql.query('CREATE EXTENSION pg_stat_statements');
  const [postmaster] = await readFirstLine(dataDir);
  return {
    sql,
    urlOf,
    async reset() {
      await sql.query('SELECT pg_stat_statements_reset()');
    },
    async counts() {
      const { rows } = await sql.query(
        `SELECT rolname AS node, query, calls::int FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
         WHERE rolname = ANY($1) ORDER BY calls DESC`,
        [nodes],
      );
      return rows;
    },
    cpuSec: () => processorSecOf(Number(postmaster)),
    async close() {
      await sql.end();
      await server.close();
      await children.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function readFirstLine(dataDir: string): Promise<string[]> {
  const [cluster] = (await readdir(dataDir)).filter((it) => it.startsWith('pg'));
  return (await readFile(path.join(dataDir, cluster!, 'postmaster.pid'), 'utf8')).split('\n');
}

async function withClient(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await use(client);
  await client.end();
}
