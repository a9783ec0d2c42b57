import { resolution } from './init-segment.ts';
import type { SampleIndex } from './sample-index.ts';

/** What a clip's row says of its footage. */
export interface ClipFacts {
  readonly durationMs: number;
  /** RFC 6381. */
  readonly codec: string;
  /** RFC 6381; null: the clip has no sound. */
  readonly audioCodec: string | null;
  /** As `1920x1080`; null: unknown. */
  readonly resolution: string | null;
}

/** @returns undefined if there is no video */
export function clipFacts(index: SampleIndex): ClipFacts | undefined {
  const video = index.tracks.find(({ kind }) => kind === 'video');
  const audio = index.tracks.find(({ kind }) => kind === 'audio');
  return (
    video && {
      durationMs: index.durationMs,
      codec: video.codec,
      audioCodec: audio?.codec ?? null,
      resolution: resolution(video) ?? null,
    }
  );
}
