import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { takeBackFailed } from '../db/lost-playbacks.ts';
import { replaceClip } from '../db/recovered.ts';
import { RecordingFailure } from '../domain/failures.ts';
import { objectKeys } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import { demandSpool } from '../spool/mark.ts';
import { isSpoolName } from '../spool/names.ts';
import { removeSpoolAndCopies } from '../spool/recovery-keys.ts';
import { findSpool } from '../spool/spool.ts';
import { readPart } from '../store/body.ts';
import type { SentPart, Store } from '../store/store.ts';
import type { Uplink } from '../store/uplink.ts';
import { type Clip, clipBody, clipFromSpool } from './clip.ts';
import { layoutOf, partsOf } from './upload-layout.ts';

export interface ReturnedSpoolsOptions {
  readonly db: Db;
  /** This server's id. */
  readonly nodeId: string;
  readonly store: Store;
  readonly uplink: Uplink;
  readonly installation: string;
  readonly recordDir: string;
  readonly log: Log;
}

const everyMs = 10_000;
/** If a clip begins within this time (ms) of a spool's beginning, both are of the same recording. */
const sameStartMs = 1_000;

/**
 * Spools that this server finds at its start although another node has taken over their playbacks, because this server
 * counted as lost. Each spool is compared with the clip that was made from the bucket. If the spool holds more, a clip
 * is made from it and takes the place of the other one, as a new object under a new key. Only then is the spool
 * removed.
 */
export class ReturnedSpools {
  readonly #options: ReturnedSpoolsOptions;
  readonly #stop = new AbortController();
  #settling: Promise<void> = Promise.resolve();

  constructor(options: ReturnedSpoolsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#settling = this.#settleAll();
  }

  /** Tries until every spool that was there at the start is settled. Never rejects. */
  async #settleAll(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stop;
    let left: string[] | undefined;
    while (!signal.aborted && left?.length !== 0) {
      try {
        left = await this.#settle(left ?? (await this.#spools()));
      } catch (error) {
        log.warn(
          { error },
          'spools of playbacks that other nodes have taken over cannot be compared; trying again',
        );
      }
      if (left?.length !== 0) await sleep(everyMs, undefined, { signal }).catch(() => {}); // aborted by close
    }
  }

  async #spools(): Promise<string[]> {
    const { recordDir } = this.#options;
    await demandSpool(recordDir);
    return (await readdir(recordDir)).filter(isSpoolName);
  }

  /** @returns the ids that have to be looked at again */
  async #settle(ids: readonly string[]): Promise<string[]> {
    const { db, nodeId, log } = this.#options;
    const rows = await db.playback.findMany({ where: { id: { in: [...ids] }, nodeId: { not: nodeId } } });
    const left: string[] = [];
    for (const row of rows) {
      this.#stop.signal.throwIfAborted();
      const isSettled = await this.#settleOne(row).catch((error: Error) => {
        log.warn({ playbackId: row.id, error }, 'a spool cannot be compared with its clip; trying again');
        return false;
      });
      if (!isSettled) left.push(row.id);
    }
    return left;
  }

  /** @returns whether nothing is left to do; false while the other node still records or finishes the playback */
  async #settleOne(row: Playback): Promise<boolean> {
    const { db, nodeId, recordDir } = this.#options;
    if (row.recordingStatus === 'FAILED') {
      // The row names this node again: `retryPlayback` then looks for the footage here.
      await takeBackFailed(db, row, nodeId);
      return true;
    }
    if (row.recordingStatus !== 'COMPLETED') return false;
    const clip = await clipFromSpool(recordDir, row).catch((error) => {
      if (error instanceof RecordingFailure) return undefined; // no whole fragment
      throw error;
    });
    if (clip && !(await this.#isCovered(row, clip))) return true;
    await removeSpoolAndCopies(db, recordDir, row.id);
    return true;
  }

  /**
   * @returns whether the store has all footage of the spool, be it that this call has just put it there; false: the
   *   clip is of another recording
   */
  async #isCovered(row: Playback, clip: Clip): Promise<boolean> {
    const { recordDir, log } = this.#options;
    const { startedAt } = (await findSpool(recordDir, row.id))!;
    const playbackId = row.id;
    if (!row.clipStartedAt || Math.abs(row.clipStartedAt.getTime() - startedAt) > sameStartMs) {
      log.error(
        { playbackId },
        'the clip of this playback is another node’s recording, and the spool holds footage of it too: it is kept',
      );
      return false;
    }
    const moreMs = clip.facts.durationMs - (row.durationMs ?? 0);
    log.info({ playbackId, moreMs }, 'the spool of a playback was compared with the clip from the bucket');
    if (moreMs > 0) await this.#replace(row, clip);
    return true;
  }

  async #replace(row: Playback, clip: Clip): Promise<void> {
    const { db, store } = this.#options;
    const attempt = row.uploadAttempt + 1;
    const { clip: key } = objectKeys({ ...row, uploadAttempt: attempt });
    const size = await this.#put(key, clip);
    await replaceClip(db, row, { ...clip.facts, key, attempt, size, address: store.address(key) });
  }

  /** @returns the object's size in bytes */
  async #put(key: string, clip: Clip): Promise<number> {
    const { store, uplink, installation } = this.#options;
    const body = clipBody(clip);
    if (!store.uploads) {
      await store.put(key, body, 'video/mp4', this.#transfer);
      return body.size;
    }
    const upload = await store.uploads.begin(key, 'video/mp4', installation, this.#transfer);
    const sent = new Map<number, SentPart>();
    try {
      for (const { number, from, to } of partsOf(body.size, layoutOf(clip.contents).partBytes)!) {
        await uplink.withMemory(to - from, isUrgent, async (memory) => {
          const bytes = await readPart(body, { from, to }, memory);
          sent.set(number, { bytes: to - from, etag: await upload.sendPart(number, bytes, this.#transfer) });
        });
      }
      await upload.complete(sent, this.#transfer);
    } catch (error) {
      await upload.abort().catch(() => {}); // the bucket removes it after some days
      throw error;
    }
    return body.size;
  }

  get #transfer() {
    return { signal: this.#stop.signal, pace: this.#options.uplink.pace(isUrgent) };
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('The server is stopping.'));
    await this.#settling;
  }
}

/** These uploads wait for those of clips that have just ended. */
const isUrgent = () => false;
