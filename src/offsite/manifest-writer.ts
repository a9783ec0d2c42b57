import { type GuardedObjects, ObjectChanged } from '../store/store.ts';
import { decodeManifest, encodeManifest, type Manifest, manifestEveryMs } from './manifest.ts';

/** The recording was recovered from the bucket by `recover`, because this server seemed lost. */
export class RecoveredElsewhere extends Error {
  constructor(playbackId: string) {
    super(`Somebody has recovered the playback ${playbackId} from the bucket, as if this server were lost.`);
    this.name = 'RecoveredElsewhere';
  }
}

/** Writes the manifest of one recording as long as the recording belongs to this server. */
export class ManifestWriter {
  readonly #guarded: GuardedObjects;
  readonly #key: string;
  readonly #note: () => Promise<void>;
  #etag: string | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;

  /** @param note called before the manifest is written */
  constructor(guarded: GuardedObjects, key: string, note: () => Promise<void>) {
    this.#guarded = guarded;
    this.#key = key;
    this.#note = note;
  }

  /**
   * Whether it is time to write the manifest again. Without a new one, `recover` would soon take this server for lost.
   */
  get isDue(): boolean {
    return performance.now() - this.#writtenAt >= manifestEveryMs;
  }

  /** @throws RecoveredElsewhere */
  async write(manifest: Manifest): Promise<void> {
    await this.#note();
    if (this.#etag === undefined) await this.#readBefore(manifest);
    const bytes = encodeManifest(manifest);
    const write = () => this.#guarded.write(this.#key, bytes, 'application/json', this.#etag);
    this.#etag = await write().catch(async (error: unknown) => {
      if (!(error instanceof ObjectChanged)) throw error;
      // The manifest that changed may be this server's own: the answer to an earlier write may have been lost.
      await this.#readBefore(manifest);
      return write();
    });
    this.#writtenAt = performance.now();
  }

  async #readBefore({ playback }: Manifest): Promise<void> {
    const held = await this.#guarded.read(this.#key);
    if (held && decodeManifest(held.bytes).takenAt !== null) throw new RecoveredElsewhere(playback.id);
    this.#etag = held?.etag;
  }
}
