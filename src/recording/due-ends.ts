import type { Db } from '../db/client.ts';
import { endOverdue, endPlaybacks, endsOf } from '../db/playbacks.ts';
import type { Log } from '../log.ts';
import type { SpoolDisk } from '../spool/disk.ts';
import type { Recording } from './recording.ts';
import { steadyNow, type WallClock } from './steady-clock.ts';

/** A recording that runs, and the playback that it is for. */
export interface RunningRecording {
  readonly playback: { readonly id: string };
  readonly recording: Recording;
  /** The wall clock as it stood when the recording began. */
  readonly clock: WallClock;
}

export interface DueEndsOptions {
  readonly db: Db;
  readonly disk: SpoolDisk;
  /** A camera that has delivered nothing for this long is not waited for any more. */
  readonly cameraLostSec: number;
  readonly log: Log;
  readonly now: () => number;
}

const everyMs = 500;

/**
 * Ends that nobody calls for: leases and deadlines, ends that stand in a row and were not told here, a full disk,
 * cameras away for good. Looked up in the database, so that a restart changes nothing about them.
 */
export class DueEnds {
  readonly #options: DueEndsOptions;
  readonly #running: ReadonlyMap<string, RunningRecording>;
  readonly #stop: (playback: { id: string }, until: Date) => void;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(
    options: DueEndsOptions,
    running: ReadonlyMap<string, RunningRecording>,
    stop: (playback: { id: string }, until: Date) => void,
  ) {
    this.#options = options;
    this.#running = running;
    this.#stop = stop;
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
    const { db, log, now } = this.#options;
    await this.#endIfDiskIsFull();
    try {
      const running = [...this.#running.values()].map(({ playback: { id }, clock }) => ({
        id,
        now: new Date(clock.toWall(steadyNow())),
      }));
      await endOverdue(db, new Date(now()), running);
      for (const ended of await endsOf(db, [...this.#running.keys()])) this.#stop(ended, ended.recordUntil);
      for (const running of this.#running.values()) await this.#endIfCameraIsLost(running);
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'ends that are due cannot be looked up; trying again');
    }
  }

  async #endIfDiskIsFull(): Promise<void> {
    const { disk } = this.#options;
    await disk.look();
    if (!disk.mustEnd) return;
    const because = new Error(disk.mustEnd);
    for (const { recording } of this.#running.values()) recording.abort(because);
  }

  async #endIfCameraIsLost({ playback, recording }: RunningRecording): Promise<void> {
    const { db, cameraLostSec, now } = this.#options;
    const { silentMs } = recording;
    if (silentMs < cameraLostSec * 1_000) return;
    const endedAt = new Date(now() - silentMs);
    await endPlaybacks(db, { id: playback.id }, { endedAt, reason: 'CAMERA_LOST', recordUntil: endedAt });
    recording.abort();
  }
}
