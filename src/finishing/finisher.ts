import type { Children } from '../children.ts';
import type { Db } from '../db/client.ts';
import { transition } from '../db/transitions.ts';
import { asFailure, failureKind, RecordingFailure } from '../domain/failures.ts';
import { objectKeys } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import type { Ffmpeg } from '../recording/ffmpeg-binary.ts';
import { removeSpool } from '../recording/spool.ts';
import { bufferBody } from '../store/body.ts';
import type { ObjectBody, Store } from '../store/store.ts';
import { type Clip, clipFromSpool } from './clip.ts';
import { makePoster } from './poster.ts';

export interface FinisherOptions {
  readonly db: Db;
  readonly store: Store;
  readonly children: Children;
  readonly ffmpeg: Ffmpeg;
  readonly recordDir: string;
  readonly log: Log;
  readonly now: () => number;
}

/** Clips that are put into the store side by side. */
const atOnce = 4;
const retryMs = { first: 1_000, most: 60_000 };

interface Job {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/**
 * From spool to COMPLETED: clip and poster into the store, the store's answer checked, the row, and only then the
 * spool goes. Rows in PROCESSING are the queue: what is not done when the server stops is taken up at its start.
 */
export class Finisher {
  readonly #options: FinisherOptions;
  readonly #waiting: string[] = [];
  readonly #jobs = new Map<string, Job>();
  readonly #retries = new Map<string, { timer: NodeJS.Timeout; attempt: number }>();
  #closed = false;

  constructor(options: FinisherOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { db } = this.#options;
    const rows = await db.playback.findMany({
      where: { recordingStatus: 'PROCESSING' },
      select: { id: true },
      orderBy: { startedAt: 'asc' },
    });
    for (const { id } of rows) this.enqueue(id);
  }

  /** Takes up a playback that is PROCESSING. */
  enqueue(playbackId: string): void {
    if (this.#closed || this.#jobs.has(playbackId) || this.#waiting.includes(playbackId)) return;
    this.#waiting.push(playbackId);
    this.#next();
  }

  /** Playbacks that are waiting or being worked on. */
  get depth(): number {
    return this.#waiting.length + this.#jobs.size + this.#retries.size;
  }

  #next(): void {
    while (this.#jobs.size < atOnce && this.#waiting.length > 0 && !this.#closed) {
      const id = this.#waiting.shift()!;
      const abort = new AbortController();
      const done = this.#work(id, abort.signal).finally(() => {
        this.#jobs.delete(id);
        this.#next();
      });
      this.#jobs.set(id, { abort, done });
    }
  }

  async #work(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#finish(id, signal);
      this.#forgetRetry(id);
    } catch (error) {
      if (signal.aborted) return;
      await this.#handle(id, asFailure(error)).catch((problem: Error) => {
        this.#options.log.error({ playbackId: id, error: problem }, 'a failure cannot be written');
        this.#retryLater(id);
      });
    }
  }

  async #finish(id: string, signal: AbortSignal): Promise<void> {
    const { db, recordDir, store, now, log } = this.#options;
    const playback = await db.playback.findUnique({ where: { id } });
    if (playback?.recordingStatus !== 'PROCESSING') return;
    const clip = await clipFromSpool(recordDir, playback);
    const keys = objectKeys(playback);
    // Both are over before anything else happens: a retry must not run beside what is left of this try.
    const [poster, stored] = await Promise.allSettled([
      this.#putPoster(playback, clip, keys.poster, signal),
      this.#put(keys.clip, clip.body, 'video/mp4', signal),
    ]);
    if (stored.status === 'rejected') throw stored.reason;
    if (poster.status === 'rejected') throw poster.reason;
    const completed = await transition(db, id, 'PROCESSING', 'COMPLETED', new Date(now()), {
      storagePath: keys.clip,
      videoUrl: store.address(keys.clip),
      fileSizeBytes: BigInt(clip.body.size),
      durationMs: clip.durationMs,
      durationSec: Math.round(clip.durationMs / 1_000),
      codec: clip.codec.slice(0, 20),
      audioCodec: clip.audioCodec,
      resolution: clip.resolution,
      thumbnailPath: poster.value ? keys.poster : null,
      thumbnailSizeBytes: poster.value ?? null,
      localPath: null,
      failureCode: null,
      errorMessage: null,
    });
    if (!completed) {
      log.info({ playbackId: id }, 'the playback was deleted while it was being finished');
      await Promise.all([store.remove(keys.clip), store.remove(keys.poster)]);
    }
    await removeSpool(recordDir, id);
  }

  /** The store has answered with the right size when this resolves (invariant 2). */
  async #put(key: string, body: ObjectBody, contentType: string, signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    await store.put(key, body, contentType, signal);
    const held = await store.stat(key);
    if (held?.size === body.size) return;
    throw new RecordingFailure(
      'STORE_MISMATCH',
      `The store holds ${held?.size ?? 'no'} bytes of the object; ${body.size} were sent.`,
    );
  }

  /** @returns the poster's size in bytes; undefined when the footage cannot be decoded: a clip without poster is better than none */
  async #putPoster(
    playback: Playback,
    clip: Clip,
    key: string,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { children, ffmpeg, log } = this.#options;
    let jpeg: Buffer;
    try {
      jpeg = await makePoster(children, ffmpeg, clip);
    } catch (error) {
      log.warn({ playbackId: playback.id, error: (error as Error).message }, 'there will be no poster');
      return undefined;
    }
    await this.#put(key, bufferBody(jpeg), 'image/jpeg', signal);
    return jpeg.length;
  }

  async #handle(id: string, failure: RecordingFailure): Promise<void> {
    const { db, log, now } = this.#options;
    log.warn(
      { playbackId: id, code: failure.code, error: failure.message, cause: failure.cause },
      'a clip could not be finished',
    );
    if (failure.code === 'STORE_UNREACHABLE') {
      this.#retryLater(id);
      return;
    }
    this.#forgetRetry(id);
    await transition(db, id, 'PROCESSING', 'FAILED', new Date(now()), {
      failureCode: failure.code,
      errorMessage: failure.message.slice(0, 500),
    });
    if (!failureKind(failure.code).retryable) await removeSpool(this.#options.recordDir, id);
  }

  /** A store that is away comes back: there is no last attempt, only a longest pause. */
  #retryLater(id: string): void {
    if (this.#closed) return;
    const attempt = (this.#retries.get(id)?.attempt ?? 0) + 1;
    const pause = Math.min(retryMs.first * 2 ** (attempt - 1), retryMs.most) * (0.75 + Math.random() / 2);
    const timer = setTimeout(() => this.enqueue(id), pause);
    this.#retries.set(id, { timer, attempt });
  }

  #forgetRetry(id: string): void {
    clearTimeout(this.#retries.get(id)?.timer);
    this.#retries.delete(id);
  }

  /** Stops working on a playback that is deleted; resolves when nothing of it is under way any more. */
  async discard(id: string): Promise<void> {
    this.#forgetRetry(id);
    const at = this.#waiting.indexOf(id);
    if (at >= 0) this.#waiting.splice(at, 1);
    const job = this.#jobs.get(id);
    job?.abort.abort();
    await job?.done;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const id of [...this.#retries.keys()]) this.#forgetRetry(id);
    for (const job of this.#jobs.values()) job.abort.abort();
    await Promise.all([...this.#jobs.values()].map((job) => job.done));
  }
}
