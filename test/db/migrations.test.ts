import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { appendFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { applyMigrations as applyRelease, thisRelease } from '../../src/db/migrate.ts';
import { createLog } from '../../src/log.ts';
import { type Children, openChildren, type RunResult } from '../../src/processes/children.ts';
import { createBareDatabase, createTestDatabase, type TestDatabase } from '../support/database/database.ts';

const root = path.resolve(import.meta.dirname, '../..');
const migrationsDir = path.join(root, 'prisma/migrations');
const baselineName = '20261122000000_baseline';
/** The migrations after the baseline, oldest first. */
const laterNames = readdirSync(migrationsDir)
  .filter((name) => /^\d/.test(name) && name !== baselineName)
  .sort();
const secondName = laterNames[0]!;

const applyMigrations = (database: string | pg.Client, migrations: string, version = thisRelease.version) =>
  applyRelease(database, { migrations, version });

let folder: string;
let children: Children;
const databases: TestDatabase[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'flashback-migrations-'));
  children = await openChildren({ dir: path.join(folder, 'children'), log: createLog('silent') });
});

afterEach(async () => {
  await Promise.all(databases.splice(0).map((database) => database.drop()));
});

afterAll(async () => {
  await children.close();
  rmSync(folder, { recursive: true });
});

async function bareDatabase(): Promise<string> {
  const database = await createBareDatabase();
  databases.push(database);
  return database.url;
}

async function migratedDatabase(): Promise<string> {
  const database = await createTestDatabase();
  databases.push(database);
  return database.url;
}

/** Runs statements one after another. @returns the rows of the last one */
async function sql(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

const fileOf = (migration: string, name: string) =>
  readFile(path.join(migrationsDir, migration, name), 'utf8');

/** Undoes the later migrations as an operator would: the down.sql of each, newest first. */
async function down(url: string): Promise<void> {
  for (const name of laterNames.toReversed()) await sql(url, await fileOf(name, 'down.sql'));
}

/** Makes a copy of the migrations that a test can change. */
async function copyOfMigrations(name: string): Promise<string> {
  const dir = path.join(folder, name);
  await cp(migrationsDir, dir, { recursive: true });
  return dir;
}

/** All parts of the schema, one line each, without the order of columns. */
async function schemaOf(url: string): Promise<string[]> {
  const ours = `relnamespace = 'public'::regnamespace AND relname <> '_prisma_migrations'`;
  const parts = [
    `SELECT format('column %s.%s %s %s default %s', c.oid::regclass, attname,
       format_type(atttypid, atttypmod),
       CASE WHEN attnotnull THEN 'not null' END, pg_get_expr(adbin, adrelid))
     FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
     LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
     WHERE ${ours} AND relkind IN ('r', 'S')`,
    `SELECT format('constraint %s on %s %s', conname, c.oid::regclass, pg_get_constraintdef(k.oid))
     FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid WHERE ${ours}`,
    `SELECT format('index %s', pg_get_indexdef(c.oid)) FROM pg_class c
     WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_prisma%'`,
    `SELECT format('trigger %s', pg_get_triggerdef(t.oid))
     FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal AND ${ours}`,
    `SELECT format('function %s', pg_get_functiondef(oid)) FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace`,
    `SELECT format('type %s %s', enumtypid::regtype, string_agg(enumlabel, ' ' ORDER BY enumsortorder))
     FROM pg_enum GROUP BY enumtypid`,
  ];
  const rows = await sql(url, parts.map((part) => `(${part})`).join(' UNION ALL '));
  return rows.map((row) => String(row['format'])).sort();
}

const insertCamera = `INSERT INTO cameras (id, name, rtsp_url)
  VALUES ('00000000-0000-7000-8000-000000000001', 'gate', 'rtsp://192.0.2.1/')`;
const insertPlayback = `INSERT INTO playbacks (id, camera_id)
  VALUES ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001')`;

describe('up and down', () => {
  it('restores the schema of the baseline, and keeps its data', async () => {
    const url = await bareDatabase();
    const baselineOnly = await copyOfMigrations('baseline');
    for (const name of laterNames) rmSync(path.join(baselineOnly, name), { recursive: true });
    expect(await applyMigrations(url, baselineOnly)).toEqual([baselineName]);
    await sql(url, insertCamera, insertPlayback);
    const before = await schemaOf(url);
    const rows = `SELECT to_jsonb(cameras) AS camera, to_jsonb(playbacks) AS playback
      FROM cameras JOIN playbacks ON camera_id = cameras.id`;
    const data = await sql(url, rows);

    expect(await applyMigrations(url, migrationsDir)).toEqual(laterNames);
    const after = await schemaOf(url);
    expect(after).toEqual(await schemaOf(await migratedDatabase()));
    expect(after.length).toBeGreaterThan(before.length);

    await down(url);
    expect(await schemaOf(url)).toEqual(before);
    expect(await sql(url, rows)).toEqual(data);
    expect(data).toHaveLength(1);

    expect(await applyMigrations(url, migrationsDir)).toEqual(laterNames);
    expect(await schemaOf(url)).toEqual(after);
    // Going down restored the status PENDING, so going up makes the playback NOT_RECORDED again.
    expect(await sql(url, 'SELECT recording_status, failure_code FROM playbacks')).toEqual([
      { recording_status: 'FAILED', failure_code: 'NOT_RECORDED' },
    ]);
  });

  it('makes old playbacks without a deadline FAILED, and keeps those with a deadline', async () => {
    const url = await bareDatabase();
    const before = await copyOfMigrations('before-old-playbacks');
    rmSync(path.join(before, '20261128000001_old_playbacks'), { recursive: true });
    await applyMigrations(url, before);
    const insert = `INSERT INTO playbacks (id, camera_id, recording_status, deadline_at)
      SELECT gen_random_uuid(), id`;
    await sql(
      url,
      insertCamera,
      `${insert}, 'PENDING', NULL FROM cameras, generate_series(1, 40)`,
      `${insert}, 'RECORDING', NULL FROM cameras`,
      `${insert}, 'PENDING', now() + interval '1 hour' FROM cameras`,
      `${insert}, 'RECORDING', now() + interval '1 hour' FROM cameras`,
    );
    await applyMigrations(url, migrationsDir);
    const rows = `SELECT recording_status AS status, failure_code AS code, deadline_at > now() AS "goesOn", count(*)::int
      FROM playbacks GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 3`;
    expect(await sql(url, rows)).toEqual([
      { status: 'FAILED', code: 'NOT_RECORDED', goesOn: null, count: 40 },
      { status: 'PENDING', code: null, goesOn: true, count: 1 },
      // An earlier version of Flashback began this recording. It gets a deadline that has passed, and so ends with its footage.
      { status: 'RECORDING', code: null, goesOn: false, count: 1 },
      { status: 'RECORDING', code: null, goesOn: true, count: 1 },
    ]);
  });

  it('may be repeated, because every statement says IF NOT EXISTS or IF EXISTS', async () => {
    const url = await migratedDatabase();
    const whole = await schemaOf(url);
    for (const name of [baselineName, ...laterNames]) await sql(url, await fileOf(name, 'migration.sql'));
    expect(await schemaOf(url)).toEqual(whole);
    await down(url);
    const less = await schemaOf(url);
    await down(url);
    expect(await schemaOf(url)).toEqual(less);
  });
});

describe('applyMigrations', () => {
  it('does nothing the second time', async () => {
    const url = await bareDatabase();
    expect(await applyMigrations(url, migrationsDir)).toEqual([baselineName, ...laterNames]);
    expect(await applyMigrations(url, migrationsDir)).toEqual([]);
  });

  it('applies the migrations once if four calls come at once', async () => {
    const url = await bareDatabase();
    const applied = await Promise.all(Array.from({ length: 4 }, () => applyMigrations(url, migrationsDir)));
    expect(applied.filter((names) => names.length > 0)).toEqual([[baselineName, ...laterNames]]);
    expect(await sql(url, 'SELECT count(*)::int AS n FROM _prisma_migrations')).toEqual([
      { n: 1 + laterNames.length },
    ]);
  });

  it('uses the session of a connected client, and releases its lock', async () => {
    const client = new pg.Client({ connectionString: await bareDatabase() });
    await client.connect();
    expect(await applyMigrations(client, migrationsDir)).toEqual([baselineName, ...laterNames]);
    const locks = await client.query(
      `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`,
    );
    expect(locks.rows).toEqual([]);
    await client.end();
  });

  it('completes a database that has some tables and no bookkeeping', async () => {
    const url = await bareDatabase();
    await sql(
      url,
      await fileOf(baselineName, 'migration.sql'),
      `CREATE TYPE recording_status AS ENUM ('PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED', 'FAILED')`,
      `ALTER TABLE playbacks ADD COLUMN recording_status recording_status NOT NULL DEFAULT 'PENDING'`,
      `ALTER TABLE playbacks ADD COLUMN duration_sec integer`,
      `ALTER TABLE cameras ADD COLUMN pre_roll_sec integer NOT NULL DEFAULT 5`,
      insertCamera,
    );
    expect(await applyMigrations(url, migrationsDir)).toEqual([baselineName, ...laterNames]);
    expect(await schemaOf(url)).toEqual(await schemaOf(await migratedDatabase()));
    expect(await sql(url, 'SELECT name FROM cameras')).toEqual([{ name: 'gate' }]);
  });

  it('refuses a migration that was edited after it was applied', async () => {
    const dir = await copyOfMigrations('edited');
    await appendFile(path.join(dir, baselineName, 'migration.sql'), '-- one more line\n');
    await expect(applyMigrations(await migratedDatabase(), dir)).rejects.toThrow(
      `The migration ${baselineName} was edited after it was applied: ` +
        'restore its file, and put the change into a new migration.',
    );
  });

  const addNewer = async (folder: string, sql: string) => {
    const newer = await copyOfMigrations(folder);
    await mkdir(path.join(newer, '20990101000000_newer'));
    await writeFile(path.join(newer, '20990101000000_newer/migration.sql'), sql);
    return newer;
  };

  it('accepts a database that a newer version has used, unless that one needs newer ones', async () => {
    const newer = await addNewer('newer', 'CREATE TABLE newer (id integer);');
    const url = await migratedDatabase();
    expect(await applyMigrations(url, newer, '9.0.0')).toEqual(['20990101000000_newer']);
    expect(await applyMigrations(url, migrationsDir)).toEqual([]);
    await expect(applyMigrations(url, migrationsDir, '0.1.9')).rejects.toThrow('does not know');
    await sql(url, "SELECT flashback_demand_version('0.10.0')");
    expect(await applyMigrations(url, migrationsDir, '0.11.0-beta')).toEqual([]);
    expect(await applyMigrations(url, migrationsDir, '0.10')).toEqual([]);
    await expect(applyMigrations(url, migrationsDir, '0.9.0')).rejects.toThrow(
      'The database has the migration 20990101000000_newer, which this version does not know: ' +
        'a newer version has used it. Start that version, or one newer still.',
    );
  });

  it('waits with a migration that older servers cannot work with until none is there', async () => {
    const newer = await addNewer('demanding', "SELECT flashback_demand_version('0.10.0');");
    const url = await migratedDatabase();
    await sql(
      url,
      `INSERT INTO nodes (id, incarnation, version, capacity, started_at, heartbeat_at, lease_until)
       VALUES ('old', 1, '0.9.3', 1, now(), now(), now() + interval '1 hour'), ('new', 2, '0.10.0', 1, now(), now(), now() + interval '1 hour')`,
    );
    await expect(applyMigrations(url, newer, '0.10.0')).rejects.toMatchObject({
      name: 'VersionConflict',
      message: expect.stringContaining(
        'it needs version 0.10.0 on all servers, and these run an older one: old (0.9.3)',
      ),
    });
    expect(await sql(url, 'SELECT min_version FROM installation')).toEqual([{ min_version: '0.2.0' }]);
    await sql(url, "UPDATE nodes SET lease_until = now() WHERE id = 'old'");
    expect(await applyMigrations(url, newer, '0.10.0')).toEqual(['20990101000000_newer']);
    expect(await sql(url, 'SELECT min_version FROM installation')).toEqual([{ min_version: '0.10.0' }]);
    await sql(url, "SELECT flashback_demand_version('0.3.0')");
    expect(await sql(url, 'SELECT min_version FROM installation')).toEqual([{ min_version: '0.10.0' }]);
  });

  it('writes a new value of an enum only once every live server can read it', async () => {
    const url = await migratedDatabase();
    await sql(
      url,
      "ALTER TYPE end_reason ADD VALUE 'MOVED'",
      "INSERT INTO enum_values VALUES ('end_reason', 'MOVED', '0.10.0', 'SHUTDOWN')",
      "INSERT INTO cameras (id, name, rtsp_url) VALUES (gen_random_uuid(), 'Gate', 'rtsp://127.0.0.1:9/')",
      'INSERT INTO playbacks (id, camera_id) SELECT gen_random_uuid(), id FROM cameras',
      `INSERT INTO nodes (id, incarnation, version, capacity, started_at, heartbeat_at, lease_until)
       VALUES ('old', 1, '0.9.3', 1, now(), now(), now() + interval '1 hour'), ('new', 2, '0.10.0', 1, now(), now(), now() + interval '1 hour')`,
    );
    const end = (reason: string) =>
      sql(url, `UPDATE playbacks SET end_reason = '${reason}' RETURNING end_reason`);
    expect(await end('MOVED')).toEqual([{ end_reason: 'SHUTDOWN' }]);
    expect(await end('ENDED')).toEqual([{ end_reason: 'ENDED' }]);
    await sql(url, "UPDATE nodes SET lease_until = now() WHERE id = 'old'");
    expect(await end('MOVED')).toEqual([{ end_reason: 'MOVED' }]);
  });

  it('does not let other statements wait behind a lock that it does not get, and tries again', async () => {
    const newer = await addNewer('locking', 'ALTER TABLE cameras ADD COLUMN later integer;');
    const url = await migratedDatabase();
    const reader = new pg.Client({ connectionString: url });
    await reader.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT 1 FROM cameras');
    const applying = applyMigrations(url, newer);
    const isWaiting = async () =>
      (
        await sql(
          url,
          "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE%'",
        )
      ).length > 0;
    await expect.poll(isWaiting).toBe(true);
    // It gives up, and this statement, which waits behind it, is answered although the reader still reads.
    expect(await sql(url, 'SELECT count(*)::int AS cameras FROM cameras')).toEqual([{ cameras: 0 }]);
    await reader.end();
    expect(await applying).toEqual(['20990101000000_newer']);
  }, 20_000);

  it('has only migrations that older servers can work with, or that refuse them', () => {
    const breaking =
      /\b(DROP (TABLE|COLUMN|FUNCTION)|RENAME|ALTER COLUMN \S+ (TYPE|SET NOT NULL|DROP DEFAULT))\b/i;
    for (const name of laterNames.filter((it) => it >= '20261129080000')) {
      const text = readFileSync(path.join(migrationsDir, name, 'migration.sql'), 'utf8');
      if (!text.includes('SELECT "flashback_demand_version"(')) expect(text, name).not.toMatch(breaking);
    }
  });

  it.each([
    ['fails', 'SELECT 1 / 0;', 'division by zero'],
    [
      'cannot be written down',
      'ALTER TABLE _prisma_migrations ALTER COLUMN migration_name TYPE varchar(50);',
      'value too long for type character varying(50)',
    ],
  ])('undoes all of a migration that %s, and keeps those before it', async (what, fault, message) => {
    const name = `20990101000000_migration_that_${what.replaceAll(' ', '_')}`.padEnd(60, '_');
    const dir = await copyOfMigrations(name);
    await mkdir(path.join(dir, name));
    await writeFile(path.join(dir, name, 'migration.sql'), `CREATE TABLE half (id integer); ${fault}`);
    const url = await bareDatabase();
    await expect(applyMigrations(url, dir)).rejects.toThrow(
      `The migration ${name} could not be applied and was undone: ${message}`,
    );
    expect(await sql(url, `SELECT to_regclass('half') AS half, to_regclass('cameras') AS cameras`)).toEqual([
      { half: null, cameras: 'cameras' },
    ]);
    expect(await applyMigrations(url, migrationsDir)).toEqual([]);
  });

  it('refuses a database in which another tool has failed halfway through a migration', async () => {
    const url = await migratedDatabase();
    await sql(url, `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '${secondName}'`);
    await expect(applyMigrations(url, migrationsDir)).rejects.toThrow(
      `The migration ${secondName} failed when it was applied earlier: repair the database, ` +
        'then mark the migration with `npx prisma migrate resolve`.',
    );
  });
});

describe("Prisma's own command line", () => {
  function prisma(url: string, ...args: string[]): Promise<RunResult> {
    const cli = path.join(root, 'node_modules/prisma/build/index.js');
    return children.run('prisma', process.execPath, [cli, ...args], {
      cwd: root,
      env: { ...process.env, DATABASE_URL: url, CHECKPOINT_DISABLE: '1' },
      timeoutMs: 25_000,
      maxOutputBytes: 1024 * 1024,
    });
  }

  const bookkeeping = (url: string) =>
    sql(
      url,
      `SELECT migration_name, checksum, logs, rolled_back_at, applied_steps_count,
         finished_at >= started_at AS finished
       FROM _prisma_migrations ORDER BY started_at`,
    );

  it('finds nothing left to do after applyMigrations', async () => {
    const url = await migratedDatabase();
    const [status, deploy] = await Promise.all([
      prisma(url, 'migrate', 'status'),
      prisma(url, 'migrate', 'deploy'),
    ]);
    expect(status).toMatchObject({ code: 0, stdout: expect.any(Buffer) });
    expect(status.stdout.toString()).toContain('Database schema is up to date!');
    expect(deploy.stdout.toString()).toContain('No pending migrations to apply.');
  });

  it('leaves the same bookkeeping and nothing for applyMigrations to do', async () => {
    const url = await bareDatabase();
    const deploy = await prisma(url, 'migrate', 'deploy');
    expect(deploy.stdout.toString()).toContain('All migrations have been successfully applied.');
    expect(await applyMigrations(url, migrationsDir)).toEqual([]);

    const ours = await migratedDatabase();
    expect(await bookkeeping(url)).toEqual(await bookkeeping(ours));
    expect(await schemaOf(url)).toEqual(await schemaOf(ours));
  });

  it('sees no difference between the migrations and schema.prisma', async () => {
    const args = ['migrate', 'diff', '--to-schema', 'prisma/schema.prisma', '--script', '--exit-code'];
    const drifted = await migratedDatabase();
    await sql(drifted, 'ALTER TABLE playbacks DROP COLUMN codec');
    const before = await schemaOf(drifted);
    const [none, some] = await Promise.all([
      prisma(drifted, ...args, '--from-migrations', 'prisma/migrations'),
      prisma(drifted, ...args, '--from-config-datasource'),
    ]);
    expect(none.stdout.toString()).toContain('This is an empty migration.');
    expect(none.code).toBe(0);
    expect(some.stdout.toString()).toContain('ALTER TABLE "playbacks" ADD COLUMN     "codec" VARCHAR(20);');
    expect(some.code).toBe(2);
    // The migrations were applied in a shadow database, which was dropped.
    expect(await schemaOf(drifted)).toEqual(before);
    expect(await sql(drifted, `SELECT 1 FROM pg_database WHERE datname LIKE 'prisma%'`)).toEqual([]);
  });
});
