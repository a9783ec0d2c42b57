import { type Db, inDatabase } from '../db/client.ts';
import { saveUploadId, takeAttempt, type UploadLayout } from '../db/uploads.ts';
import { objectKeys } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import { readPart } from '../store/body.ts';
import type { ObjectBody, SentPart, Upload, Uploads } from '../store/store.ts';
import type { Uplink } from '../store/uplink.ts';
import { noteSentPart, readSentParts } from './sent-parts.ts';
import type { Part } from './upload-layout.ts';

export interface ClipUploadOptions {
  readonly db: Db;
  readonly uploads: Uploads;
  readonly installation: string;
  readonly recordDir: string;
  readonly uplink: Uplink;
  readonly log: Log;
}

/** How many parts are sent in parallel once the recording has ended. */
const lanes = 3;
/** If a rule of the bucket will abort an upload, a new one is begun after this share of its life. */
const usedLife = 0.9;
const shortestLifeMs = 10_000;

/** The row has changed: the playback was deleted, or another process uploads its clip. */
export class RowChanged extends Error {
  constructor() {
    super('The playback was deleted, or its clip is uploaded elsewhere.');
    this.name = 'RowChanged';
  }
}

/** The upload of one playback's clip: its layout is in the row, its parts are in the bucket. */
export class ClipUpload {
  readonly #options: ClipUploadOptions;
  #row: Playback;
  #upload: Upload | undefined;
  /** When to begin a new upload, on the clock of `performance.now`. */
  #renewAt = Number.POSITIVE_INFINITY;
  /** The parts that the bucket has acknowledged. */
  readonly sent = new Map<number, SentPart>();
  /** Whether its recording has ended: then its parts go before parts of clips that are still recorded. */
  isUrgent = false;

  constructor(options: ClipUploadOptions, row: Playback) {
    this.#options = options;
    this.#row = row;
  }

  /** The row with the key of the clip. */
  get row(): Playback {
    return this.#row;
  }

  /** undefined: no upload was begun, or the answer with its id was lost */
  get layout(): UploadLayout | undefined {
    const { uploadId, uploadPartBytes: partBytes, uploadHeadBytes: headBytes } = this.#row;
    return uploadId !== null && partBytes !== null && headBytes !== null
      ? { partBytes, headBytes }
      : undefined;
  }

  /**
   * Resumes the upload that the row names, or begins one.
   * @param decide gives the layout of a new upload
   * @returns its layout
   * @throws RowChanged
   */
  async open(decide: () => Promise<UploadLayout> | UploadLayout, signal: AbortSignal): Promise<UploadLayout> {
    const { layout } = this;
    if (!layout) return this.begin(await decide(), signal);
    this.#upload ??= await this.#resume(this.#row.uploadId!);
    return layout;
  }

  /**
   * Whether a rule of the bucket will soon abort the upload, and so remove the parts that were sent. Then a new upload
   * has to begin now.
   */
  get isAbortedSoon(): boolean {
    return performance.now() >= this.#renewAt;
  }

  /**
   * Begins an upload under the clip's next key, and notes the removal of an earlier upload.
   * @throws RowChanged
   */
  async begin(layout: UploadLayout, signal: AbortSignal): Promise<UploadLayout> {
    const { uploads, installation, db } = this.#options;
    this.#forget();
    await this.#takeAttempt(layout);
    const upload = await uploads.begin(objectKeys(this.#row).clip, 'video/mp4', installation, { signal });
    const saved = await inDatabase(saveUploadId(db, this.#row, upload.id));
    if (!saved) {
      await upload.abort().catch(() => {}); // the bucket removes it after some days
      throw new RowChanged();
    }
    this.#row = saved;
    this.#upload = upload;
    this.#renewAt = renewalOf(upload);
    this.#warnOfRule(upload);
    return layout;
  }

  /**
   * Warns if a rule of the bucket aborts this upload before the recording has to end. Then the clip is sent again from
   * the spool.
   */
  #warnOfRule({ abortsAt }: Upload): void {
    const { id, deadlineAt } = this.#row;
    if (!abortsAt || !deadlineAt || abortsAt >= deadlineAt) return;
    this.#options.log.warn(
      { playbackId: id, abortsAt, deadlineAt },
      'a rule of the bucket aborts this upload before the recording has to end; give AbortIncompleteMultipartUpload more days',
    );
  }

  /**
   * Gives up the upload: the clip gets a new key, and is then stored under it with one request.
   * @throws RowChanged
   */
  async giveUp(): Promise<void> {
    this.#forget();
    await this.#takeAttempt(undefined);
  }

  async #takeAttempt(layout: UploadLayout | undefined): Promise<void> {
    const taken = await inDatabase(takeAttempt(this.#options.db, this.#row, layout));
    if (!taken) throw new RowChanged();
    this.#row = taken;
  }

  #forget(): void {
    this.#upload = undefined;
    this.#renewAt = Number.POSITIVE_INFINITY;
    this.sent.clear();
  }

  async #resume(uploadId: string): Promise<Upload> {
    const { uploads, recordDir } = this.#options;
    const upload = uploads.resume(objectKeys(this.#row).clip, uploadId);
    const listed = await upload.listParts();
    for (const [number, part] of listed ?? (await readSentParts(recordDir, this.#row)))
      this.sent.set(number, part);
    return upload;
  }

  /** Reads and sends a part, once there is memory for it. */
  async sendPart(
    number: number,
    body: ObjectBody,
    { from, to }: Omit<Part, 'number'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { uplink, recordDir } = this.#options;
    const isUrgent = () => this.isUrgent;
    await uplink.withMemory(to - from, isUrgent, async (memory) => {
      signal.throwIfAborted();
      const bytes = await readPart(body, { from, to }, memory);
      // If a part is sent a second time and that fails, the bucket may have neither version (R2).
      this.sent.delete(number);
      const etag = await this.#upload!.sendPart(number, bytes, { signal, pace: uplink.pace(isUrgent) });
      this.sent.set(number, { bytes: bytes.length, etag });
      await noteSentPart(recordDir, this.#row, number, { bytes: bytes.length, etag });
    });
  }

  /** Sends the missing parts, a few in parallel. The first error stops all of them; rejects once all have stopped. */
  async sendMissing(parts: readonly Part[], body: ObjectBody, signal: AbortSignal): Promise<void> {
    const missing = parts.filter(({ number, from, to }) => this.sent.get(number)?.bytes !== to - from);
    // The first part is sent last: its presence shows that the clip is complete.
    const ordered = [
      ...missing.filter(({ number }) => number > 1),
      ...missing.filter(({ number }) => number === 1),
    ];
    const waiting = ordered.values();
    const stop = new AbortController();
    const stopped = AbortSignal.any([signal, stop.signal]);
    let firstError: { error: unknown } | undefined;
    const sendOneAfterAnother = async () => {
      for (const part of waiting) await this.sendPart(part.number, body, part, stopped);
    };
    const running = Array.from({ length: lanes }, () =>
      sendOneAfterAnother().catch((error: unknown) => {
        firstError ??= { error };
        stop.abort();
      }),
    );
    await Promise.all(running);
    if (firstError) throw firstError.error;
  }

  /** Makes the object from these parts. Other parts that were sent are left out. */
  complete(parts: readonly Part[], signal: AbortSignal): Promise<void> {
    const wanted = new Map(parts.map(({ number }) => [number, this.sent.get(number)!]));
    return this.#upload!.complete(wanted, { signal });
  }
}

/**
 * When to begin a new upload in place of one that a rule of the bucket will abort, on the clock of `performance.now`.
 */
function renewalOf({ abortsAt }: Upload): number {
  const lifeMs = abortsAt ? abortsAt.getTime() - Date.now() : Number.POSITIVE_INFINITY;
  // If the upload seems to be aborted at once, the clock of this machine or of the bucket is wrong.
  return lifeMs < shortestLifeMs ? Number.POSITIVE_INFINITY : performance.now() + usedLife * lifeMs;
}
