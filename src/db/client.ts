import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { notFound, RequestError } from '../domain/errors.ts';
import { Prisma, PrismaClient } from '../generated/prisma/client.ts';
import type { Seal } from './seal.ts';
import { withSealedAddresses } from './sealed-addresses.ts';
import { type Incarnation, prepareSession } from './session.ts';
import type { Writes } from './writes.ts';

export type Db = PrismaClient;
/** A client or a transaction. Functions that take it can be combined in one transaction. */
export type Tx = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>;

/** How long a call waits for a connection. A thousand concurrent calls need less, even on a busy machine. */
const waitMs = 15_000;

/** Options of the pool for queries: few connections, and a limit for each statement. */
export const forReading = { connections: 10, statementTimeoutMs: 15_000 };

/**
 * Makes a pool of connections with time limits. With pg's defaults, a request would wait for ever if the database does not
 * answer or all connections are in use.
 * @param options.seal for stream addresses; without it they must not be read or written
 * @param options.self the server that uses the pool; undefined: a command uses it
 * @param options.writes gets what is written through the pool; undefined: other servers are notified at each commit
 */
export function connectDb(
  url: string,
  {
    connections = 20,
    statementTimeoutMs,
    seal,
    self,
    writes,
  }: {
    connections?: number;
    statementTimeoutMs?: number;
    seal?: Seal;
    self?: Incarnation;
    writes?: Writes;
  } = {},
): Db {
  const adapter = new PrismaPg({
    connectionString: url,
    max: connections,
    ...(statementTimeoutMs && { statement_timeout: statementTimeoutMs }),
    connectionTimeoutMillis: waitMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    onConnect: prepareSession(self, writes),
  });
  const client = new PrismaClient({
    adapter,
    // By default, Prisma lets a transaction wait only two seconds for a connection.
    transactionOptions: { maxWait: waitMs, timeout: waitMs },
    // Left out by default: the metadata of a hundred events may be six megabytes, and twenty times as much when parsed.
    // event-metadata.ts reads it.
    omit: { event: { metadata: true, words: true } },
  }) as unknown as PrismaClient;
  return seal ? withSealedAddresses(client, seal) : client;
}

/** Whether PostgreSQL cancelled a statement at its time limit (query_canceled). Prisma reports that in several forms. */
export const tookTooLong = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof DatabaseAway) &&
  /57014|canceling statement due to statement timeout/.test(error.message);

/** The database does not answer, is starting, or is overloaded: a retry may succeed. */
export class DatabaseAway extends Error {
  constructor(cause: unknown) {
    super(`The database is not available: ${(cause as Error).message}`, { cause });
    this.name = 'DatabaseAway';
  }
}

/** Prisma's codes for wrong data or a wrong query ("Error reference", P2000 to P2023). */
const permanent = /^P20([01]\d|2[0-3])$/;
/** Lost connection, transaction rollback, insufficient resources, operator intervention (PostgreSQL, Appendix A). */
const transient = /^(08|40|53|57)/;

/** Passes a result on. @throws DatabaseAway if a retry may succeed; other errors unchanged */
export async function inDatabase<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw isTransient(error) ? new DatabaseAway(error) : error;
  }
}

/** Whether a retry may succeed. */
function isTransient(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientValidationError || error instanceof RequestError) return false;
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return true;
  return transient.test(sqlState(error)) || !permanent.test(error.code);
}

/** PostgreSQL's error code, which Prisma passes on for raw SQL. */
const sqlState = ({ meta }: Prisma.PrismaClientKnownRequestError): string => {
  const driverError = meta?.['driverAdapterError'] as { cause?: { originalCode?: string } } | undefined;
  return driverError?.cause?.originalCode ?? '';
};

/** A violated foreign key: Prisma's code (P2003), or PostgreSQL's for raw SQL (foreign_key_violation). */
const foreignKeyViolation = /P2003|23503/;

/** Passes on the result of a write that refers to a camera. @throws RequestError NOT_FOUND if the camera was just deleted */
export async function ofCamera<T>(cameraId: string, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    const isKnown = error instanceof Prisma.PrismaClientKnownRequestError;
    if (isKnown && foreignKeyViolation.test(`${error.code} ${JSON.stringify(error.meta)}`)) {
      throw notFound('camera', cameraId);
    }
    throw error;
  }
}

/**
 * How long a write is retried. A restarted database answers sooner, and clients wait longer (ten seconds,
 * docs/client.md).
 */
const repeatForMs = 5_000;

/**
 * Retries a write until the database answers. If an answer was lost, the write may have happened: so `write` must be
 * idempotent.
 * @throws the last error after five seconds; an error that is not transient at once
 */
export async function untilAnswered<T>(write: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + repeatForMs;
  for (let pause = 50; ; pause *= 2) {
    try {
      return await write();
    } catch (error) {
      if (!isTransient(error) || performance.now() + pause > giveUpAt) throw error;
      await sleep(pause);
    }
  }
}
