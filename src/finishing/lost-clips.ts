import { type Db, inDatabase } from '../db/client.ts';
import {
  failUnfinished,
  takeOverUnfinished,
  type Unfinished,
  unfinishedOfLost,
} from '../db/lost-playbacks.ts';
import { completeRecovered } from '../db/recovered.ts';
import type { Incarnation } from '../db/session.ts';
import { RecordingFailure } from '../domain/failures.ts';
import { objectKeys, recoveryKeys } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import { clipFacts } from '../mp4/clip-facts.ts';
import { leaseMs } from '../offsite/manifest.ts';
import { listRecordings, type Remains, readRemains } from '../offsite/remains.ts';
import { markRecovered, type RestoredClip, restoreClip } from '../offsite/restore.ts';
import { bufferBody } from '../store/body.ts';
import type { GuardedObjects, Store } from '../store/store.ts';
import { cutOf } from './clip.ts';
import type { Posters } from './posters.ts';
import type { Storyboards } from './storyboards.ts';

export interface LostClipsOptions {
  readonly db: Db;
  readonly self: Incarnation;
  readonly store: Store;
  readonly guarded: GuardedObjects;
  readonly posters: Posters;
  readonly storyboards: Storyboards;
  readonly installation: string;
  /** After a node has been away for this many hours, footage that is nowhere but on its disk counts as lost. */
  readonly lostAfterHours: number;
  readonly log: Log;
  readonly now: () => number;
}

const everyMs = 5_000;
/** A clip's first picture lies within so many bytes behind its index. */
const firstPictureBytes = 4 * 1024 * 1024;

/**
 * Finds the playbacks of lost nodes whose clips have to be made from the bucket. This node takes over such a playback
 * once its manifest is so old that the lost node is not about to come back with its disk. Then the playback is
 * PROCESSING here, and the finisher calls `complete`.
 */
export class LostClips {
  readonly #options: LostClipsOptions;
  /** When to look at a playback again, in steady milliseconds. */
  readonly #lookAt = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: LostClipsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.#lookAtAll()
        .catch((error: Error) =>
          this.#options.log.warn({ error }, 'playbacks of lost nodes cannot be looked up; trying again'),
        )
        .finally(() => {
          this.#looking = undefined;
        });
    }, everyMs);
  }

  async #lookAtAll(): Promise<void> {
    const { db, self, now, log } = this.#options;
    const unfinished = await unfinishedOfLost(db, self, new Date(now()));
    const ids = new Set(unfinished.map(({ id }) => id));
    for (const id of this.#lookAt.keys()) if (!ids.has(id)) this.#lookAt.delete(id);
    for (const lost of unfinished) {
      if (performance.now() < (this.#lookAt.get(lost.id) ?? 0)) continue;
      this.#lookAt.set(lost.id, performance.now() + leaseMs);
      await this.#look(lost).catch((error: Error) =>
        log.warn({ playbackId: lost.id, error }, 'a lost node’s clip cannot be made from the bucket now'),
      );
    }
  }

  async #look(lost: Unfinished): Promise<void> {
    const { db, self, lostAfterHours, now, log } = this.#options;
    const { id: playbackId, nodeId, hoursLost } = lost;
    const isGivenUp = hoursLost >= lostAfterHours;
    const remains = await this.#remainsOf(playbackId).catch((error) => {
      // If the bucket does not answer, it is unknown what it holds. Recovery objects that cannot be read are of no use,
      // now or later.
      if (!isGivenUp || (error as RecordingFailure).code === 'STORE_UNREACHABLE') throw error;
      log.warn({ playbackId, error }, 'what the bucket holds of a lost node’s footage cannot be read');
      return undefined;
    });
    if (remains && clipFacts(remains.index)) {
      const waitMs = remains.manifest.takenAt ? 0 : leaseMs - remains.ageMs;
      if (waitMs > 0) this.#lookAt.set(playbackId, performance.now() + waitMs);
      else if (await takeOverUnfinished(db, lost, self, new Date(now())))
        log.info({ playbackId, nodeId }, 'the clip of a lost node is made from the bucket');
    } else if (isGivenUp) {
      const message =
        `The footage was on the server ${nodeId}, which has been away for ${Math.floor(hoursLost)} hours, and the ` +
        'bucket holds none of it. If that server comes back with its disk, the playback can be retried.';
      const failure = new RecordingFailure('NODE_LOST', message);
      if (await failUnfinished(db, lost, self, failure, new Date(now())))
        log.warn({ playbackId, nodeId }, message);
    }
  }

  async #remainsOf(playbackId: string, untilSec?: number): Promise<Remains | undefined> {
    const { store, guarded, installation } = this.#options;
    const [objects] = await listRecordings(store, recoveryKeys(installation, playbackId).folder);
    return objects && readRemains(store, guarded, objects, untilSec);
  }

  /**
   * Makes the clip of a PROCESSING playback of this node from what the bucket holds of its footage, and makes its row
   * COMPLETED. It can be called again after an interruption: what is in the store by then is kept.
   * @returns false if the bucket holds none of the footage
   * @throws ObjectChanged if the lost node still writes recovery objects; a later call then succeeds
   */
  async complete(playback: Playback): Promise<boolean> {
    const { db, store, guarded, storyboards, now, log } = this.#options;
    const remains = await this.#remainsOf(playback.id, cutOf(playback));
    const facts = remains && clipFacts(remains.index);
    if (!facts) return false;
    await markRecovered(guarded, remains, new Date(now()));
    const stored = await restoreClip(store, guarded, remains);
    const { key, payloadFrom } = stored;
    const makeStoryboard = await storyboards.keep(playback, remains.index, ({ from, to }) =>
      bytesOf(store.read(key, { from: payloadFrom + from, to: payloadFrom + to })),
    );
    const posterBytes = await this.#putPoster(playback, stored);
    const clip = { ...stored, ...facts, address: store.address(key), posterBytes };
    await inDatabase(completeRecovered(db, playback, clip, remains.objects.keys, new Date(now())));
    makeStoryboard();
    const told = { playbackId: playback.id, durationMs: facts.durationMs, key: clip.key };
    log.info(told, 'a clip was made from what the bucket held of a lost recording');
    return true;
  }

  /** @returns the poster's size in bytes; undefined if the footage cannot be decoded */
  async #putPoster(
    playback: Playback,
    { key, size, payloadFrom }: RestoredClip,
  ): Promise<number | undefined> {
    const { store, posters, log } = this.#options;
    const range = { from: 0, to: Math.min(size, payloadFrom + firstPictureBytes) };
    const movie = await bytesOf(store.read(key, range));
    const jpeg = await posters.ofMovie(movie).catch((error: Error) => {
      log.warn({ playbackId: playback.id, error }, 'the clip gets no poster');
      return undefined;
    });
    if (jpeg) await store.put(objectKeys(playback).poster, bufferBody(jpeg), 'image/jpeg');
    return jpeg?.length;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }
}

async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const read: Buffer[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read);
}
