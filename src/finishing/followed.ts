import { objectKeys } from '../domain/store-keys.ts';
import type { SentUpload } from '../offsite/recording-copies.ts';
import { GrowingIndex } from '../spool/growing-index.ts';
import { readBeginning, readSpool } from '../spool/reader.ts';
import { rangesBody } from '../store/body.ts';
import type { ClipUpload } from './clip-upload.ts';
import { layoutAhead, maxWholeBytes } from './upload-layout.ts';

/** A recording whose spool is sent while it grows. */
export class Followed {
  readonly index: GrowingIndex;
  upload: ClipUpload | undefined;
  /** Until the spool has this many bytes, the next part cannot be full. */
  #lookAt = maxWholeBytes;

  constructor(index: GrowingIndex) {
    this.index = index;
  }

  static async open(file: string): Promise<Followed> {
    return new Followed(await GrowingIndex.open(file));
  }

  /**
   * Reads what is synced.
   * @returns whether there may be a part to send
   */
  async look(syncedBytes: number): Promise<boolean> {
    if (syncedBytes < this.#lookAt) return false;
    await this.index.look(syncedBytes);
    const lacking = this.#lackingBytes();
    this.#lookAt = syncedBytes + Math.max(0, lacking);
    return lacking <= 0;
  }

  /**
   * How many bytes of payload are missing until the next part is full. A recording that would fit into two parts is not
   * sent in parts: at its end, one request stores it.
   */
  #lackingBytes(): number {
    const { upload, index } = this;
    const needed = upload?.layout ? this.#nextPart(upload).to : maxWholeBytes;
    return needed - index.payloadBytes;
  }

  /** The first part after part 1 that was not sent: its number, and its bytes within the payload. */
  #nextPart({ layout, sent }: ClipUpload): { number: number; from: number; to: number } {
    const { partBytes, headBytes } = layout!;
    let number = 2;
    while (sent.get(number)?.bytes === partBytes) number++;
    const to = number * partBytes - headBytes;
    return { number, from: to - partBytes, to };
  }

  /** Begins the upload, or resumes the one that the row names. */
  async openUpload(signal: AbortSignal): Promise<void> {
    const upload = this.upload!;
    await upload.open(() => this.#layoutAhead(upload), signal);
  }

  /** Begins a new upload in place of one that the bucket no longer has. */
  async beginAnew(signal: AbortSignal): Promise<void> {
    const upload = this.upload!;
    await upload.begin(await this.#layoutAhead(upload), signal);
    this.#lookAt = 0;
  }

  /** What the bucket has acknowledged; undefined if nothing is sent in parts yet. */
  get sent(): SentUpload | undefined {
    const { layout, row } = this.upload ?? {};
    if (!this.upload || !layout || !row?.uploadId) return undefined;
    const { from: sentTo } = this.#nextPart(this.upload);
    return { key: objectKeys(row).clip, id: row.uploadId, ...layout, sentTo };
  }

  /**
   * Sends the full parts in order.
   * @param onSent called after each part
   */
  async sendFull(onSent: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const upload = this.upload!;
    while (!upload.isUrgent) {
      const { number, from, to } = this.#nextPart(upload);
      if (to > this.index.payloadBytes) break;
      const body = rangesBody(this.index.path, this.index.ranges(from, to));
      await upload.sendPart(number, body, { from: 0, to: body.size }, signal);
      await onSent();
    }
    this.#lookAt = 0;
  }

  async #layoutAhead({ row }: ClipUpload) {
    const first = await readBeginning(this.index.path, 1);
    const soFar = await readSpool(this.index.path);
    if (!first || !soFar) throw new Error(`${this.index.path} holds no footage any more.`);
    const endsAt = row.recordUntil ?? row.deadlineAt;
    const longestSec = endsAt ? (endsAt.getTime() - row.startedAt.getTime()) / 1_000 + row.preRollSec : 0;
    return layoutAhead(first, soFar, Math.max(longestSec, soFar.index.durationMs / 1_000));
  }

  close(): Promise<void> {
    return this.index.close();
  }
}
