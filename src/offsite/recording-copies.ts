import { type Db, inDatabase } from '../db/client.ts';
import { saveOffsiteUntil } from '../db/uploads.ts';
import { recoveryKeys } from '../domain/store-keys.ts';
import type { GrowingSpools } from '../spool/growing.ts';
import type { GrowingIndex } from '../spool/growing-index.ts';
import { noteRecoveryKey } from '../spool/recovery-keys.ts';
import type { GuardedObjects, Store } from '../store/store.ts';
import type { Uplink } from '../store/uplink.ts';
import { OffsiteCopy, type SentPayload } from './copy.ts';
import type { Manifest } from './manifest.ts';
import { ManifestWriter } from './manifest-writer.ts';

/** The upload of a clip in progress, and how far the bucket has acknowledged its parts. */
export interface SentUpload {
  readonly key: string;
  readonly id: string;
  readonly partBytes: number;
  readonly headBytes: number;
  /** Where the acknowledged parts end in the payload: from part 2 up to here none is missing. */
  readonly sentTo: number;
}

export interface RecordingCopiesOptions {
  readonly db: Db;
  readonly store: Store;
  readonly growing: GrowingSpools;
  readonly uplink: Uplink;
  readonly guarded: GuardedObjects;
  readonly installation: string;
  readonly recordDir: string;
  readonly everyMs: number;
  /** Whether the bucket is public: then the manifest has no names, labels and descriptions. */
  readonly isPublic: boolean;
  /** Called when the bucket has more of a recording. */
  readonly onMore: (playbackId: string) => void;
}

/** How often a recording is checked for something to copy once a copy is due: each check costs small reads. */
const lookEveryMs = 500;

/** Keeps the recovery objects of one recording up to date, so that the clip can be made without this machine. */
export class RecordingCopies {
  readonly #options: RecordingCopiesOptions;
  readonly #id: string;
  readonly #copy: OffsiteCopy;
  readonly #writer: ManifestWriter;
  #upload: SentUpload | undefined;
  #init: string | undefined;
  #clipStartedAt: Date | null = null;
  /** Camera and event, which do not change. */
  #cause: Pick<Manifest, 'camera' | 'event'> | undefined;
  #lookAt = 0;
  #savedUntil = 0;
  #advancing: Promise<unknown> = Promise.resolve();

  constructor(options: RecordingCopiesOptions, playbackId: string) {
    this.#options = options;
    this.#id = playbackId;
    const keys = recoveryKeys(options.installation, playbackId);
    const noted = new Set<string>();
    const note = async (key: string) => {
      if (!noted.has(key)) await noteRecoveryKey(options.recordDir, playbackId, key);
      noted.add(key);
    };
    const { store, growing, uplink, everyMs } = options;
    this.#copy = new OffsiteCopy({ store, growing, uplink, keys, note, everyMs });
    this.#writer = new ManifestWriter(options.guarded, keys.manifest, () => note(keys.manifest));
  }

  get isDue(): boolean {
    return performance.now() >= Math.max(this.#lookAt, this.#copy.dueAt);
  }

  /** The footage up to this time would survive the loss of this machine. */
  get until(): Date | undefined {
    const { untilSec } = this.#copy;
    return untilSec !== undefined && this.#clipStartedAt
      ? new Date(this.#clipStartedAt.getTime() + untilSec * 1_000)
      : undefined;
  }

  /**
   * Call it before other parts than part 1 are sent. Writes the manifest, the payload that part 1 will hold, and the
   * index: without these, the other parts are of no use.
   * @param signal aborted when the recording has ended
   * @throws RecoveredElsewhere
   */
  async beforeParts(index: GrowingIndex, upload: SentUpload, signal: AbortSignal): Promise<void> {
    await this.#writeManifest(index, upload);
    const sent = payloadIn(upload);
    this.#copy.noteSent(sent);
    if (this.#copy.lacksPartOne(sent)) await this.#track(this.#copy.copyPayload(index, sent, signal), signal);
    await this.#copy.putIndex(index);
  }

  /** Notes what parts hold by now. */
  async noteSent(upload: SentUpload): Promise<void> {
    this.#copy.noteSent(payloadIn(upload));
    await this.#saveUntil();
  }

  /**
   * Copies what is due, and notes what parts hold by now.
   * @param signal aborted when the recording has ended. This then rejects at once; `settled` waits for requests on
   *   their way
   * @returns keys of objects that are no longer needed
   * @throws RecoveredElsewhere
   */
  async advance(index: GrowingIndex, upload: SentUpload | undefined, signal: AbortSignal): Promise<string[]> {
    this.#lookAt = performance.now() + lookEveryMs;
    return this.#track(this.#advance(index, upload, signal), signal);
  }

  #track<Result>(advancing: Promise<Result>, signal: AbortSignal): Promise<Result> {
    this.#advancing = advancing.catch(() => {}); // the caller gets the error
    return untilAborted(advancing, signal);
  }

  async #advance(
    index: GrowingIndex,
    upload: SentUpload | undefined,
    signal: AbortSignal,
  ): Promise<string[]> {
    const sent = upload && payloadIn(upload);
    if (!this.#copy.isDue(index, sent)) return [];
    // Without a row nothing is copied, because nobody would remove the objects.
    if (!(await this.#writeManifest(index, upload))) return [];
    await this.#copy.copyPayload(index, sent, signal);
    await this.#saveUntil();
    return sent ? this.#copy.takeSuperseded(sent) : [];
  }

  /** Resolves when nothing of the recording is on its way to the bucket. */
  async settled(): Promise<void> {
    await this.#advancing;
  }

  /**
   * Writes the manifest again if it is time, to show that this server is alive.
   * @throws RecoveredElsewhere
   */
  async renew(): Promise<void> {
    if (this.#init && this.#writer.isDue) await this.#write(this.#init);
  }

  /** @returns whether the playback has a row */
  async #writeManifest(index: GrowingIndex, upload: SentUpload | undefined): Promise<boolean> {
    const isOther = upload?.id !== this.#upload?.id;
    this.#upload = upload;
    this.#init ??= (await index.readInit()).toString('base64');
    return isOther || this.#writer.isDue ? this.#write(this.#init) : true;
  }

  async #write(init: string): Promise<boolean> {
    const manifest = await this.#manifest(init);
    if (manifest) await this.#writer.write(manifest);
    return manifest !== undefined;
  }

  /** @returns undefined if the playback was deleted */
  async #manifest(init: string): Promise<Manifest | undefined> {
    const { db, installation } = this.#options;
    const row = await inDatabase(db.playback.findUnique({ where: { id: this.#id } }));
    this.#cause ??= await this.#readCause();
    if (!row || !this.#cause) return undefined;
    this.#clipStartedAt = row.clipStartedAt;
    return {
      format: 1,
      installation,
      playback: {
        id: row.id,
        startedAt: row.startedAt.toISOString(),
        clipStartedAt: row.clipStartedAt?.toISOString() ?? null,
        preRollSec: row.preRollSec,
        gaps: row.gaps as Manifest['playback']['gaps'],
        uploadAttempt: row.uploadAttempt,
      },
      ...this.#cause,
      upload: this.#upload
        ? {
            key: this.#upload.key,
            id: this.#upload.id,
            partBytes: this.#upload.partBytes,
            headBytes: this.#upload.headBytes,
          }
        : null,
      init,
      takenAt: null,
    };
  }

  async #readCause(): Promise<Pick<Manifest, 'camera' | 'event'> | undefined> {
    const { db, isPublic } = this.#options;
    const select = { camera: { select: { id: true, name: true } }, event: true };
    const row = await inDatabase(db.playback.findUnique({ where: { id: this.#id }, select }));
    if (!row) return undefined;
    const { camera, event } = row;
    const text = <Text>(value: Text) => (isPublic ? null : value);
    return {
      camera: { id: camera.id, name: text(camera.name) },
      event: event && {
        id: event.id,
        type: event.type,
        label: text(event.label),
        description: text(event.description),
        startedAt: event.startedAt.toISOString(),
      },
    };
  }

  async #saveUntil(): Promise<void> {
    const { until } = this;
    if (!until || until.getTime() <= this.#savedUntil) return;
    await inDatabase(saveOffsiteUntil(this.#options.db, this.#id, until));
    this.#savedUntil = until.getTime();
    this.#options.onMore(this.#id);
  }
}

/** Rejects with the signal's reason when it is aborted. The work itself goes on then. */
function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

const payloadIn = ({ id, partBytes, headBytes, sentTo }: SentUpload): SentPayload => ({
  uploadId: id,
  from: partBytes - headBytes,
  to: sentTo,
  partBytes,
});
