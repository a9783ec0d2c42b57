import { inDatabase } from '../db/client.ts';
import { noteRemovals } from '../db/removals.ts';
import { installationId } from '../db/uploads.ts';
import type { Log } from '../log.ts';
import { readRecoveryKeys } from './key-notes.ts';
import { TakenOver } from './manifest-writer.ts';
import { OffsiteRecording, type OffsiteRecordingOptions } from './recording.ts';

export interface OffsiteRecordingsOptions extends Omit<OffsiteRecordingOptions, 'installation'> {
  readonly log: Log;
}

const renewEveryMs = 5_000;

/** @returns undefined if the store is no bucket, or if copies are switched off */
export function openOffsite(
  { offsiteEverySec, r2 }: { offsiteEverySec: number; r2: { publicUrl?: string } | undefined },
  options: Pick<OffsiteRecordingsOptions, 'db' | 'store' | 'recordDir' | 'log'>,
): OffsiteRecordings | undefined {
  const { guarded } = options.store;
  if (!guarded || offsiteEverySec === 0) return undefined;
  const isPublic = r2?.publicUrl !== undefined;
  return new OffsiteRecordings({ ...options, guarded, everyMs: offsiteEverySec * 1_000, isPublic });
}

/** The running recordings with recovery objects in the bucket (docs/decisions/0022). */
export class OffsiteRecordings {
  readonly #options: OffsiteRecordingsOptions;
  readonly #recordings = new Map<string, OffsiteRecording>();
  readonly #taken = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;
  #installation: string | undefined;

  constructor(options: OffsiteRecordingsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#renewAll().finally(() => {
        this.#renewing = undefined;
      });
    }, renewEveryMs);
  }

  /** @returns undefined if the recording was recovered from the bucket, because this server seemed lost */
  async of(playbackId: string): Promise<OffsiteRecording | undefined> {
    if (this.#taken.has(playbackId)) return undefined;
    this.#installation ??= await inDatabase(installationId(this.#options.db));
    const known = this.#recordings.get(playbackId);
    if (known) return known;
    const recording = new OffsiteRecording(
      { ...this.#options, installation: this.#installation },
      playbackId,
    );
    this.#recordings.set(playbackId, recording);
    return recording;
  }

  /** Up to when the footage is in the bucket; undefined: none is, or it is unknown. */
  until(playbackId: string): Date | undefined {
    return this.#recordings.get(playbackId)?.until;
  }

  /** Notes that the recording was recovered from the bucket. The recording goes on here, with a new upload. */
  noteTaken(playbackId: string): void {
    this.#options.log.error(
      { playbackId },
      'somebody has recovered a recording from the bucket, as if this server were lost; its clip is stored under another key',
    );
    this.#taken.add(playbackId);
    this.#recordings.delete(playbackId);
  }

  /**
   * Notes the removal of the recovery objects, because the clip is in the store or was deleted. Call it before the
   * spool is removed.
   */
  async forget(playbackId: string): Promise<void> {
    const { db, recordDir } = this.#options;
    this.#recordings.delete(playbackId);
    this.#taken.delete(playbackId);
    const keys = await readRecoveryKeys(recordDir, playbackId);
    if (keys.length > 0)
      await inDatabase(
        noteRemovals(
          db,
          keys.map((key) => ({ key })),
        ),
      );
  }

  async #renewAll(): Promise<void> {
    for (const [playbackId, recording] of this.#recordings) {
      // The store watch already logs a bucket that does not answer.
      await recording.renew().catch((error: unknown) => {
        if (error instanceof TakenOver) this.noteTaken(playbackId);
      });
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
  }
}
