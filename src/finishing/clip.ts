import { RecordingFailure } from '../domain/failures.ts';
import { fastStartHead } from '../mp4/fast-start.ts';
import { resolution } from '../mp4/init-segment.ts';
import { findSpool } from '../recording/spool.ts';
import { readSpool, type SpoolContents } from '../recording/spool-reader.ts';
import { fileBody } from '../store/body.ts';
import type { ObjectBody } from '../store/store.ts';

/** A clip as it will be in the store: its bytes, which are the spool's payload behind a head, and its facts. */
export interface Clip {
  readonly body: ObjectBody;
  readonly durationMs: number;
  readonly codec: string;
  readonly audioCodec: string | null;
  readonly resolution: string | null;
  readonly spoolFile: string;
  readonly contents: SpoolContents;
}

/**
 * Makes the progressive MP4 out of a spool without writing it: the index of its samples becomes the head, the
 * payload stays where it is (DESIGN 4.4).
 * @param recordUntil footage that begins later is left out
 * @throws RecordingFailure SPOOL_UNREADABLE when there is no whole fragment of video
 */
export async function clipFromSpool(
  recordDir: string,
  playback: { id: string; recordUntil: Date | null; clipStartedAt: Date | null },
): Promise<Clip> {
  const spool = await findSpool(recordDir, playback.id);
  // The file was named when its beginning came; what the camera's clock has told since stands in the row.
  const startedAt = playback.clipStartedAt?.getTime() ?? spool?.startedAt;
  const untilSec =
    startedAt && playback.recordUntil ? (playback.recordUntil.getTime() - startedAt) / 1_000 : undefined;
  // An end before the beginning comes of a clock that was set in between, and says nothing of what is there.
  const cutSec = untilSec && untilSec > 0 ? untilSec : undefined;
  const contents = spool && (await readSpool(spool.file, cutSec));
  const video = contents?.index.tracks.find((track) => track.kind === 'video');
  if (!spool || !contents || !video) {
    throw new RecordingFailure(
      'SPOOL_UNREADABLE',
      'The recorded footage is not on this server’s disk, or not one whole fragment of it.',
    );
  }
  const audio = contents.index.tracks.find((track) => track.kind === 'audio');
  return {
    body: fileBody({ head: fastStartHead(contents.index), path: spool.file, ranges: contents.payloads }),
    durationMs: contents.index.durationMs,
    codec: video.codec,
    audioCodec: audio?.codec ?? null,
    resolution: resolution(video) ?? null,
    spoolFile: spool.file,
    contents,
  };
}
