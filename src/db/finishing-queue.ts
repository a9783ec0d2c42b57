import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type JobHelpers, type Logger, runMigrations, runTaskList, type WorkerPool } from 'graphile-worker';
import type pg from 'pg';
import type { Log } from '../log.ts';
import type { Db, Tx } from './client.ts';
import { awaitedEnds, jobLogger, openJobPool } from './job-workers.ts';

/** The result of one try: no further try is needed, or the playback is retried after a pause. */
export type TryResult = 'done' | 'later';

export interface FinishingQueueOptions {
  readonly url: string;
  /** The server's id: it works on the playbacks whose footage is on its disk. */
  readonly nodeId: string;
  /** How many playbacks are worked on in parallel. */
  readonly atOnce: number;
  /**
   * Tries to finish a playback: `#work` in finishing/finisher.ts. Must not reject. The signal is aborted when the server
   * stops or the playback is deleted.
   */
  readonly work: (playbackId: string, signal: AbortSignal) => Promise<TryResult>;
  readonly log: Log;
}

interface Job {
  readonly playbackId: string;
  /** The number of earlier tries. */
  readonly tries?: number;
}

/**
 * The names of the tasks for which the trigger adds jobs: one for playbacks without a node, and one for each node. The
 * trigger playbacks_queue_finishing is in prisma/migrations/20261125000000_finishing_jobs, the function that it calls,
 * flashback_add_finishing_job, in 20261129120000_told_sessions.
 */
const ofNobody = 'finish';
const ofNode = (nodeId: string) => `${ofNobody}:${nodeId}`;
/** Retries never end, because a store that is down comes back. Only the pause is limited. */
const pauseMs = { first: 1_000, most: 30_000 };
/** How often the queue is read although nobody has woken the workers: whoever adds a job may not be able to tell. */
const pollMs = 5_000;
/** The pause between two tries to reclaim jobs while the database does not answer. */
const reclaimEveryMs = 2_000;
/** A job that is put off is looked for this long after it is due. */
const dueMs = 10;
/** Closing takes no longer than this while the database does not answer. The next start reclaims the jobs. */
const stopWithinMs = 2_000;

/** Makes or migrates graphile-worker's own tables, which the trigger playbacks_queue_finishing writes into. */
export const migrateJobs = (url: string, log: Log): Promise<void> =>
  runMigrations({ connectionString: url, logger: jobLogger(log) });

/**
 * Works on the jobs of this node's PROCESSING playbacks, with graphile-worker. The jobs are in PostgreSQL. A trigger adds a
 * job in the transaction that makes a playback PROCESSING; the job's priority makes cameras alternate. After each failed
 * try, the pause before the next one doubles.
 */
export class FinishingQueue {
  readonly #options: FinishingQueueOptions;
  readonly #pool: pg.Pool;
  readonly #logger: Logger;
  readonly #running = new Map<
    string,
    { readonly abort: AbortController; readonly done: Promise<TryResult> }
  >();
  readonly #stop = new AbortController();
  /** One for each job that is put off. */
  readonly #timers = new Set<NodeJS.Timeout>();
  #workers: WorkerPool | undefined;
  /** false: the library has stopped its workers, and they must not be woken. */
  #isWorking = false;
  #working: Promise<void> = Promise.resolve();

  constructor(options: FinishingQueueOptions) {
    this.#options = options;
    this.#logger = jobLogger(options.log);
    this.#pool = openJobPool(options.url, options.atOnce);
  }

  /** Reclaims the jobs of an earlier run, then works until closed. */
  async start(): Promise<void> {
    await this.#reclaimJobs();
    this.#working = this.#keepWorking();
  }

  /**
   * Unlocks this node's jobs and adds missing ones. No other server with this id works with this database (claim.ts),
   * so whatever locks these jobs have are left over from an earlier start.
   */
  async #reclaimJobs(): Promise<void> {
    const { nodeId } = this.#options;
    await this.#pool.query(
      `SELECT graphile_worker.force_unlock_workers(ARRAY(
        SELECT DISTINCT locked_by FROM graphile_worker.jobs j LEFT JOIN playbacks p ON p.id::text = j.key
        WHERE locked_by IS NOT NULL AND (task_identifier = $1 OR p.node_id = $2 OR (p.id IS NOT NULL AND p.node_id IS NULL))))`,
      [ofNode(nodeId), nodeId],
    );
    await this.#pool.query(
      `SELECT flashback_add_finishing_job(id, row_number() OVER (PARTITION BY camera_id ORDER BY started_at, id))
      FROM playbacks WHERE recording_status = 'PROCESSING' AND (node_id = $1 OR node_id IS NULL)`,
      [nodeId],
    );
  }

  /**
   * Runs the library's workers, and restarts them when they stop. They stop if they cannot write the end of a job, for
   * example because the database does not answer. Running jobs are then aborted, and all jobs are reclaimed.
   */
  async #keepWorking(): Promise<void> {
    const { log, atOnce, nodeId } = this.#options;
    const perform = (job: unknown, helpers: JobHelpers) => this.#perform(job as Job, helpers);
    const events = new EventEmitter();
    events.on('pool:gracefulShutdown', () => {
      this.#isWorking = false;
      this.#abortAll();
    });
    while (!this.#stop.signal.aborted) {
      this.#workers = runTaskList(
        {
          concurrency: atOnce,
          pollInterval: pollMs,
          noHandleSignals: true,
          logger: this.#logger,
          events,
          // With a local queue, all workers look for jobs with one statement, and none looks again after each job.
          preset: {
            worker: { ...awaitedEnds, localQueue: { size: atOnce } },
          },
        },
        { [ofNobody]: perform, [ofNode(nodeId)]: perform },
        this.#pool,
      );
      this.#isWorking = true;
      await this.#workers.promise.catch((error: Error) =>
        log.warn({ error }, 'the finishing queue stopped; starting it again'),
      );
      await this.#reclaimOnceAnswered();
    }
  }

  /** Retries until the database answers, or `close`. */
  async #reclaimOnceAnswered(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await sleep(reclaimEveryMs, undefined, { signal: this.#stop.signal }).catch(() => {}); // aborted by close
      try {
        return await this.#reclaimJobs();
      } catch (error) {
        this.#options.log.debug({ error }, 'jobs cannot be reclaimed yet');
      }
    }
  }

  /** Runs the job of one playback: calls `work`, and adds a job for later if it has to be tried again. */
  async #perform({ playbackId, tries = 0 }: Job, { job }: JobHelpers): Promise<void> {
    if (this.#stop.signal.aborted) throw new Error('The server is stopping.');
    // If the job was reclaimed, its previous try may still be ending.
    await this.stopWork(playbackId);
    const abort = new AbortController();
    const run = { abort, done: this.#options.work(playbackId, abort.signal) };
    this.#running.set(playbackId, run);
    const outcome = await run.done;
    if (this.#running.get(playbackId) === run) this.#running.delete(playbackId);
    // A job that fails stays in the queue for the next start.
    if (this.#stop.signal.aborted) throw new Error('The server is stopping.');
    if (outcome === 'done' || abort.signal.aborted) return;
    const pause = Math.min(pauseMs.first * 2 ** tries, pauseMs.most) * (0.75 + Math.random() / 2);
    // No job is added if another node is the playback's owner by now.
    await this.#pool.query(
      `SELECT flashback_add_job_quietly($1, id, $2, now() + $3 * interval '1 millisecond', $4)
      FROM playbacks WHERE id = $5 AND recording_status = 'PROCESSING' AND (node_id = $6 OR node_id IS NULL)`,
      [
        ...[job.task_identifier, { playbackId, tries: tries + 1 }, pause],
        ...[job.priority, playbackId, this.#options.nodeId],
      ],
    );
    this.#nudgeAfter(pause + dueMs);
  }

  #nudgeAfter(ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.nudge();
    }, ms);
    this.#timers.add(timer);
  }

  /** Looks for a job now. */
  nudge(): void {
    if (this.#isWorking) this.#workers?.nudge(1);
  }

  /** Ends all pauses, so that all jobs of this node are due. */
  async hurry(): Promise<void> {
    await this.#pool.query(
      `SELECT graphile_worker.reschedule_jobs(ARRAY(
        SELECT id FROM graphile_worker.jobs WHERE locked_at IS NULL AND run_at > now() AND task_identifier = ANY($1)
      ), run_at := now())`,
      [[ofNobody, ofNode(this.#options.nodeId)]],
    );
    this.nudge();
  }

  /** Stops the work on a deleted playback; resolves once it has stopped. */
  async stopWork(playbackId: string): Promise<void> {
    const run = this.#running.get(playbackId);
    run?.abort.abort();
    await run?.done;
  }

  #abortAll(): void {
    for (const { abort } of this.#running.values()) abort.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#abortAll();
    await Promise.race([this.#shutDown(), sleep(stopWithinMs, undefined, { ref: false })]);
  }

  async #shutDown(): Promise<void> {
    // The error also rejects the workers' promise, and is logged there.
    await Promise.resolve(this.#workers?.gracefulShutdown()).catch(() => {});
    await this.#working;
    await this.#pool.end();
  }
}

/** The ids of PROCESSING playbacks that have no job, and so would never be finished (docs/design.md 6.5). */
export async function playbacksWithoutJob(db: Db): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM playbacks WHERE recording_status = 'PROCESSING'
    AND NOT EXISTS (SELECT FROM graphile_worker.jobs WHERE key = playbacks.id::text)`;
  return rows.map(({ id }) => id);
}

/** Adds a job for a PROCESSING playback. */
export async function addFinishingJob(db: Tx, playbackId: string): Promise<void> {
  await db.$executeRaw`SELECT flashback_add_finishing_job(${playbackId}::uuid, 1)`;
}

/** The library logs every job and every failure in full. All that goes to debug, because the finisher logs failures itself. */
