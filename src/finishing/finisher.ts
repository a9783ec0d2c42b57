import { DatabaseAway, type Db, inDatabase } from '../db/client.ts';
import { FinishingQueue, type Outcome } from '../db/finishing-queue.ts';
import { noteRemovals, objectsOf } from '../db/removals.ts';
import { transition } from '../db/transitions.ts';
import { asFailure, RecordingFailure } from '../domain/failures.ts';
import { objectKeys } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import { willPass } from '../spool/errors.ts';
import { removeSpoolWithoutFootage } from '../spool/reader.ts';
import { removeSpool } from '../spool/spool.ts';
import { bufferBody } from '../store/body.ts';
import type { ObjectBody, Store } from '../store/store.ts';
import { type Clip, clipFromSpool } from './clip.ts';
import type { Posters } from './posters.ts';
import { StoreAway, type StoreWatch } from './store-watch.ts';

export interface FinisherOptions {
  readonly db: Db;
  /** The address of the same database. The queue has connections of its own. */
  readonly databaseUrl: string;
  readonly store: Store;
  readonly storeWatch: StoreWatch;
  readonly posters: Posters;
  readonly recordDir: string;
  readonly log: Log;
  readonly now: () => number;
}

/** Clips that are stored in parallel, each with up to three parts in parallel. */
const atOnce = 4;

/**
 * Finishes playbacks: stores clip and poster, checks the store's answer, makes the row COMPLETED, and only then removes
 * the spool. Every PROCESSING playback is in the queue; the next start of the server continues with unfinished ones.
 */
export class Finisher {
  readonly #options: FinisherOptions;
  readonly #queue: FinishingQueue;
  /** Bytes that the store has confirmed since the start. */
  storedBytes = 0;

  constructor(options: FinisherOptions) {
    this.#options = options;
    this.#queue = new FinishingQueue({
      url: options.databaseUrl,
      atOnce,
      work: (id, signal) => this.#work(id, signal),
      log: options.log,
    });
    // If this fails, the clips wait until their pauses end.
    options.storeWatch.onBack(() => void this.#queue.hurry().catch(() => {}));
  }

  start(): Promise<void> {
    return this.#queue.start();
  }

  async #work(id: string, signal: AbortSignal): Promise<Outcome> {
    try {
      await this.#finish(id, signal);
      return 'done';
    } catch (error) {
      if (signal.aborted) return 'done';
      // The store watch has logged it, once for all clips.
      if (error instanceof StoreAway) return 'later';
      if (error instanceof DatabaseAway || willPass(error)) {
        this.#options.log.warn({ playbackId: id, error }, 'a clip cannot be finished now; trying again');
        return 'later';
      }
      return this.#handle(id, asFailure(error)).catch((problem: Error) => {
        this.#options.log.error({ playbackId: id, error: problem }, 'a playback’s failure cannot be saved');
        return 'later' as const;
      });
    }
  }

  async #finish(id: string, signal: AbortSignal): Promise<void> {
    const { db, recordDir, store, storeWatch, now, log } = this.#options;
    const playback = await inDatabase(db.playback.findUnique({ where: { id } }));
    // An earlier try lost the database's answer. The spool of a deleted playback is removed by whoever deleted it: without
    // a row the database may be an old one, and the footage is kept (recovery.ts).
    if (playback?.recordingStatus === 'COMPLETED') await removeSpool(recordDir, id);
    if (playback?.recordingStatus !== 'PROCESSING') return;
    // Checked before a spool of hours is read.
    storeWatch.demand();
    const clip = await clipFromSpool(recordDir, playback);
    const keys = objectKeys(playback);
    const poster = await bothSettled(
      this.#putPoster(playback, clip, keys.poster, signal),
      this.#put(keys.clip, clip.body, 'video/mp4', signal),
    );
    const change = {
      storagePath: keys.clip,
      videoUrl: store.address(keys.clip),
      fileSizeBytes: BigInt(clip.body.size),
      durationMs: clip.durationMs,
      durationSec: Math.round(clip.durationMs / 1_000),
      codec: clip.codec.slice(0, 20),
      audioCodec: clip.audioCodec,
      resolution: clip.resolution,
      thumbnailPath: poster ? keys.poster : null,
      thumbnailSizeBytes: poster ?? null,
      localPath: null,
      failureCode: null,
      errorMessage: null,
    };
    const at = new Date(now());
    const completed = await inDatabase(transition(db, id, 'PROCESSING', 'COMPLETED', at, change));
    if (!completed) {
      const row = await inDatabase(db.playback.findUnique({ where: { id } }));
      if (row && row.recordingStatus !== 'COMPLETED') return;
      if (!row) {
        log.info({ playbackId: id }, 'the playback was deleted while it was being finished');
        await inDatabase(noteRemovals(db, objectsOf(playback)));
        return;
      }
    }
    await removeSpool(recordDir, id);
  }

  /**
   * Resolves once the store has confirmed the right size (invariant 2). An object that the store refuses is put once more
   * if the store takes a test object: then the refusal concerns this object only.
   */
  async #put(key: string, body: ObjectBody, contentType: string, signal: AbortSignal): Promise<void> {
    const { store, storeWatch } = this.#options;
    const put = () => store.put(key, body, contentType, signal);
    await put().catch(async (error: unknown) => {
      if (signal.aborted || !(error instanceof RecordingFailure)) throw error;
      await storeWatch.demandAfterFault();
      if (error.code === 'STORE_UNREACHABLE') throw error;
      await put();
    });
    this.storedBytes += body.size;
  }

  /** @returns the poster's size in bytes; undefined if the footage cannot be decoded: the clip is stored without a poster */
  async #putPoster(
    playback: Playback,
    clip: Clip,
    key: string,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { posters, log } = this.#options;
    let jpeg: Buffer;
    try {
      jpeg = await posters.of(playback.id, clip.spoolFile, clip.contents);
    } catch (error) {
      log.warn({ playbackId: playback.id, error }, 'the clip gets no poster');
      return undefined;
    }
    await this.#put(key, bufferBody(jpeg), 'image/jpeg', signal);
    return jpeg.length;
  }

  async #handle(id: string, failure: RecordingFailure): Promise<Outcome> {
    const { db, log, now } = this.#options;
    log.warn({ playbackId: id, code: failure.code, error: failure }, 'a clip cannot be finished');
    if (failure.code === 'STORE_UNREACHABLE') return 'later';
    await transition(db, id, 'PROCESSING', 'FAILED', new Date(now()), {
      failureCode: failure.code,
      errorMessage: failure.message.slice(0, 500),
    });
    // A folder that cannot be removed now is a breach that check-store reports.
    await removeSpoolWithoutFootage(this.#options.recordDir, id).catch(() => {});
    return 'done';
  }

  /** Stops the work on a deleted playback; resolves once it has stopped. */
  discard(id: string): Promise<void> {
    return this.#queue.discard(id);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}

/** Waits until both have settled, so that neither is still running when this rejects. @returns the result of `first` */
async function bothSettled<T>(first: Promise<T>, second: Promise<unknown>): Promise<T> {
  await Promise.allSettled([first, second]);
  await second;
  return first;
}
