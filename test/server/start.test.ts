// Every failure during the start has a message, and ends the process.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { connectDb } from '../../src/db/client.ts';
import { createLog } from '../../src/log.ts';
import type { FailedStart } from '../support/app/failing-starts.ts';
import { until } from '../support/camera/reader.ts';
import { createBareDatabase, createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { startPooler } from '../support/database/pooler.ts';
import { runProgram } from '../support/processes/program.ts';
import { processesAbout } from '../torture/processes.ts';

vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let database: TestDatabase;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-start-'));
  database = await createTestDatabase();
  const db = connectDb(database.url);
  // The server keeps trying to connect to this camera, which does not answer.
  await db.camera.create({ data: { name: 'Camera', rtspUrl: 'rtsp://127.0.0.1:9/none' } });
  await db.$disconnect();
});

afterAll(async () => {
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

interface End {
  readonly code: number | null;
  readonly words: string;
  readonly output: string;
}

async function runToEnd(file: string, args: string[], env: Record<string, string>): Promise<End> {
  const child = runProgram(file, args, { PORT: '0', SPOOL_MIN_FREE_BYTES: '0', ...env });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [output, words] = ['', ''];
  child.stdout!.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    words += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, words, output };
}

const config = (env: Record<string, string>) =>
  readConfig({
    ...{ DATA_DIR: dir, DATABASE_URL: database.url, PORT: '0', SPOOL_MIN_FREE_BYTES: '0' },
    ...env,
  });

/** Why a server with these settings does not start. */
async function failureOf(env: Record<string, string>): Promise<string> {
  const app = await startApp(config(env), createLog('silent')).catch((error: Error) => error);
  if (app instanceof Error) return app.message;
  await app.close();
  throw new Error('The server started.');
}

async function sql(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

async function partsOf(env: Record<string, string>): Promise<string[]> {
  const parts: string[] = [];
  const log = createLog('debug', {
    write(line: string) {
      const { part, msg } = JSON.parse(line);
      if (msg === 'started' && part) parts.push(part);
    },
  });
  const app = await startApp(readConfig({ PORT: '0', SPOOL_MIN_FREE_BYTES: '0', ...env }), log);
  await app.close();
  return parts;
}

test('if any part fails to start, the start is given up within two seconds and leaves no process', async () => {
  const env = { DATA_DIR: path.join(dir, 'parts'), DATABASE_URL: database.url };
  // The last one: a claim that is not given up makes the next start wait.
  const parts = [...(await partsOf(env)).filter((part) => part !== 'claim'), 'claim'];
  expect(parts.length).toBeGreaterThan(15);
  const { code, output, words } = await runToEnd('test/support/app/failing-starts.ts', parts, env);
  expect({ code, words }).toEqual({ code: 0, words: '' });
  const lines = output.trim().split('\n');
  const failures = lines.map((line): FailedStart => JSON.parse(line));
  expect(failures.map(({ part, message }) => [part, message])).toEqual(
    parts.map((part) => [part, `The part ${part} fails.`]),
  );
  expect(failures.filter(({ ms }) => ms > 2_000)).toEqual([]);
}, 120_000);

test.each(['database server', 'http'])(
  'if the part "%s" fails, the process and its children end with code 1',
  async (part) => {
    const env = { DATA_DIR: path.join(dir, 'embedded') };
    const end = await runToEnd('test/support/app/failing-start.ts', [part], env);
    expect(end).toMatchObject({ code: 1, words: `The part ${part} fails.\n` });
    expect(Number(/ended after (\d+) ms/.exec(end.output)?.[1])).toBeLessThan(2_000);
    await until(() => processesAbout([env.DATA_DIR]).length === 0, 'none of its processes is left');
  },
  120_000,
);

test('a signal ends a server that is still starting', async () => {
  const held = new pg.Client({ connectionString: database.url });
  await held.connect();
  onTestFinished(() => held.end());
  // The migrations wait for this lock.
  await held.query('SELECT pg_advisory_lock(72707369)');
  const child = runProgram('src/main.ts', [], {
    ...{ DATA_DIR: dir, DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'debug', DRAIN_SEC: '0' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout!.on('data', (chunk) => {
    output += chunk;
  });
  await until(() => output.includes('"part":"claim"'), 'it waits for its turn to migrate');
  child.kill('SIGTERM');
  await held.query('SELECT pg_advisory_unlock(72707369)');
  expect((await once(child, 'close'))[0]).toBe(0);
  expect(output).toContain('stopped before it had started');
});

describe('the commands', () => {
  const unreachable = { DATABASE_URL: 'postgresql://me:secret@127.0.0.1:9/db', DATA_DIR: os.tmpdir() };

  test.each([
    ['src/key.ts', ['list'], 1],
    ['src/check-store.ts', [], 2],
  ])('%s reports that the database does not answer', async (file, args, code) => {
    expect(await runToEnd(file, args, unreachable)).toEqual({
      code,
      words: expect.stringMatching(/^DATABASE_URL: no PostgreSQL answers at 127.0.0.1:9.*\n$/),
      output: '',
    });
  });

  test('key.ts prints only the usage for --help, and an error with the usage for wrong arguments', async () => {
    const help = await runToEnd('src/key.ts', ['--help'], unreachable);
    expect(help).toEqual({ code: 0, words: '', output: expect.stringMatching(/^Usage:\n(.+\n){4}$/) });
    const wrong = await runToEnd('src/key.ts', ['list', '--nope'], unreachable);
    expect(wrong).toEqual({ code: 1, words: `Unknown option '--nope'.\n${help.output}`, output: '' });
  });

  test('key.ts lists one key per line, and prints nothing else', async () => {
    const env = { DATABASE_URL: database.url, DATA_DIR: dir };
    const made = await runToEnd('src/key.ts', ['create', 'yard', 'analytics'], env);
    expect(made.output).toMatch(/^\S{30,}\n$/);
    expect(await runToEnd('src/key.ts', ['list'], env)).toEqual({
      code: 0,
      words: '',
      output: expect.stringMatching(/^\S{36}\tyard\tANALYTICS\tvalid\tall cameras\tnever used\n$/),
    });
  });
});

describe('an error names the variable and what to do for', () => {
  const expectWords = async (env: Record<string, string>, words: RegExp) => {
    const failure = await failureOf(env);
    expect(failure).toMatch(words);
    expect(failure.split('\n')).toHaveLength(1);
  };
  const file = async (name: string) => {
    await writeFile(path.join(dir, name), 'not a folder');
    return path.join(dir, name);
  };

  test('a taken port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    // As `npm start` does it.
    const env = { DATA_DIR: dir, DATABASE_URL: database.url, PORT: String(port) };
    const { code, words } = await runToEnd('src/main.ts', [], env);
    expect(words).toMatch(/^PORT: port \d+ of 127.0.0.1 is taken. .*set another.*\n$/);
    expect(code).toBe(1);
  });

  test('an address that this machine does not have', () =>
    expectWords(
      { HOST: '192.0.2.1', API_KEYS: 'a:admin:0123456789abcdef' },
      /^HOST: this machine has no address 192/,
    ));

  test.each([
    ['postgresql://me:secret@127.0.0.1:9/db', /no PostgreSQL answers at 127.0.0.1:9. Start it/],
    ['postgresql://me:secret@localhost:9/db', /no PostgreSQL answers at localhost:9. Start it/],
    [
      'postgresql://me:secret@no-such-host.invalid/db',
      /the host of no-such-host.invalid:5432 (is not known|cannot)/,
    ],
    ['postgresql:///db?host=/nowhere&user=me', /there is no socket of a PostgreSQL at \/nowhere/],
  ])('the database address %s', async (url, words) => {
    const failure = await failureOf({ DATABASE_URL: url });
    expect(failure).toMatch(/^DATABASE_URL: /);
    expect(failure).toMatch(words);
    expect(failure).not.toContain('secret');
  });

  test('a missing database or user', async () => {
    const missing = new URL(database.url);
    missing.pathname = '/nothing_of_that_name';
    await expectWords(
      { DATABASE_URL: missing.href },
      /^DATABASE_URL: .* has no database "nothing_of_that_name"/,
    );
    await sql(database.url, `DO $$ BEGIN CREATE ROLE stranger; EXCEPTION WHEN duplicate_object THEN END $$`);
    const stranger = new URL(database.url);
    stranger.username = 'stranger';
    await expectWords(
      { DATABASE_URL: stranger.href },
      /^DATABASE_URL: .* does not let the user "stranger" in/,
    );
  });

  test('a pooler that assigns sessions per transaction', async () => {
    for (const refusesSettings of [true, false]) {
      const pooler = await startPooler(database.url, { refusesSettings });
      onTestFinished(() => pooler.close());
      await expectWords(
        { DATABASE_URL: pooler.url },
        /^DATABASE_URL: it leads to a connection pooler .* set DATABASE_URL to PostgreSQL itself/,
      );
    }
  });

  test('a database that cannot be written', async () => {
    const other = await createTestDatabase();
    onTestFinished(other.drop);
    const name = new URL(other.url).pathname.slice(1);
    // graphile-worker's own tables are written first.
    const app = await startApp(config({ DATABASE_URL: other.url }), createLog('silent'));
    await app.close();
    await sql(other.url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await expectWords({ DATABASE_URL: other.url }, /^The database cannot be written: cannot execute/);
  });

  test('a database with a missing table', async () => {
    for (const statement of [
      'DROP TABLE api_keys',
      'ALTER TABLE store_removals DROP COLUMN tries',
      'DROP FUNCTION flashback_add_finishing_job CASCADE',
    ]) {
      const other = await createTestDatabase();
      onTestFinished(other.drop);
      await sql(other.url, statement);
      await expectWords(
        { DATABASE_URL: other.url },
        /^The database lacks what its list of migrations says it has: .*DELETE FROM _prisma_migrations/,
      );
    }
  });

  test('an empty database, which is not an error', async () => {
    const other = await createBareDatabase();
    onTestFinished(other.drop);
    expect(await partsOf({ DATA_DIR: dir, DATABASE_URL: other.url })).toContain('http');
  });

  test.each(['DATA_DIR', 'RECORD_DIR'])('%s that names a file', async (name) =>
    expectWords({ [name]: await file(name) }, new RegExp(`^${name}: the folder .* cannot be used as it is`)),
  );

  test('FFMPEG_PATH that names no ffmpeg', async () =>
    expectWords({ FFMPEG_PATH: await file('ffmpeg') }, /^No usable ffmpeg was found.*set FFMPEG_PATH/));

  test('a value that the variable cannot have', async () => {
    const { code, words } = await runToEnd('src/main.ts', [], { PORT: 'x' });
    expect(words).toContain('PORT: expected a whole number');
    expect(code).toBe(1);
  });
});
