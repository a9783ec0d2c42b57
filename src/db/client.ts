import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { notFound, RequestError } from '../domain/errors.ts';
import { Prisma, PrismaClient } from '../generated/prisma/client.ts';
import type { Seal } from './seal.ts';
import { withSealedAddresses } from './sealed-addresses.ts';

export type Db = PrismaClient;
/** A client or a transaction of one: what the functions that write take, so that they can be combined. */
export type Tx = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>;

/** A thousand calls at once take their turns well within this, also on a machine that is busy. */
const waitMs = 15_000;

/** What those ask who only read: few connections, and none of them for long. */
export const forReading = { connections: 10, statementTimeoutMs: 15_000 };

/**
 * A pool of connections. pg's defaults wait for ever when the server is away or the pool is used up: a request must
 * rather fail in time.
 * @param options.seal for the addresses of cameras; without it they must not be used
 */
export function connectDb(
  url: string,
  {
    connections = 20,
    statementTimeoutMs,
    seal,
  }: { connections?: number; statementTimeoutMs?: number; seal?: Seal } = {},
): Db {
  const adapter = new PrismaPg({
    connectionString: url,
    max: connections,
    ...(statementTimeoutMs && { statement_timeout: statementTimeoutMs }),
    connectionTimeoutMillis: waitMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  const client = new PrismaClient({
    adapter,
    // Prisma gives a transaction two seconds to begin unless it is told otherwise, whatever the pool allows.
    transactionOptions: { maxWait: waitMs, timeout: waitMs },
    // A hundred events may bring six megabytes, and parsed twenty times as much: who needs it reads it (event-metadata.ts).
    omit: { event: { metadata: true } },
  }) as unknown as PrismaClient;
  return seal ? withSealedAddresses(client, seal) : client;
}

/** PostgreSQL cancelled a statement for its length (query_canceled), whichever way Prisma passes that on. */
export const tookTooLong = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof DatabaseAway) &&
  /57014|canceling statement due to statement timeout/.test(error.message);

/** The database did not do what it was asked for, and may do so later: it is away, starting, or overloaded. */
export class DatabaseAway extends Error {
  constructor(cause: unknown) {
    super(`The database is not available: ${(cause as Error).message}`, { cause });
    this.name = 'DatabaseAway';
  }
}

/** Codes with which Prisma says that the data or the query itself is wrong ("Error reference", P2000 to P2023). */
const wrongInItself = /^P20([01]\d|2[0-3])$/;
/** Connection lost, rolled back for another's sake, out of resources, an operator's doing (PostgreSQL, Appendix A). */
const passing = /^(08|40|53|57)/;

/** Tells an outage from a mistake. @throws DatabaseAway where trying again later can help */
export async function inDatabase<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw mayPass(error) ? new DatabaseAway(error) : error;
  }
}

/** Whether the same may be answered later. */
function mayPass(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientValidationError || error instanceof RequestError) return false;
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return true;
  return passing.test(sqlState(error)) || !wrongInItself.test(error.code);
}

/** PostgreSQL's own code, which Prisma passes on of statements in SQL. */
const sqlState = ({ meta }: Prisma.PrismaClientKnownRequestError): string => {
  const driverError = meta?.driverAdapterError as { cause?: { originalCode?: string } } | undefined;
  return driverError?.cause?.originalCode ?? '';
};

/** Prisma's words for a foreign key that names nothing (P2003), in raw SQL PostgreSQL's (foreign_key_violation). */
const namesNothing = /P2003|23503/;

/** Writes something of a camera. @throws RequestError NOT_FOUND where that was deleted after it was looked up */
export async function ofCamera<T>(cameraId: string, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    const isKnown = error instanceof Prisma.PrismaClientKnownRequestError;
    if (isKnown && namesNothing.test(`${error.code} ${JSON.stringify(error.meta)}`)) {
      throw notFound('camera', cameraId);
    }
    throw error;
  }
}

/** A database that is started again is back within this. Who calls the API waits for ten seconds (README). */
const repeatForMs = 5_000;

/**
 * Repeats a write until the database answers: where an answer was lost, what it told of may be written. Only for writes
 * that may be done twice.
 * @throws Error with which it failed last
 */
export async function untilAnswered<T>(write: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + repeatForMs;
  for (let pause = 50; ; pause *= 2) {
    try {
      return await write();
    } catch (error) {
      if (!mayPass(error) || performance.now() + pause > giveUpAt) throw error;
      await sleep(pause);
    }
  }
}
