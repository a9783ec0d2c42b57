import { Logger } from 'graphile-worker';
import pg from 'pg';
import type { Log } from '../log.ts';

/** What the queues of jobs share (finishing-queue.ts, push-queue.ts). */

/** Connections for the workers of a queue. @param atOnce how many jobs are worked on in parallel */
export function openJobPool(url: string, atOnce: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    // One connection for each job, one that listens, and one for everything else.
    max: atOnce + 2,
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
  });
  // Without a listener, a lost connection would end the process. The query that uses the connection fails anyway.
  const ignore = () => {};
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}

export const jobLogger = (log: Log): Logger =>
  new Logger(() => (level, message) => log.debug({ level }, message));

/**
 * By default, graphile-worker does not await writing the end of a job. A lost connection would be an unhandled
 * rejection.
 */
export const awaitedEnds = { completeJobBatchDelay: 0, failJobBatchDelay: 0 } as const;
