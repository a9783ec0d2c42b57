import { setTimeout as sleep } from 'node:timers/promises';
import { Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';

/** The time within which the database must answer. */
const withinMs = 5_000;

/**
 * Proves that the database can be read and written through the pools. On a full disk existing rows can still be changed,
 * so this writes 64 KiB to a temporary table, which the commit deletes again.
 * @throws Error that says whether reading or writing failed, with PostgreSQL's reason
 */
export async function proveDatabase({ db, readingDb }: { db: Db; readingDb: Db }): Promise<void> {
  const work = Promise.all([
    withReason('read', readingDb.$queryRaw`SELECT 1`),
    withReason(
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
    work.catch(() => {}); // after the time limit nobody else handles its error
  }
}

/** Reads a row of every table. @throws Prisma’s error if a table or a column is missing */
export async function proveSchema(db: Db): Promise<void> {
  for (const model of Object.values(Prisma.ModelName)) {
    await db[`${model[0]!.toLowerCase()}${model.slice(1)}` as 'camera'].findFirst();
  }
}

/** PostgreSQL’s undefined_table, undefined_column and undefined_function, and Prisma's codes for them. */
const missingInDatabase = new Set(['42P01', '42703', '42883', 'P2021', 'P2022']);

/** Explains an error caused by a missing table, column or function whose migration is recorded as applied. */
export function schemaProblem(error: Error & { code?: string }): string | undefined {
  const { driverAdapterError } =
    (error as { meta?: { driverAdapterError?: { cause?: { originalCode?: string } } } }).meta ?? {};
  const codes = [error.code, driverAdapterError?.cause?.originalCode];
  if (!codes.some((code) => code && missingInDatabase.has(code))) return undefined;
  return (
    `The database lacks what its list of migrations says it has: ${reasonOf(error)} If you undid a migration by ` +
    'hand, also delete its row, so that this start applies it again: ' +
    "DELETE FROM _prisma_migrations WHERE migration_name = '<the migration>'."
  );
}

const withReason = (what: 'read' | 'written', operation: Promise<unknown>) =>
  operation.catch((error: Error) => {
    throw cannotBe(what, error);
  });

/**
 * The error as a sentence for the person who starts the server. A missing table has a sentence of its own
 * (`schemaProblem`).
 */
export const cannotBe = (what: 'read' | 'written', error: Error): Error =>
  schemaProblem(error) === undefined
    ? new Error(`The database cannot be ${what}: ${reasonOf(error)}`, { cause: error })
    : error;

/** PostgreSQL's message, without Prisma's description of the call. */
function reasonOf(error: unknown): string {
  const { message, meta } = error as Error & { meta?: { driverAdapterError?: Error & { cause?: unknown } } };
  const { originalMessage } = (meta?.driverAdapterError?.cause ?? {}) as { originalMessage?: string };
  return originalMessage ?? message.trim().split('\n').at(-1)!;
}
