import { PrismaPg } from '@prisma/adapter-pg';
import { notFound } from '../domain/errors.ts';
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
  // Prisma gives a transaction two seconds to begin unless it is told otherwise, whatever the pool allows.
  const client = new PrismaClient({ adapter, transactionOptions: { maxWait: waitMs, timeout: waitMs } });
  return seal ? withSealedAddresses(client, seal) : client;
}

/** PostgreSQL cancelled a statement for its length (query_canceled), whichever way Prisma passes that on. */
export const tookTooLong = (error: unknown): boolean =>
  error instanceof Error && /57014|canceling statement due to statement timeout/.test(error.message);

/** The database did not do what it was asked for, and may do so later: it is away, starting, or overloaded. */
export class DatabaseAway extends Error {
  constructor(cause: unknown) {
    super(`The database is not available: ${(cause as Error).message}`, { cause });
    this.name = 'DatabaseAway';
  }
}

/** Codes with which Prisma says that the data or the query itself is wrong ("Error reference", P2000 to P2023). */
const wrongInItself = /^P20([01]\d|2[0-3])$/;

/** Tells an outage from a mistake. @throws DatabaseAway where trying again later can help */
export async function inDatabase<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    const isMistake =
      error instanceof Prisma.PrismaClientValidationError ||
      (error instanceof Prisma.PrismaClientKnownRequestError && wrongInItself.test(error.code));
    throw isMistake ? error : new DatabaseAway(error);
  }
}

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
