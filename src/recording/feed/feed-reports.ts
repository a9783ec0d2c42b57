import { setTimeout as sleep } from 'node:timers/promises';
import { type FeedReport, pinCertificate, reportFeed } from '../../db/cameras.ts';
import type { Db } from '../../db/client.ts';
import type { CameraProblem } from '../../domain/camera-errors.ts';
import type { CameraState } from '../../generated/prisma/client.ts';
import type { Log } from '../../log.ts';
import { clipFormat } from '../sound/encoder.ts';
import type { Feed } from './feed.ts';

export interface FeedReportsOptions {
  readonly db: Db;
  /** Why no recording can begin here, as part of a sentence; undefined: one can. */
  readonly problem: () => string | undefined;
  readonly log: Log;
  /** The wall clock, in epoch milliseconds. */
  readonly now: () => number;
}

const againMs = 1_000;

/**
 * Writes what one camera's feed reports into the camera's row: its states, one after the other in the order of the changes,
 * and the certificate that it pins.
 */
export class FeedReports {
  readonly #cameraId: string;
  readonly #options: FeedReportsOptions;
  readonly #gone = new AbortController();
  #state: CameraState | undefined;
  /** Resolves when all reports so far are written. */
  #written: Promise<void> = Promise.resolve();

  constructor(cameraId: string, options: FeedReportsOptions) {
    this.#cameraId = cameraId;
    this.#options = options;
  }

  /** The state that was reported last; undefined if it is unknown what the row says. */
  get state(): CameraState | undefined {
    return this.#state;
  }

  /** Call it when another node may have written the row. */
  forget(): void {
    this.#state = undefined;
  }

  /** @param feed the feed whose state it is; undefined if there is none */
  report(state: CameraState, feed: Feed | undefined): void {
    const { problem: problemHere, log, now } = this.#options;
    const isNew = this.#state !== state;
    this.#state = state;
    const problem = state === 'DISABLED' ? undefined : problemHere();
    const report: FeedReport = {
      state,
      ...(isNew && { stateSince: new Date(now()) }),
      lastError: feed?.lastError ?? (problem ? noRoom(problem) : null),
      ...(feed && state === 'LIVE' && { stream: describe(feed) }),
    };
    if (isNew) {
      const error = report.lastError?.message;
      log.info({ cameraId: this.#cameraId, state, error }, 'the camera’s state has changed');
    }
    this.#written = this.#written.then(() => this.#write(report));
  }

  /** Writes the certificate that the camera has to present from now on. */
  pin(fingerprint: string): void {
    const { db, log } = this.#options;
    const cameraId = this.#cameraId;
    pinCertificate(db, cameraId, fingerprint).catch((error: Error) =>
      log.warn({ cameraId, error }, 'the camera’s certificate cannot be saved'),
    );
  }

  /** Resolves when the last report is written, or was tried once more. */
  async close(): Promise<void> {
    this.#gone.abort();
    await this.#written;
  }

  /** Tries until the state is written, so that the row is right again once the database is back. */
  async #write(report: FeedReport): Promise<void> {
    const { db, log } = this.#options;
    const cameraId = this.#cameraId;
    const { signal } = this.#gone;
    for (;;) {
      try {
        return await reportFeed(db, cameraId, report);
      } catch (error) {
        log.warn({ cameraId, error }, 'the camera’s state cannot be written; trying again');
        if (signal.aborted) return;
        await sleep(againMs, undefined, { signal }).catch(() => {}); // closed: one more try
      }
    }
  }
}

/** The facts about the camera's stream, as the API shows them. */
function describe({ formats: { video, sound }, reading }: Feed): NonNullable<FeedReport['stream']> {
  return {
    codec: video?.codecString ?? null,
    audioCodec: sound ? clipFormat(sound).codecString : null,
    resolution: video ? `${video.width}x${video.height}` : null,
    ...(reading && { reading }),
  };
}

const noRoom = (problem: string): CameraProblem => ({
  code: 'NO_ROOM',
  message: `No recording can begin: ${problem}.`,
});
