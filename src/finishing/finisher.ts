import { DatabaseAway, type Db, inDatabase } from '../db/client.ts';
import { columnsOf } from '../db/completed-clip.ts';
import { FinishingQueue, type TryResult } from '../db/finishing-queue.ts';
import { noteRemovals, objectsOf } from '../db/removals.ts';
import { transition } from '../db/transitions.ts';
import { asFailure, failureColumns, RecordingFailure } from '../domain/failures.ts';
import { objectKeys } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import type { OffsiteRecordings } from '../offsite/recordings.ts';
import { isTransient } from '../spool/errors.ts';
import { removeSpoolWithoutFootage } from '../spool/reader.ts';
import { removeSpoolAndCopies } from '../spool/recovery-keys.ts';
import { findSpool } from '../spool/spool.ts';
import { bufferBody, readPart } from '../store/body.ts';
import { type ObjectBody, ObjectChanged, type Pace, type Store, UploadGone } from '../store/store.ts';
import type { Uplink } from '../store/uplink.ts';
import { type Clip, clipBody, clipFromSpool, payloadBody } from './clip.ts';
import { type ClipUpload, RowChanged } from './clip-upload.ts';
import type { SpoolFollower } from './follow-spools.ts';
import type { LostClips } from './lost-clips.ts';
import type { Posters } from './posters.ts';
import { type StoredClip, storeClip } from './store-clip.ts';
import { StoreAway, type StoreWatch } from './store-watch.ts';
import type { Storyboards } from './storyboards.ts';

export interface FinisherOptions {
  readonly db: Db;
  /** The address of the same database. The queue has connections of its own. */
  readonly databaseUrl: string;
  /** This server's id. */
  readonly nodeId: string;
  readonly store: Store;
  readonly storeWatch: StoreWatch;
  readonly posters: Posters;
  readonly storyboards: Storyboards;
  readonly follower: SpoolFollower;
  readonly uplink: Uplink;
  /** undefined: during a recording, the bucket gets only the parts of its clip. */
  readonly offsite: OffsiteRecordings | undefined;
  /** undefined: the store is no bucket. */
  readonly lostClips: LostClips | undefined;
  readonly recordDir: string;
  readonly log: Log;
  readonly now: () => number;
}

/** How many clips are finished in parallel. */
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
      nodeId: options.nodeId,
      atOnce,
      work: (id, signal) => this.#work(id, signal),
      log: options.log,
    });
    // If ending the pauses fails, each clip waits until its pause has ended by itself.
    options.storeWatch.onBack(() => void this.#queue.hurry().catch(() => {}));
  }

  start(): Promise<void> {
    return this.#queue.start();
  }

  /** This node has a new job. */
  nudge(): void {
    this.#queue.nudge();
  }

  /** One try to finish a playback. The queue calls it (db/finishing-queue.ts, `#perform`). */
  async #work(id: string, signal: AbortSignal): Promise<TryResult> {
    try {
      await this.#finish(id, signal);
      return 'done';
    } catch (error) {
      if (signal.aborted) return 'done';
      // The store watch has logged it, once for all clips.
      if (error instanceof StoreAway) return 'later';
      const kinds = [DatabaseAway, RowChanged, UploadGone, ObjectChanged];
      if (kinds.some((kind) => error instanceof kind) || isTransient(error)) {
        this.#options.log.warn({ playbackId: id, error }, 'a clip cannot be finished now; trying again');
        return 'later';
      }
      return this.#handle(id, asFailure(error)).catch((problem: Error) => {
        this.#options.log.error({ playbackId: id, error: problem }, 'a playback’s failure cannot be saved');
        return 'later' as const;
      });
    }
  }

  /**
   * Spool → clip (clip.ts) → store (store-clip.ts, or `store.put`) → COMPLETED, and then the spool is removed. Without a
   * spool, the clip is made from what the bucket holds (lost-clips.ts).
   */
  async #finish(id: string, signal: AbortSignal): Promise<void> {
    const { db, nodeId, recordDir, store, storeWatch, storyboards, follower, lostClips, now, log } =
      this.#options;
    const playback = await inDatabase(db.playback.findUnique({ where: { id } }));
    // A COMPLETED row means that an earlier try lost the database's answer. If there is no row, the footage is kept,
    // because the database may be an old copy (recording/interrupted.ts). Deleting a playback removes its spool.
    const isOwn = playback?.nodeId === null || playback?.nodeId === nodeId;
    if (playback?.recordingStatus === 'COMPLETED' && isOwn) await this.#removeSpool(id);
    if (playback?.recordingStatus !== 'PROCESSING') return;
    // Checked first, because reading an hours-long spool is wasted if the store is away.
    storeWatch.demand();
    if (lostClips && !(await findSpool(recordDir, id)) && (await lostClips.complete(playback))) return;
    const followed = await follower.stopFollowing(id, signal);
    const clip = await clipFromSpool(recordDir, playback, followed?.index).finally(() => followed?.close());
    const payload = payloadBody(clip);
    const kept = storyboards.keep(playback, clip.contents.index, (range) => readPart(payload, range));
    const [poster, { row, size }] = await bothSettled(
      this.#putPoster(playback, clip, objectKeys(playback).poster, signal),
      this.#storeClip(playback, clip, followed?.upload, signal),
    );
    this.storedBytes += size;
    const keys = objectKeys(row);
    const change = {
      ...columnsOf({ ...clip.facts, key: keys.clip, address: store.address(keys.clip), size }),
      thumbnailPath: poster ? keys.poster : null,
      thumbnailSizeBytes: poster ?? null,
    };
    const at = new Date(now());
    const completed = await inDatabase(transition(db, id, 'PROCESSING', 'COMPLETED', at, change));
    if (!completed) {
      const found = await inDatabase(db.playback.findUnique({ where: { id } }));
      // Another try has already written FAILED.
      if (found && found.recordingStatus !== 'COMPLETED') return;
      if (!found) {
        log.info({ playbackId: id }, 'the playback was deleted while it was being finished');
        await inDatabase(noteRemovals(db, objectsOf(row)));
        return;
      }
    }
    const makeStoryboard = await kept;
    makeStoryboard();
    await this.#removeSpool(id);
  }

  /** Removes the spool and the recovery objects. */
  async #removeSpool(id: string): Promise<void> {
    const { db, offsite, recordDir } = this.#options;
    await offsite?.stop(id);
    await inDatabase(removeSpoolAndCopies(db, recordDir, id));
  }

  /** Stores the clip. Resolves once the store has confirmed that it has the right size (docs/design.md 6.2). */
  async #storeClip(
    playback: Playback,
    clip: Clip,
    followed: ClipUpload | undefined,
    signal: AbortSignal,
  ): Promise<StoredClip> {
    const { store, follower, uplink } = this.#options;
    const put = (key: string, body: ObjectBody, pace?: Pace) =>
      store.put(key, body, 'video/mp4', { signal, pace });
    if (!store.uploads) {
      const body = clipBody(clip);
      await this.#twice(() => put(objectKeys(playback).clip, body), signal);
      return { row: playback, size: body.size };
    }
    // If an answer of the database was lost, the row may name another upload than `followed`. The one in the row
    // counts.
    const isCurrent =
      followed?.row.uploadAttempt === playback.uploadAttempt && followed.row.uploadId === playback.uploadId;
    const upload = isCurrent ? followed! : follower.uploadOf(playback);
    upload.isUrgent = true;
    const isUrgent = () => true;
    const putWhole = (key: string, body: ObjectBody) =>
      uplink.withMemory(body.size, isUrgent, async (memory) => {
        const bytes = await readPart(body, { from: 0, to: body.size }, memory);
        await put(key, bufferBody(bytes), uplink.pace(isUrgent));
      });
    return this.#twice(() => storeClip(clip, upload, putWhole, signal), signal);
  }

  /**
   * Stores an object. If the store refuses it but takes a test object, the refusal concerns this object only: then
   * tries once more.
   */
  async #twice<Result>(store: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    try {
      return await store();
    } catch (error) {
      if (signal.aborted || !(error instanceof RecordingFailure)) throw error;
      await this.#options.storeWatch.demandAfterError();
      if (error.code === 'STORE_UNREACHABLE') throw error;
      return store();
    }
  }

  /** @returns the poster's size in bytes; undefined if the footage cannot be decoded: the clip is stored without a poster */
  async #putPoster(
    playback: Playback,
    clip: Clip,
    key: string,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { posters, store, log } = this.#options;
    let jpeg: Buffer;
    try {
      jpeg = await posters.of(playback.id, clip.spoolFile, clip.contents);
    } catch (error) {
      log.warn({ playbackId: playback.id, error }, 'the clip gets no poster');
      return undefined;
    }
    await this.#twice(() => store.put(key, bufferBody(jpeg), 'image/jpeg', { signal }), signal);
    this.storedBytes += jpeg.length;
    return jpeg.length;
  }

  async #handle(id: string, failure: RecordingFailure): Promise<TryResult> {
    const { db, log, now } = this.#options;
    log.warn({ playbackId: id, code: failure.code, error: failure }, 'a clip cannot be finished');
    if (failure.code === 'STORE_UNREACHABLE') return 'later';
    await transition(db, id, 'PROCESSING', 'FAILED', new Date(now()), failureColumns(failure));
    // A folder that cannot be removed now is a breach that check-store reports.
    await removeSpoolWithoutFootage(this.#options.recordDir, id).catch(() => {});
    return 'done';
  }

  /** Ends all work on the footage of a playback that is being deleted, then removes its spool and recovery objects. */
  async discard(id: string): Promise<void> {
    await this.#queue.stopWork(id);
    await this.#options.follower.stopSending(id);
    await this.#removeSpool(id);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}

/** Waits until both have settled, so that neither is still running when this rejects. */
async function bothSettled<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  const result = await second;
  return [await first, result];
}
