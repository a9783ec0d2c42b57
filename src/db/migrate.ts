// Applies migrations at start-up. It keeps the table _prisma_migrations exactly as `prisma migrate deploy` does, so that
// both can be used with one database.
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { isAtLeast, version } from '../version.ts';
import { VersionConflict } from './version-conflict.ts';

/** The folder of the project's migrations. The path is the same from src/ and from dist/. */
const migrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** The advisory lock that Prisma's schema engine takes. */
const migrationLock = 72707369;

/** The table of applied migrations, as Prisma's schema engine creates it. */
const createBookkeeping = `
  CREATE TABLE "_prisma_migrations" (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

/** What a version of Flashback brings to the database. */
export interface Release {
  readonly version: string;
  /** The folder of its migrations. */
  readonly migrations: string;
}

export const thisRelease: Release = { version, migrations };

/**
 * How long a migration may wait for a lock on a table. Other servers' statements on that table wait behind it meanwhile:
 * so it gives up soon, and tries again.
 */
const lockWithinMs = 2_000;
const lockTries = 30;
/** PostgreSQL’s lock_not_available, and what "flashback_demand_version" (migration 20261129090000_versions) raises. */
const codes = { noLock: '55P03', olderNodes: 'FB002' };

interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of the file, in hexadecimal digits. */
  checksum: string;
}

interface AppliedMigration {
  name: string;
  checksum: string;
  finished: boolean;
}

/**
 * Applies the migrations of `dir` (`<name>/migration.sql`, in the order of their names) that the database
 * does not have yet, each in a transaction of its own together with its bookkeeping. Returns their names.
 * Several processes may call this at once: one applies the migrations, and the others wait.
 *
 * Unlike `prisma migrate deploy` (P3005) it also accepts a database that has tables but no bookkeeping: every
 * statement of these migrations says IF NOT EXISTS, and so adds only what is missing.
 *
 * A database may have migrations of a newer version, as long as that one says that this version can work with them
 * (`min_version` in the table installation).
 *
 * Rejects without a change if a migration was edited after it was applied, or if another tool failed halfway through one.
 * Rejects if a migration fails, which is then rolled back.
 * @param database a connection string, or a connected client, which stays open
 * @throws VersionConflict if this version is too old for the database, or a live node is too old for a migration
 */
export async function applyMigrations(
  database: string | pg.Client,
  release: Release = thisRelease,
): Promise<string[]> {
  if (typeof database !== 'string') return applyWithLock(database, release);

  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    return await applyWithLock(client, release);
  } finally {
    await client.end();
  }
}

async function readMigrations(dir: string): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(path.join(dir, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function applyWithLock(client: pg.Client, { version, migrations: dir }: Release): Promise<string[]> {
  const migrations = await readMigrations(dir);
  await client.query('SELECT pg_advisory_lock($1::bigint)', [migrationLock]);
  try {
    const applied = await readBookkeeping(client);
    const minVersion = await readMinVersion(client);
    const pending = pendingOf(
      migrations,
      applied,
      minVersion !== undefined && isAtLeast(version, minVersion),
    );
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  } finally {
    // This fails only if the connection is lost. Then the lock is released, too, and the first error is thrown.
    await client.query('SELECT pg_advisory_unlock($1::bigint)', [migrationLock]).catch(() => undefined);
  }
}

async function readBookkeeping(client: pg.Client): Promise<AppliedMigration[]> {
  const known = await client.query(`SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS known`);
  if (!known.rows[0].known) await client.query(createBookkeeping);
  const applied = await client.query<AppliedMigration>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
     FROM "_prisma_migrations" WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  return applied.rows;
}

/** The oldest version that can work with the database; undefined if the database is so old that it does not say that. */
async function readMinVersion(client: pg.Client): Promise<string | undefined> {
  const table = await client.query(`SELECT to_regclass('installation') IS NOT NULL AS known`);
  if (!table.rows[0].known) return undefined;
  const { rows } = await client.query(`SELECT to_jsonb(i) ->> 'min_version' AS version FROM installation i`);
  return rows[0]?.version ?? undefined;
}

/**
 * The migrations that are not yet applied.
 * @param mayHaveNewer whether this version can work with a database that has migrations of newer ones
 * @throws Error if the applied ones do not match
 */
function pendingOf(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  mayHaveNewer: boolean,
): Migration[] {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { name, checksum, finished } of applied) {
    const migration = byName.get(name);
    if (!finished) {
      throw new Error(
        `The migration ${name} failed when it was applied earlier: repair the database, ` +
          'then mark the migration with `npx prisma migrate resolve`.',
      );
    }
    if (migration === undefined) {
      if (mayHaveNewer) continue;
      throw new VersionConflict(
        `The database has the migration ${name}, which this version does not know: ` +
          'a newer version has used it. Start that version, or one newer still.',
      );
    }
    if (migration.checksum !== checksum) {
      throw new Error(
        `The migration ${name} was edited after it was applied: restore its file, ` +
          'and put the change into a new migration.',
      );
    }
  }
  const done = new Set(applied.map(({ name }) => name));
  return migrations.filter(({ name }) => !done.has(name));
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  for (let left = lockTries; ; left--) {
    try {
      return await applyOnce(client, migration);
    } catch (error) {
      const { message, cause } = error as Error & { cause: { code?: string } };
      if (cause.code === codes.olderNodes) throw new VersionConflict(message, cause);
      if (cause.code !== codes.noLock || left === 0) throw error;
    }
  }
}

async function applyOnce(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(`SET LOCAL lock_timeout = ${lockWithinMs}`);
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations"
         (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined); // a lost connection rolls back, too
    throw new Error(
      `The migration ${name} could not be applied and was undone: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}
