import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type JobHelpers, Logger, runMigrations, runTaskList, type WorkerPool } from 'graphile-worker';
import pg from 'pg';
import type { Log } from '../log.ts';
import type { Db } from './client.ts';

/** What came of one try: finished for good, or the fault may pass and it is tried again. */
export type Outcome = 'done' | 'later';

export interface FinishingQueueOptions {
  readonly url: string;
  /** How many are worked on side by side. */
  readonly atOnce: number;
  /** Never rejects. Aborted when the server stops, or when the playback is discarded. */
  readonly work: (playbackId: string, signal: AbortSignal) => Promise<Outcome>;
  readonly log: Log;
}

interface Job {
  readonly playbackId: string;
  /** How often it was put off. */
  readonly tries?: number;
}

const task = 'finish';
/** A store that is away comes back: there is no last try, only a longest pause. */
const pauseMs = { first: 1_000, most: 30_000 };
/** As many as graphile-worker can count. */
const maxAttempts = 32_767;
/** What is due later, and what was added while no notification could come, is found by looking. */
const lookEveryMs = 2_000;
/** A database that is away must not keep the server from stopping; the next start takes over what is left. */
const stopWithinMs = 2_000;

/** Makes or migrates graphile-worker's own tables, which the trigger playbacks_queue_finishing writes into. */
export const migrateJobs = (url: string, log: Log): Promise<void> =>
  runMigrations({ connectionString: url, logger: loggerFor(log) });

/**
 * The jobs of playbacks that are PROCESSING, in PostgreSQL, worked on by graphile-worker. Nobody adds one: the
 * database does, in the transaction that makes a playback PROCESSING, with the camera's turn as its priority. Each
 * fault doubles its playback's pause.
 */
export class FinishingQueue {
  readonly #options: FinishingQueueOptions;
  readonly #pool: pg.Pool;
  readonly #logger: Logger;
  readonly #running = new Map<string, { readonly abort: AbortController; readonly done: Promise<Outcome> }>();
  readonly #stop = new AbortController();
  #workers: WorkerPool | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(options: FinishingQueueOptions) {
    this.#options = options;
    this.#logger = loggerFor(options.log);
    this.#pool = new pg.Pool({
      connectionString: options.url,
      // One each, one that listens, one to put off and to look.
      max: options.atOnce + 2,
      connectionTimeoutMillis: 15_000,
      keepAlive: true,
    });
    // A lost connection without a listener would end the process; whoever uses it is told anyway.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** Takes over what an earlier run left behind, then works until closed. */
  async start(): Promise<void> {
    await this.#takeOver();
    this.#working = this.#keepWorking();
  }

  /** No other server works with this database (db/claim.ts): whoever holds a job is dead. */
  async #takeOver(): Promise<void> {
    await this.#pool.query(`
      SELECT graphile_worker.force_unlock_workers(ARRAY(
        SELECT DISTINCT locked_by FROM graphile_worker.jobs WHERE locked_by IS NOT NULL));
      SELECT flashback_add_finishing_job(id, row_number() OVER (PARTITION BY camera_id ORDER BY started_at, id))
      FROM playbacks WHERE recording_status = 'PROCESSING'`);
  }

  /**
   * The library's workers stop for good where they cannot write that a job is over, as when the database went away:
   * once the jobs under way have ended, which are not waited for, all are taken over again.
   */
  async #keepWorking(): Promise<void> {
    const { log, atOnce } = this.#options;
    const events = new EventEmitter();
    events.on('pool:gracefulShutdown', () => this.#abortAll());
    while (!this.#stop.signal.aborted) {
      this.#workers = runTaskList(
        {
          concurrency: atOnce,
          pollInterval: lookEveryMs,
          noHandleSignals: true,
          logger: this.#logger,
          events,
          // Without a delay nobody awaits the end of a job: a lost connection would be an unhandled rejection.
          preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
        },
        { [task]: (job, helpers) => this.#perform(job as Job, helpers) },
        this.#pool,
      );
      await this.#workers.promise.catch((error: Error) =>
        log.warn({ error: error.message }, 'the queue of finishing stopped; it is started again'),
      );
      await this.#takeOverAgain();
    }
  }

  /** As soon as the database is there. */
  async #takeOverAgain(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal: this.#stop.signal }).catch(() => {});
      try {
        return await this.#takeOver();
      } catch (error) {
        this.#options.log.debug({ error: (error as Error).message }, 'jobs cannot be taken over yet');
      }
    }
  }

  async #perform({ playbackId, tries = 0 }: Job, { addJob, job }: JobHelpers): Promise<void> {
    if (this.#stop.signal.aborted) throw new Error('The server is stopping.');
    // Taken over while its try before was still ending.
    await this.discard(playbackId);
    const abort = new AbortController();
    const run = { abort, done: this.#options.work(playbackId, abort.signal) };
    this.#running.set(playbackId, run);
    const outcome = await run.done;
    if (this.#running.get(playbackId) === run) this.#running.delete(playbackId);
    // Still to be done: a job that fails stays.
    if (this.#stop.signal.aborted) throw new Error('The server is stopping.');
    if (outcome === 'done' || abort.signal.aborted) return;
    const pause = Math.min(pauseMs.first * 2 ** tries, pauseMs.most) * (0.75 + Math.random() / 2);
    await addJob(
      task,
      { playbackId, tries: tries + 1 },
      { jobKey: playbackId, runAt: new Date(Date.now() + pause), priority: job.priority, maxAttempts },
    );
  }

  /** Ends all pauses: what the playbacks waited for is back. */
  async hurry(): Promise<void> {
    await this.#pool.query(`
      SELECT graphile_worker.reschedule_jobs(
        ARRAY(SELECT id FROM graphile_worker.jobs WHERE locked_at IS NULL AND run_at > now()), run_at := now())`);
  }

  /** Stops working on a playback that is deleted; resolves when nothing of it is under way any more. */
  async discard(playbackId: string): Promise<void> {
    const run = this.#running.get(playbackId);
    run?.abort.abort();
    await run?.done;
  }

  #abortAll(): void {
    for (const { abort } of this.#running.values()) abort.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#abortAll();
    await Promise.race([this.#shutDown(), sleep(stopWithinMs, undefined, { ref: false })]);
  }

  async #shutDown(): Promise<void> {
    // What goes wrong here is told by the workers' own promise.
    await Promise.resolve(this.#workers?.gracefulShutdown()).catch(() => {});
    await this.#working;
    await this.#pool.end();
  }
}

/** Playbacks that are PROCESSING and that nobody will ever finish (docs/design.md 6.5). */
export async function playbacksWithoutJob(db: Db): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM playbacks WHERE recording_status = 'PROCESSING'
    AND NOT EXISTS (SELECT FROM graphile_worker.jobs WHERE key = playbacks.id::text)`;
  return rows.map(({ id }) => id);
}

/** Adds the job of a playback that is PROCESSING and has none. */
export async function addFinishingJob(db: Db, playbackId: string): Promise<void> {
  await db.$executeRaw`SELECT flashback_add_finishing_job(${playbackId}::uuid, 1)`;
}

/** The library tells of each job, and of each that failed with all that there is: of that the finisher tells itself. */
function loggerFor(log: Log): Logger {
  return new Logger(() => (level, message) => log.debug({ level }, message));
}
