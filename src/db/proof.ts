import { setTimeout as sleep } from 'node:timers/promises';
import { Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';

/** A database that has not answered by then cannot be worked with. */
const withinMs = 5_000;

/**
 * Proves that the database can be read and written through the pools. Where nothing can be written to the database's
 * disk any more, old rows can still be changed: so a temporary table grows by 64 KiB, which its commit takes back.
 * @throws Error whose message says what the database cannot do, in its own words
 */
export async function proveDatabase({ db, readingDb }: { db: Db; readingDb: Db }): Promise<void> {
  const work = Promise.all([
    told('read', readingDb.$queryRaw`SELECT 1`),
    told(
      'written',
      db.$executeRaw`
      DO $$ BEGIN
        DELETE FROM store_removals WHERE false;
        BEGIN
          SET LOCAL client_min_messages = warning;
          CREATE TEMPORARY TABLE IF NOT EXISTS flashback_proof (filler text) ON COMMIT DELETE ROWS;
          INSERT INTO pg_temp.flashback_proof SELECT repeat('x', 1900) FROM generate_series(1, 32);
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
      END $$`,
    ),
  ]);
  const over = new AbortController();
  try {
    await Promise.race([
      work,
      sleep(withinMs, undefined, { signal: over.signal, ref: false }).then(() => {
        throw new Error(`The database has not answered within ${withinMs / 1_000} seconds.`);
      }),
    ]);
  } finally {
    over.abort();
    work.catch(() => {});
  }
}

/** Looks into every table. @throws Prisma’s error where a table or a column is not there */
export async function proveSchema(db: Db): Promise<void> {
  for (const model of Object.values(Prisma.ModelName)) {
    await db[`${model[0]!.toLowerCase()}${model.slice(1)}` as 'camera'].findFirst();
  }
}

/** PostgreSQL’s undefined_table, undefined_column and undefined_function, and what Prisma makes of them. */
const missingInDatabase = new Set(['42P01', '42703', '42883', 'P2021', 'P2022']);

/** In words, with what to do, where an error says that something is missing that a migration had made. */
export function schemaProblem(error: Error & { code?: string }): string | undefined {
  const { driverAdapterError } =
    (error as { meta?: { driverAdapterError?: { cause?: { originalCode?: string } } } }).meta ?? {};
  const codes = [error.code, driverAdapterError?.cause?.originalCode];
  if (!codes.some((code) => code && missingInDatabase.has(code))) return undefined;
  return (
    `The database lacks what its list of migrations says it has: ${reasonOf(error)} Where a migration was taken back ` +
    'by hand, take its line back, too, so that this start applies it again: ' +
    "DELETE FROM _prisma_migrations WHERE migration_name = '<the migration>'."
  );
}

const told = (what: string, operation: Promise<unknown>) =>
  operation.catch((error: unknown) => {
    throw new Error(`The database cannot be ${what}: ${reasonOf(error)}`, { cause: error });
  });

/** What PostgreSQL said, without Prisma's account of the call. */
function reasonOf(error: unknown): string {
  const { message, meta } = error as Error & { meta?: { driverAdapterError?: Error & { cause?: unknown } } };
  const { originalMessage } = (meta?.driverAdapterError?.cause ?? {}) as { originalMessage?: string };
  return originalMessage ?? message.trim().split('\n').at(-1)!;
}
