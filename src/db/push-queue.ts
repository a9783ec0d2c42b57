import { runTaskList, type WorkerPool } from 'graphile-worker';
import type pg from 'pg';
import type { Log } from '../log.ts';
import { awaitedEnds, jobLogger, openJobPool } from './job-workers.ts';

/** A job: to send the messages about a new playback. */
export interface PushJob {
  readonly playbackId: string;
  /** Only to this subscription, whose push service has failed before; undefined: to all that chose the event. */
  readonly subscriptionId?: string;
}

/** The trigger playbacks_queue_push adds the jobs: prisma/migrations/20261129100000_push. */
const task = 'push';
/** How many jobs are worked on at a time. */
const atOnce = 2;
/** How often the queue is read for jobs that have become due, and for jobs whose notification was lost. */
const pollMs = 5_000;
/** A server that was lost has left its jobs locked. No job takes this long: every message has a time limit. */
const lockedSec = 60;
const unlockEveryMs = 30_000;
const restartMs = 2_000;

/**
 * Works on the jobs of push messages, with graphile-worker. All servers of the database take jobs from the same queue, so
 * that only one of them sends the messages about an event.
 */
export class PushQueue {
  readonly #work: (job: PushJob) => Promise<void>;
  readonly #log: Log;
  readonly #pool: pg.Pool;
  #workers: WorkerPool | undefined;
  #isClosed = false;
  #restart: NodeJS.Timeout | undefined;
  #unlocking: NodeJS.Timeout | undefined;

  /** @param options.work sends the messages of a job. If it rejects, the job is tried again */
  constructor(options: { url: string; work: (job: PushJob) => Promise<void>; log: Log }) {
    this.#work = options.work;
    this.#log = options.log;
    this.#pool = openJobPool(options.url, atOnce);
  }

  start(): void {
    this.#run();
    this.#unlocking = setInterval(() => void this.#unlock(), unlockEveryMs);
  }

  /** Runs the library's workers, and restarts them when they stop because the database does not answer. */
  #run(): void {
    if (this.#isClosed) return;
    const options = {
      concurrency: atOnce,
      pollInterval: pollMs,
      noHandleSignals: true,
      logger: jobLogger(this.#log),
      preset: { worker: awaitedEnds },
    };
    this.#workers = runTaskList(options, { [task]: (job) => this.#work(job as PushJob) }, this.#pool);
    this.#workers.promise
      .catch((error: Error) => this.#log.warn({ error }, 'the push queue stopped; starting it again'))
      .finally(() => {
        if (!this.#isClosed) this.#restart = setTimeout(() => this.#run(), restartMs);
      });
  }

  async #unlock(): Promise<void> {
    try {
      await this.#pool.query(
        `SELECT graphile_worker.force_unlock_workers(ARRAY(
          SELECT locked_by FROM graphile_worker.jobs
          WHERE task_identifier = $1 AND locked_at < now() - $2 * interval '1 second'))`,
        [task, lockedSec],
      );
    } catch (error) {
      this.#log.debug({ error }, 'jobs of push messages cannot be unlocked now');
    }
  }

  /** Adds a job that is due at that time. A job of the same playback and subscription is replaced. */
  async add(job: PushJob, at: Date): Promise<void> {
    await this.#pool.query(
      'SELECT graphile_worker.add_job($1, $2, job_key := $3, run_at := $4, max_attempts := 5)',
      [...[task, job], ...[`push:${job.playbackId}:${job.subscriptionId ?? ''}`, at]],
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    clearInterval(this.#unlocking);
    // The error also rejects the workers' promise, and is logged there.
    await Promise.resolve(this.#workers?.gracefulShutdown()).catch(() => {});
    await this.#pool.end();
  }
}
