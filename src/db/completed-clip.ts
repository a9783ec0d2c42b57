import type { Prisma } from '../generated/prisma/client.ts';

/** The clip of a COMPLETED playback. The store has confirmed it. */
export interface CompletedClip {
  readonly key: string;
  /** The clip's address in the store, without a signature. */
  readonly address: string;
  /** In bytes. */
  readonly size: number;
  readonly durationMs: number;
  readonly codec: string;
  readonly audioCodec: string | null;
  readonly resolution: string | null;
}

/** The columns of a playback that is COMPLETED with this clip. */
export const columnsOf = (clip: CompletedClip) =>
  ({
    storagePath: clip.key,
    videoUrl: clip.address,
    fileSizeBytes: BigInt(clip.size),
    durationMs: clip.durationMs,
    durationSec: Math.round(clip.durationMs / 1_000),
    codec: clip.codec.slice(0, 20),
    audioCodec: clip.audioCodec,
    resolution: clip.resolution,
    localPath: null,
    failureCode: null,
    errorMessage: null,
  }) satisfies Prisma.PlaybackUpdateManyMutationInput;
