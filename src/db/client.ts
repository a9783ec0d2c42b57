import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';

export type Db = PrismaClient;
/** A client or a transaction of one: what the functions that write take, so that they can be combined. */
export type Tx = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>;

/**
 * The one pool of connections of this process. pg's defaults wait for ever when the server is away or the pool
 * is used up: a request must rather fail in time.
 */
export function connectDb(url: string): Db {
  const adapter = new PrismaPg({
    connectionString: url,
    max: 20,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  return new PrismaClient({ adapter });
}
