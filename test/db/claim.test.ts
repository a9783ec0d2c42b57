// Only one server may work with a database: a second one waits for the first to end, or is refused.
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Claim, claimDatabase } from '../../src/db/claim.ts';
import { createLog } from '../../src/log.ts';
import { createBareDatabase, type TestDatabase } from '../support/database/database.ts';

let database: TestDatabase;
const logged: string[] = [];
const log = createLog('info', { write: (line: string) => void logged.push(line) });
const claims: Claim[] = [];

beforeAll(async () => {
  database = await createBareDatabase();
});
afterEach(async () => {
  await Promise.all(claims.splice(0).map((claim) => claim.close()));
});
afterAll(() => database.drop());

async function claim(waitMs: number, claimant = { nodeId: 'a', isShared: false }): Promise<Claim> {
  const made = await claimDatabase({ url: database.url, claimant, log, waitMs });
  claims.push(made);
  return made;
}

const claimed = `FROM pg_locks JOIN pg_database d ON d.oid = database
  WHERE locktype = 'advisory' AND datname = current_database()`;

/** Cuts the connection that holds the claim, as a restart of the database does. @returns the pid of its session */
async function cutConnection(by: pg.Client): Promise<number> {
  const { rows } = await by.query(`SELECT pid, pg_terminate_backend(pid) ${claimed} AND granted`);
  return rows[0].pid;
}

async function holder(by: pg.Client): Promise<{ pid: number; lock: string } | undefined> {
  const { rows } = await by.query(
    `SELECT pid, (classid::bigint << 32) | objid::bigint AS lock ${claimed} AND granted`,
  );
  return rows[0];
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

test('a second server is refused while the first one runs', async () => {
  await claim(0);
  await expect(claim(300)).rejects.toThrow(
    'Another Flashback server works with this database. End it, or set DATABASE_URL',
  );
});

test('a second server waits for the first one to end', async () => {
  const first = await claim(0);
  let isSecond = false;
  const second = claim(10_000).then((it) => {
    isSecond = true;
    return it;
  });
  await expect(claim(300)).rejects.toThrow('Another Flashback server');
  expect(isSecond).toBe(false);
  await first.close();
  expect((await second).problem).toBeUndefined();
});

test('a server whose connection was cut claims the database again', async () => {
  const first = await claim(0);
  const watcher = await connect();
  const cut = await cutConnection(watcher);
  await expect.poll(async () => (await holder(watcher))?.pid ?? cut).not.toBe(cut);
  await expect.poll(() => first.problem).toBeUndefined();
});

test('a server that lost its claim to another reports that until the other one ends', async () => {
  const first = await claim(0);
  const watcher = await connect();
  const rival = await connect();
  const { lock } = (await holder(watcher))!;
  // A session that waits for the lock gets it before one that only tries to get it.
  const isTaken = rival.query('SELECT pg_advisory_lock($1::bigint)', [lock]);
  await expect
    .poll(async () => (await watcher.query(`SELECT 1 ${claimed} AND NOT granted`)).rowCount)
    .toBe(1);
  await cutConnection(watcher);
  await isTaken;
  await expect.poll(() => first.problem).toBe('Another Flashback server works with this database.');
  expect(logged.filter((line) => line.includes('end one of the two'))).toHaveLength(1);
  await rival.query('SELECT pg_advisory_unlock_all()');
  await expect.poll(() => first.problem).toBeUndefined();
});

test('servers that work together share the database, each under its own id', async () => {
  const shared = (nodeId: string) => ({ nodeId, isShared: true });
  await claim(0, shared('a'));
  await claim(0, shared('b'));
  await expect(claim(0, shared('a'))).rejects.toThrow(
    'It has the same id, a: end it, or give each its own DATA_DIR and NODE_ID.',
  );
  await expect(claim(0)).rejects.toThrow('or give both a NODE_URL.');
  await claims.shift()!.close();
  await claim(0, shared('a'));
});

test('a server that works alone is not joined by one that works with others', async () => {
  await claim(0);
  await expect(claim(0, { nodeId: 'b', isShared: true })).rejects.toThrow(
    'It has no NODE_URL: give it one too, or end it.',
  );
});
