import type { Db } from '../db/client.ts';
import { endOverdue, endPlaybacks } from '../db/ends.ts';
import type { Log } from '../log.ts';
import type { SpoolDisk } from '../spool/disk.ts';
import type { RunningRecording } from './running-recording.ts';
import { steadyNow } from './steady-clock.ts';

export interface AutomaticEndsOptions {
  readonly db: Db;
  readonly disk: SpoolDisk;
  /** A recording ends when its camera has delivered nothing for this long. */
  readonly cameraLostSec: number;
  readonly log: Log;
  readonly now: () => number;
  /** The recordings that run at the time of the call. */
  readonly running: () => Iterable<RunningRecording>;
}

const everyMs = 500;
/**
 * How often ends are looked up in the database. Less often while nothing is recorded: then only leases of events without a
 * recording can expire.
 */
const lookUpEveryMs = { recording: 1_000, idle: 2_000 };

/**
 * Ends recordings without an endEvent: when a lease or a deadline is over, when the disk is full, and when a camera
 * delivers nothing any more. Also ends recordings whose row has an end that the recorder does not know, because the
 * database's answer was lost. Leases and deadlines are read from the database, so that a restart does not change
 * them.
 */
export class AutomaticEnds {
  readonly #options: AutomaticEndsOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookedUpAt = Number.NEGATIVE_INFINITY;

  constructor(options: AutomaticEndsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
    }, everyMs);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { log, running } = this.#options;
    await this.#endIfDiskIsUnusable();
    const isIdle = [...running()].length === 0;
    // The timer is not exact. A call that comes up to half a period too early must not wait for the next one.
    const since = steadyNow() - this.#lookedUpAt + everyMs / 2;
    if (since < (isIdle ? lookUpEveryMs.idle : lookUpEveryMs.recording)) return;
    this.#lookedUpAt = steadyNow();
    try {
      await this.#endOverdue();
      for (const recording of [...running()]) await this.#endIfCameraIsLost(recording);
    } catch (error) {
      log.warn({ error }, 'ends that are due cannot be looked up; trying again');
    }
  }

  /** Writes the ends of leases and deadlines that are over, and stops the recordings whose rows have an end. */
  async #endOverdue(): Promise<void> {
    const { db, now, running } = this.#options;
    const byId = new Map([...running()].map((recording) => [recording.playback.id, recording]));
    const times = [...byId].map(([id, { clock }]) => ({ id, now: new Date(clock.toWall(steadyNow())) }));
    for (const { id, recordUntil } of await endOverdue(db, new Date(now()), times))
      byId.get(id)?.keepUntil(recordUntil);
  }

  async #endIfDiskIsUnusable(): Promise<void> {
    const { disk, running } = this.#options;
    await disk.look();
    if (!disk.mustEnd) return;
    const diskFailure = new Error(disk.mustEnd);
    for (const { footage } of running()) footage.endNow(diskFailure);
  }

  async #endIfCameraIsLost({ playback, footage }: RunningRecording): Promise<void> {
    const { db, cameraLostSec, now } = this.#options;
    const { silentMs } = footage;
    if (silentMs < cameraLostSec * 1_000) return;
    const endedAt = new Date(now() - silentMs);
    await endPlaybacks(db, { id: playback.id }, { endedAt, reason: 'CAMERA_LOST', recordUntil: endedAt });
    footage.endNow();
  }
}
