import { type Db, inDatabase } from '../db/client.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import { RecoveredElsewhere } from '../offsite/manifest-writer.ts';
import type { OffsiteRecordings } from '../offsite/recordings.ts';
import type { GrowingSpool, GrowingSpools } from '../spool/growing.ts';
import { type Store, UploadGone } from '../store/store.ts';
import type { Uplink } from '../store/uplink.ts';
import { ClipUpload, RowChanged } from './clip-upload.ts';
import { Followed } from './followed.ts';
import type { StoreWatch } from './store-watch.ts';
import { maxWholeBytes } from './upload-layout.ts';

export interface SpoolFollowerOptions {
  readonly db: Db;
  readonly store: Store;
  readonly storeWatch: StoreWatch;
  /** The id of this installation, which its uploads carry. */
  readonly installation: string;
  readonly recordDir: string;
  /** undefined: during a recording, the bucket gets only the parts of its clip. */
  readonly offsite: OffsiteRecordings | undefined;
  readonly growing: GrowingSpools;
  readonly uplink: Uplink;
  readonly log: Log;
}

const everyMs = 250;
/** The pause after an error of the bucket. Meanwhile the footage is in the spool. */
const pauseMs = 5_000;
/** How long the index of a finished recording is kept for the finisher. Without it, the finisher reads the spool. */
const keepMs = 10 * 60_000;

interface Entry {
  followed: Followed | undefined;
  /** Aborted when the recording has ended. */
  readonly over: AbortController;
  /** Aborted when even the part that is being sent now is not needed any more. */
  readonly stop: AbortController;
  step: Promise<void> | undefined;
  pausedUntil: number;
  grewAt: number;
  isFailureLogged: boolean;
}

/**
 * Sends clips into the bucket while they are recorded. Follows each spool that is too large for one request, and
 * sends each part once it is full of synced payload. An error is logged once and retried. It does not affect the
 * recording.
 */
export class SpoolFollower {
  readonly #options: SpoolFollowerOptions;
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SpoolFollowerOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#options.store.uploads) this.#timer = setInterval(() => this.#look(), everyMs);
  }

  #look(): void {
    const now = performance.now();
    for (const spool of this.#options.growing.all()) {
      if (spool.syncedBytes < maxWholeBytes && !this.#options.offsite) continue;
      const entry = this.#entries.get(spool.playbackId) ?? this.#add(spool.playbackId);
      entry.grewAt = now;
      if (entry.step || now < entry.pausedUntil) continue;
      entry.step = this.#advance(spool, entry).finally(() => {
        entry.step = undefined;
      });
    }
    for (const [id, { grewAt }] of this.#entries) if (now - grewAt > keepMs) void this.stopSending(id);
  }

  #add(id: string): Entry {
    const entry: Entry = {
      followed: undefined,
      over: new AbortController(),
      stop: new AbortController(),
      step: undefined,
      pausedUntil: 0,
      grewAt: 0,
      isFailureLogged: false,
    };
    this.#entries.set(id, entry);
    return entry;
  }

  /** Never rejects. */
  async #advance(spool: GrowingSpool, entry: Entry): Promise<void> {
    const { storeWatch, log } = this.#options;
    const { playbackId } = spool;
    try {
      entry.followed ??= await Followed.open(spool.file);
      if (storeWatch.problem) return;
      await this.#send(spool, entry.followed, entry);
      if (entry.isFailureLogged)
        log.info({ playbackId }, 'a clip is sent to the bucket again while it is recorded');
      entry.isFailureLogged = false;
    } catch (error) {
      // The recording has ended: the finisher sends the missing parts.
      if (entry.over.signal.aborted) return;
      entry.pausedUntil = performance.now() + pauseMs;
      if (!entry.isFailureLogged) {
        const facts = { playbackId, error: (error as Error).message };
        log.warn(facts, 'a clip cannot be sent while it is recorded; trying again');
      }
      entry.isFailureLogged = true;
    }
  }

  async #send(spool: GrowingSpool, followed: Followed, entry: Entry): Promise<void> {
    const { playbackId } = spool;
    const { stop, over } = entry;
    try {
      if (await followed.look(spool.syncedBytes)) await this.#sendFull(playbackId, followed, entry);
      await this.#copy(spool, followed, over.signal);
    } catch (error) {
      if (!(error instanceof RecoveredElsewhere)) throw error;
      this.#options.offsite!.noteRecovered(playbackId);
      if (followed.upload) await followed.beginAnew(stop.signal);
    }
  }

  async #sendFull(playbackId: string, followed: Followed, { stop, over }: Entry): Promise<void> {
    const { db, offsite } = this.#options;
    const { signal } = stop;
    if (!followed.upload) {
      const row = await inDatabase(db.playback.findUnique({ where: { id: playbackId } }));
      if (row?.recordingStatus !== 'RECORDING') return;
      followed.upload = this.uploadOf(row);
    }
    const { upload } = followed;
    try {
      await followed.openUpload(signal);
      if (upload.isAbortedSoon) await followed.beginAnew(signal);
      const recording = offsite?.of(playbackId);
      await recording?.beforeParts(followed.index, followed.sent!, over.signal);
      await followed.sendFull(async () => recording?.noteSent(followed.sent!), signal);
    } catch (error) {
      if (error instanceof UploadGone) {
        await followed.beginAnew(signal);
        return;
      }
      // The next look reads the row again.
      if (error instanceof RowChanged && followed.upload === upload) followed.upload = undefined;
      throw error;
    }
  }

  /** Copies what no part holds yet into recovery objects, so that the clip can be made without this machine. */
  async #copy(
    { playbackId, syncedBytes }: GrowingSpool,
    followed: Followed,
    signal: AbortSignal,
  ): Promise<void> {
    const { offsite, store } = this.#options;
    const recording = offsite?.of(playbackId);
    if (!recording?.isDue || signal.aborted) return;
    await followed.index.look(syncedBytes);
    if (followed.index.count === 0) return;
    const needless = await recording.advance(followed.index, followed.sent, signal);
    // A recovery object that cannot be removed now is removed together with the rest when the clip has been stored.
    for (const key of needless) await store.remove(key).catch(() => {});
  }

  /**
   * The upload of a playback's clip, as its row names it.
   * @throws Error if the store has no uploads
   */
  uploadOf(row: Playback): ClipUpload {
    const { db, store, installation, recordDir, uplink, log } = this.#options;
    if (!store.uploads) throw new Error('This store takes objects only whole.');
    return new ClipUpload({ db, uploads: store.uploads, installation, recordDir, uplink, log }, row);
  }

  /**
   * Stops following a recording that is over, once the present part has been sent.
   * @param signal when aborted, does not wait for that part
   * @returns what was followed, which the caller has to close; undefined if nothing was
   */
  async stopFollowing(playbackId: string, signal: AbortSignal): Promise<Followed | undefined> {
    const entry = this.#entries.get(playbackId);
    if (!entry) return undefined;
    this.#entries.delete(playbackId);
    if (entry.followed?.upload) entry.followed.upload.isUrgent = true;
    entry.over.abort();
    const abort = () => entry.stop.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    await entry.step;
    signal.removeEventListener('abort', abort);
    return entry.followed;
  }

  /** Stops sending a playback's footage. Resolves once nothing is being sent. */
  async stopSending(playbackId: string): Promise<void> {
    const followed = await this.stopFollowing(playbackId, AbortSignal.abort());
    await followed?.close().catch(() => {}); // a file that was only read
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#entries.keys()].map((id) => this.stopSending(id)));
  }
}
