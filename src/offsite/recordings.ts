import { notifyOffsite } from '../db/uploads.ts';
import type { Log } from '../log.ts';
import { RecordingCopies, type RecordingCopiesOptions } from './recording-copies.ts';

export interface OffsiteRecordingsOptions extends Omit<RecordingCopiesOptions, 'onMore'> {
  readonly log: Log;
}

const renewEveryMs = 5_000;
/** How often nodes are told that the bucket has more of a recording, at most. */
const tellEveryMs = 1_000;

/** @returns undefined if the store is no bucket, or if copies are switched off */
export function openOffsite(
  { offsiteEverySec, r2 }: { offsiteEverySec: number; r2: { publicUrl?: string } | undefined },
  options: Omit<OffsiteRecordingsOptions, 'guarded' | 'everyMs' | 'isPublic'>,
): OffsiteRecordings | undefined {
  const { guarded } = options.store;
  if (!guarded || offsiteEverySec === 0) return undefined;
  const isPublic = r2?.publicUrl !== undefined;
  return new OffsiteRecordings({ ...options, guarded, everyMs: offsiteEverySec * 1_000, isPublic });
}

/** The running recordings with recovery objects in the bucket (docs/decisions/0022). */
export class OffsiteRecordings {
  readonly #options: OffsiteRecordingsOptions;
  readonly #recordings = new Map<string, RecordingCopies>();
  readonly #recovered = new Set<string>();
  /** Ids of recordings with new footage in the bucket of which the nodes have not been told yet. */
  readonly #grown = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;

  constructor(options: OffsiteRecordingsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#renewAll().finally(() => {
        this.#renewing = undefined;
      });
    }, renewEveryMs);
    this.#telling = setInterval(() => void this.#tellNodes(), tellEveryMs);
  }

  /**
   * Tells all nodes of which recordings the bucket has more. Never rejects: if they cannot be told now, they are told
   * with a recording's next copy.
   */
  async #tellNodes(): Promise<void> {
    const { db, log } = this.#options;
    const grown = [...this.#grown];
    this.#grown.clear();
    if (grown.length === 0) return;
    await notifyOffsite(db, grown).catch((error: Error) =>
      log.debug({ error }, 'subscribers are not told what the bucket has; they are at the next copy'),
    );
  }

  /** @returns undefined if the recording was recovered from the bucket, because this server seemed lost */
  of(playbackId: string): RecordingCopies | undefined {
    if (this.#recovered.has(playbackId)) return undefined;
    const known = this.#recordings.get(playbackId);
    if (known) return known;
    const onMore = () => this.#grown.add(playbackId);
    const recording = new RecordingCopies({ ...this.#options, onMore }, playbackId);
    this.#recordings.set(playbackId, recording);
    return recording;
  }

  /** Up to when the footage is in the bucket; undefined: none is, or it is unknown. */
  until(playbackId: string): Date | undefined {
    return this.#recordings.get(playbackId)?.until;
  }

  /** Notes that the recording was recovered from the bucket. The recording goes on here, with a new upload. */
  noteRecovered(playbackId: string): void {
    this.#options.log.error(
      { playbackId },
      'somebody has recovered a recording from the bucket, as if this server were lost; its clip is stored under another key',
    );
    this.#recovered.add(playbackId);
    this.#recordings.delete(playbackId);
  }

  /** Stops writing recovery objects of a recording that is no longer followed. Resolves when none is on its way. */
  async stop(playbackId: string): Promise<void> {
    const recording = this.#recordings.get(playbackId);
    this.#recordings.delete(playbackId);
    this.#recovered.delete(playbackId);
    await recording?.settled();
    await this.#renewing;
  }

  async #renewAll(): Promise<void> {
    for (const recording of this.#recordings.values()) {
      // The store watch logs a bucket that does not answer; a recording that was recovered fails again at its next
      // copy.
      await recording.renew().catch(() => {});
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearInterval(this.#telling);
    await Promise.all([...this.#recordings.values()].map((recording) => recording.settled()));
    await this.#renewing;
  }
}
