import type { RecoveryKeys } from '../domain/store-keys.ts';
import { readTrackFragments } from '../mp4/track-fragment.ts';
import type { GrowingSpools } from '../spool/growing.ts';
import type { GrowingIndex } from '../spool/growing-index.ts';
import { bufferBody, rangesBody, readPart } from '../store/body.ts';
import type { Store } from '../store/store.ts';
import type { Uplink } from '../store/uplink.ts';
import { fragmentHeads } from './fragment-heads.ts';
import { coveredUpTo, type PayloadRange } from './payload-ranges.ts';

/**
 * What the clip's upload holds of the payload. (The payload is the coded pictures and sound of a recording, without the
 * boxes of the MP4 around them.)
 */
export interface SentPayload {
  readonly uploadId: string;
  /** Where part 2 begins in the payload. What lies before it belongs to part 1, which is sent last. */
  readonly from: number;
  /** Where the acknowledged parts end: up to here none is missing. */
  readonly to: number;
  /** The size of a part. */
  readonly partBytes: number;
}

export interface CopyOptions {
  readonly store: Store;
  readonly growing: GrowingSpools;
  readonly uplink: Uplink;
  readonly keys: RecoveryKeys;
  /** Called before an object is written under the key. */
  readonly note: (key: string) => Promise<void>;
  readonly everyMs: number;
}

/** The most fragments in one index object, which then has some 800 KB. */
const mostFragments = 2_000;
/**
 * If a part will be full within this many intervals, its payload is not copied: the part is waited for. With an
 * interval of 10 s, a part of 5 MiB at 4 Mbit/s is full after 1.05 intervals, and after up to 1.15 where the bit rate
 * of the pictures varies.
 */
const waitForPart = 1.2;

/** An index object, which has to be written again if times in it are corrected. */
interface IndexObject {
  readonly first: number;
  readonly count: number;
  bytes: Buffer;
}

/**
 * The recovery objects of one recording: the index of its footage, and the payload that no acknowledged part holds.
 * They are written in the order index, payload, part. So the bucket never holds payload without its index.
 */
export class OffsiteCopy {
  readonly #options: CopyOptions;
  #indexObjects: IndexObject[] = [];
  /** How many corrections of the spool the index objects already contain. */
  #corrections = 0;
  /** The number of fragments in index objects. */
  #indexed = 0;
  /**
   * The indexed fragments that the bucket does not hold completely: where the payload of each ends, and its end in
   * media seconds.
   */
  #ends: { readonly payload: number; readonly sec: number }[] = [];
  /** The bucket has the payload up to this byte without a hole, in recovery objects and parts. */
  #covered = 0;
  /** The byte ranges of the payload in recovery objects. */
  #objects: PayloadRange[] = [];
  /** The upload whose parts are counted. */
  #uploadId: string | undefined;
  #advancedAt = performance.now();
  #bytesThen = 0;
  /** The bucket has the footage up to this second of media time. */
  untilSec: number | undefined;

  constructor(options: CopyOptions) {
    this.#options = options;
  }

  /** Writes the index of all fragments into the bucket. Writes it again for fragments whose times were corrected. */
  async putIndex(index: GrowingIndex): Promise<void> {
    await this.#putCorrections(index);
    while (this.#indexed < index.count) {
      const first = this.#indexed;
      const count = Math.min(index.count - first, mostFragments);
      const bytes = await index.readHeads(first, first + count);
      await this.#put(this.#options.keys.index(first), bytes);
      this.#indexObjects.push({ first, count, bytes });
      this.#indexed += count;
      this.#noteEnds(index, first, bytes);
    }
  }

  /** When the next copy is due, on the clock of `performance.now`. The first one is due at once. */
  get dueAt(): number {
    return this.#covered === 0 ? 0 : this.#advancedAt + this.#options.everyMs;
  }

  /** Whether the bucket lacks some of the payload that part 1 will hold, according to the last `noteSent`. */
  lacksPartOne({ from }: SentPayload): boolean {
    return this.#covered < from;
  }

  /**
   * Whether `copyPayload` has something to do.
   * @param sent undefined: nothing is sent in parts yet
   */
  isDue(index: GrowingIndex, sent: SentPayload | undefined): boolean {
    const isAhead = sent !== undefined && this.#covered >= sent.from && sent.to > this.#covered;
    return isAhead || this.#dueUpTo(index.payloadBytes, sent) !== undefined;
  }

  /**
   * If a copy is due, copies the payload that no part will hold soon.
   * @param signal aborted when the recording has ended: then no copy is begun any more
   */
  async copyPayload(index: GrowingIndex, sent: SentPayload | undefined, signal: AbortSignal): Promise<void> {
    this.noteSent(sent);
    const to = this.#dueUpTo(index.payloadBytes, sent);
    if (to === undefined) return;
    const from = this.#covered;
    await this.putIndex(index);
    const body = rangesBody(index.path, index.ranges(from, to));
    await this.#options.uplink.withMemory(
      body.size,
      () => false,
      async (memory) => {
        signal.throwIfAborted();
        const bytes = await readPart(body, { from: 0, to: body.size }, memory);
        // A request that is on its way is not aborted: the object might arrive after it was removed.
        await this.#put(this.#options.keys.payload(from), bytes);
      },
    );
    this.#objects.push({ from, to });
    this.noteSent(sent);
  }

  /** The byte up to which the payload is due to be copied; undefined: none is due. */
  #dueUpTo(payloadBytes: number, sent: SentPayload | undefined): number | undefined {
    const { everyMs } = this.#options;
    const lacks = payloadBytes - this.#covered;
    if (lacks <= 0) return undefined;
    // The payload of part 1 is copied at once, because part 1 is sent at the end.
    if (sent && this.#covered < sent.from) return Math.min(sent.from, payloadBytes);
    if (this.#covered === 0) return payloadBytes;
    const ageMs = performance.now() - this.#advancedAt;
    if (ageMs < everyMs) return undefined;
    const perMs = (payloadBytes - this.#bytesThen) / ageMs;
    const fullInMs = sent ? (sent.to + sent.partBytes - payloadBytes) / perMs : Number.POSITIVE_INFINITY;
    return ageMs + fullInMs <= waitForPart * everyMs ? undefined : payloadBytes;
  }

  /** Updates how far the bucket has the payload, in recovery objects and parts. */
  noteSent(sent: SentPayload | undefined): void {
    if (sent && sent.uploadId !== this.#uploadId) this.#countAnew(sent.uploadId);
    const before = this.#covered;
    this.#covered = coveredUpTo(this.#objects, this.#covered);
    if (sent && this.#covered >= sent.from) this.#covered = Math.max(this.#covered, sent.to);
    if (this.#covered === before) return;
    this.#advancedAt = performance.now();
    this.#bytesThen = this.#covered;
    while (this.#ends[0] && this.#ends[0].payload <= this.#covered) this.untilSec = this.#ends.shift()!.sec;
  }

  /**
   * Forgets what an earlier upload held: the bucket no longer has its parts. The index is written again, which also
   * fills `#ends` again.
   */
  #countAnew(uploadId: string): void {
    if (this.#uploadId !== undefined) {
      this.#covered = 0;
      this.#indexObjects = [];
      this.#indexed = 0;
      this.#ends = [];
      this.untilSec = undefined;
    }
    this.#uploadId = uploadId;
  }

  #noteEnds(index: GrowingIndex, first: number, bytes: Buffer): void {
    let number = first;
    for (const { moof, shape } of fragmentHeads(bytes)) {
      const parts = readTrackFragments(moof, index.init!.tracks, shape);
      const ends = parts.map(({ decodeTime, chunks, track }) => {
        const ticks = chunks
          .flatMap(({ samples }) => samples)
          .reduce((sum, { duration }) => sum + duration, 0);
        return (decodeTime + ticks) / track.timescale;
      });
      this.#ends.push({ payload: index.payloadUpTo(++number), sec: Math.max(...ends) });
    }
  }

  /** Rewrites the index objects of fragments whose times were corrected. */
  async #putCorrections(index: GrowingIndex): Promise<void> {
    this.#indexObjects = this.#indexObjects.filter(({ first, count }) => !index.isSettled(first + count - 1));
    // If no time was corrected since the last call, nothing is read: so it is with most calls.
    const corrections = this.#options.growing.correctionsOf(index.path);
    if (corrections === this.#corrections) return;
    for (const object of this.#indexObjects) {
      const bytes = await index.readHeads(object.first, object.first + object.count);
      if (bytes.equals(object.bytes)) continue;
      await this.#put(this.#options.keys.index(object.first), bytes);
      object.bytes = bytes;
    }
    this.#corrections = corrections;
  }

  async #put(key: string, bytes: Buffer): Promise<void> {
    const { note, store, uplink } = this.#options;
    await note(key);
    const transfer = { pace: uplink.pace(() => false), isUnchecked: true };
    await store.put(key, bufferBody(bytes), 'application/octet-stream', transfer);
  }

  /**
   * Forgets the payload objects whose payload parts hold as well.
   * @returns their keys, which can be removed
   */
  takeSuperseded(sent: SentPayload): string[] {
    const isSuperseded = ({ from, to }: PayloadRange) => from >= sent.from && to <= sent.to;
    const superseded = this.#objects.filter(isSuperseded);
    this.#objects = this.#objects.filter((object) => !isSuperseded(object));
    return superseded.map(({ from }) => this.#options.keys.payload(from));
  }
}
