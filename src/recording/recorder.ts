import { setTimeout as sleep } from 'node:timers/promises';
import type { PlaybackToRecord } from '../db/playbacks.ts';
import { RecordingFailure } from '../domain/failures.ts';
import type { Camera, Playback } from '../generated/prisma/client.ts';
import { makeSpoolFolder, removeSpool } from '../spool/spool.ts';
import type { Admission } from './admission.ts';
import { AutomaticEnds, type AutomaticEndsOptions } from './automatic-ends.ts';
import { leaveToOthers } from './elsewhere.ts';
import type { RecordingLeftover } from './footage-recording.ts';
import { type Continuation, continueInNewFormat } from './new-format.ts';
import { failPlayback, writeOutcome, writeRecording } from './outcome.ts';
import type { Place } from './places.ts';
import { type Beginning, type RunningOptions, RunningRecording } from './running-recording.ts';
import type { WallClock } from './steady-clock.ts';

export type RecorderOptions = RunningOptions &
  Omit<AutomaticEndsOptions, 'running'> & {
    readonly admission: Admission;
    readonly recordDir: string;
    /** This server's id. */
    readonly nodeId: string;
    /** Whether this server works alone with its database. */
    readonly isAlone: boolean;
  };

/** A recording to resume. */
export interface ToResume {
  readonly playback: PlaybackToRecord;
  readonly camera: Camera;
  /** The name of the caller that asked for the recording; it counts in that caller's share. */
  readonly by: string | undefined;
  /** What was recorded before the server was restarted. */
  readonly leftover?: RecordingLeftover | undefined;
}

interface Tracked {
  readonly running: RunningRecording;
  /** Resolves when its row says what became of it. */
  readonly outcomeWritten: Promise<void>;
}

/** How often recordings check units that wait in memory, and their ends. One timer serves all of them. */
const tickMs = 100;
/** The pauses between two tries to write a row while the database does not answer. */
const pauseMs = { first: 100, longest: 1_000 };

/** All recordings of this server. Begins and ends them, and writes what became of each into its row. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #tracked = new Map<string, Tracked>();
  readonly #beginning = new Map<string, Promise<Playback | undefined>>();
  readonly #closing = new AbortController();
  readonly #automaticEnds: AutomaticEnds;
  #ticker: NodeJS.Timeout | undefined;
  /** Bytes of footage that recordings took since this server started. */
  recordedBytes = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#automaticEnds = new AutomaticEnds({ ...options, running: () => this.#recordings() });
  }

  start(): void {
    this.#automaticEnds.start();
    this.#ticker = setInterval(() => {
      for (const { footage } of this.#recordings()) footage.tick();
    }, tickMs);
  }

  /** How many recordings run. */
  get runningCount(): number {
    return this.#tracked.size;
  }

  *#recordings(): Iterable<RunningRecording> {
    for (const { running } of this.#tracked.values()) yield running;
  }

  /** Whether the playback is recorded here, or its recording is beginning. */
  isRecording(playbackId: string): boolean {
    return this.#tracked.has(playbackId) || this.#beginning.has(playbackId);
  }

  /**
   * Begins to record a new playback while its row is being written: disk and database then do not wait for each other.
   * When this resolves, the row is RECORDING, and every unit from the pre-roll on is being kept, or from the first
   * keyframe on if the camera is not live yet. If the recording cannot begin, the playback becomes FAILED.
   * @param how.place the place from `Admission.admit`; the recording releases it when it is over
   * @param how.isWritten resolves with whether the row was written, as PENDING; with false, the recording is undone. It
   *   rejects if the database's answer was lost: then the recording goes on until the database says whether there is a
   *   row
   * @param how.clock the clock of the recording that this one continues
   * @returns the row; undefined: it was not written, or was deleted meanwhile
   * @throws the error of `isWritten`
   */
  begin(
    playback: PlaybackToRecord,
    camera: Camera,
    how: { place: Place; isWritten: Promise<boolean>; clock?: WallClock },
  ): Promise<Playback | undefined> {
    return this.#noteBeginning(playback.id, async () => {
      const { isWritten, ...rest } = how;
      const [row, started] = await Promise.allSettled([isWritten, this.#start(playback, camera, rest)]);
      if (row.status === 'rejected') {
        if (started.status === 'fulfilled') void this.#writeRecordingLater(started.value);
        throw row.reason;
      }
      if (!row.value) {
        await this.#undo(playback.id);
        return undefined;
      }
      return this.#writeBegun(playback, started);
    });
  }

  /**
   * Records a playback whose row is PENDING or RECORDING and which nobody records. After a restart, continues what was
   * recorded before it; otherwise begins with the ring. The recording keeps its place even if none is free. If the
   * playback is recorded here already, does what `confirm` does.
   * @param find resolves with the recording to resume; undefined: none. Until then, no other call begins this recording
   * @returns the row; undefined: nothing was to be recorded, or the playback was deleted meanwhile
   */
  resume(playbackId: string, find: () => Promise<ToResume | undefined>): Promise<Playback | undefined> {
    if (this.isRecording(playbackId)) return this.confirm(playbackId);
    return this.#noteBeginning(playbackId, async () => {
      const found = await find();
      if (!found) return undefined;
      const { playback, camera, by, leftover } = found;
      const place = this.#options.admission.readmit({ cameraId: camera.id, by });
      const [started] = await Promise.allSettled([this.#start(playback, camera, { place, leftover })]);
      return this.#writeBegun(playback, started);
    });
  }

  /**
   * Writes RECORDING again for a playback that is recorded here, but whose row is still PENDING because the
   * database's answer was lost. If the recording is just beginning, waits for that.
   * @returns the row; undefined: the playback is not recorded here, or was deleted
   */
  async confirm(playbackId: string): Promise<Playback | undefined> {
    const beginning = this.#beginning.get(playbackId);
    if (beginning !== undefined) return beginning;
    const tracked = this.#tracked.get(playbackId);
    return tracked && this.#writeRecording(tracked.running);
  }

  /** Notes that the recording is beginning, so that no other call begins the same one. */
  #noteBeginning(id: string, begin: () => Promise<Playback | undefined>): Promise<Playback | undefined> {
    const beginning = begin().finally(() => this.#beginning.delete(id));
    this.#beginning.set(id, beginning);
    return beginning;
  }

  /**
   * Resolves when the footage so far is written.
   * @throws RecordingFailure if the playback cannot be recorded
   */
  async #start(
    playback: PlaybackToRecord,
    camera: Camera,
    how: Pick<Beginning, 'place' | 'leftover' | 'clock'>,
  ): Promise<RunningRecording> {
    const running = await this.#startTracked(playback, camera, how).catch((error: Error) => {
      how.place.release();
      throw error;
    });
    // The pre-roll cannot be fetched again, so it must be in the file before the caller gets an answer.
    await running.footage.written();
    return running;
  }

  async #startTracked(
    playback: PlaybackToRecord,
    camera: Camera,
    how: Pick<Beginning, 'place' | 'leftover' | 'clock'>,
  ): Promise<RunningRecording> {
    if (!camera.enabled) {
      const why = 'The camera is switched off; switch it on to record.';
      throw new RecordingFailure('CAMERA_DISABLED', why);
    }
    const folder = await makeSpoolFolder(this.#options.recordDir, playback.id).catch((error: Error) => {
      throw new RecordingFailure('DISK_FAILED', `The spool’s folder cannot be made: ${error.message}.`);
    });
    const onBytes = (bytes: number) => {
      this.recordedBytes += bytes;
    };
    const running = new RunningRecording(this.#options, { playback, camera, folder, onBytes, ...how });
    this.#tracked.set(playback.id, { running, outcomeWritten: this.#follow(running) });
    return running;
  }

  /**
   * Keeps footage up to that time and then ends the recording: running-recording.ts, then footage-recording.ts
   * (`endAt`). Once the recording is over, `#follow` (below) goes on. Does nothing if the playback is not recorded
   * here.
   */
  keepUntil(playbackId: string, until: Date): void {
    this.#tracked.get(playbackId)?.running.keepUntil(until);
  }

  /** Waits until a recording is over, then writes its outcome (outcome.ts): the row becomes PROCESSING or FAILED. */
  async #follow(running: RunningRecording): Promise<void> {
    const { playback, camera, outcomeUnwanted } = running;
    let further: Continuation | undefined;
    try {
      // The recording goes on until `keepUntil`, its deadline, or another format. Then its spool is closed and synced.
      const end = await running.whenOver();
      const outcome = writeOutcome(this.#options, { playback, camera, end, outcomeUnwanted });
      // The ring reaches back only a few seconds, so the further playback is recorded while the outcome is being
      // written.
      further = continueInNewFormat(running, { ...this.#options, outcome, recorder: this });
      await outcome;
      await further?.begun;
      if (!this.#options.isAlone) await leaveToOthers(running, end, this.#options);
    } catch (error) {
      // The row stays RECORDING; interrupted.ts sees that nobody records the playback, and resumes or finishes it.
      this.#options.log.error({ playbackId: playback.id, error }, 'the end of a recording failed');
    } finally {
      if (!further) running.place.release();
      this.#tracked.delete(playback.id);
    }
  }

  /**
   * Writes RECORDING, or FAILED if the recording could not begin.
   * @returns the row
   */
  #writeBegun(
    playback: PlaybackToRecord,
    started: PromiseSettledResult<RunningRecording>,
  ): Promise<Playback | undefined> {
    if (started.status === 'fulfilled') return this.#writeRecording(started.value);
    if (started.reason instanceof RecordingFailure)
      return failPlayback(this.#options, playback, started.reason);
    throw started.reason;
  }

  /**
   * Writes RECORDING. If that fails, the recording goes on, and its row is written when it ends, or by `confirm`.
   * @returns the row; undefined: it was deleted
   */
  async #writeRecording(running: RunningRecording): Promise<Playback | undefined> {
    const row = await writeRecording(this.#options, running);
    if (!row) await this.#undo(running.playback.id);
    // Another node was also asked for this recording, and has written the row first. That node records it; this one
    // stops.
    else if (row.nodeId !== null && row.nodeId !== this.#options.nodeId)
      await this.stopWithoutOutcome(row.id);
    return row;
  }

  /**
   * Repeats `#writeRecording` until the database answers; never rejects. If there is no row, the recording is undone.
   */
  async #writeRecordingLater(running: RunningRecording): Promise<void> {
    const { signal } = this.#closing;
    for (let pause = pauseMs.first; !signal.aborted; pause = Math.min(pause * 2, pauseMs.longest)) {
      try {
        await this.#writeRecording(running);
        return;
      } catch (error) {
        // The database still does not answer, or the spool cannot be removed. Logged once, not at each try.
        if (pause === pauseMs.first) {
          const what = { playbackId: running.playback.id, error };
          this.#options.log.warn(what, 'RECORDING cannot be written, nor its recording undone; trying again');
        }
        await sleep(pause, undefined, { signal }).catch(() => {}); // aborted by close
      }
    }
  }

  /**
   * Ends the recording without writing its row: the playback is being deleted, has no row, or belongs to another node.
   * The spool stays.
   */
  async stopWithoutOutcome(playbackId: string): Promise<void> {
    const tracked = this.#tracked.get(playbackId);
    tracked?.running.stopWithoutOutcome();
    await tracked?.outcomeWritten;
  }

  /** Undoes a recording whose playback has no row. */
  async #undo(playbackId: string): Promise<void> {
    await this.stopWithoutOutcome(playbackId);
    await removeSpool(this.#options.recordDir, playbackId);
  }

  /** Closes all spools. Rows stay RECORDING: the next start resumes open recordings and finishes the others. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#ticker);
    await this.#automaticEnds.close();
    for (const running of this.#recordings()) running.stopWithoutOutcome();
    await Promise.all([...this.#tracked.values()].map(({ outcomeWritten }) => outcomeWritten));
  }
}
