import { RecordingFailure } from '../domain/failures.ts';
import { fastStartHead } from '../mp4/fast-start.ts';
import { resolution } from '../mp4/init-segment.ts';
import { readSpool, type SpoolContents } from '../spool/reader.ts';
import { findSpool } from '../spool/spool.ts';
import { fileBody } from '../store/body.ts';
import type { ObjectBody } from '../store/store.ts';

/** A clip as it will be in the store. Its bytes are a head, followed by the spool's payload. */
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
 * Makes a progressive MP4 from a spool without copying it: the head is made from the index of samples, and the payload is
 * read from the spool (docs/design.md 4.4).
 * @param playback footage that begins after its `recordUntil` is left out
 * @throws RecordingFailure SPOOL_UNREADABLE if there is no complete fragment of video
 */
export async function clipFromSpool(
  recordDir: string,
  playback: { id: string; recordUntil: Date | null; clipStartedAt: Date | null },
): Promise<Clip> {
  const spool = await findSpool(recordDir, playback.id);
  // The file's name has the start time as it was first known. The row has a later correction by the camera's clock.
  const startedAt = playback.clipStartedAt?.getTime() ?? spool?.startedAt;
  const untilSec =
    startedAt && playback.recordUntil ? (playback.recordUntil.getTime() - startedAt) / 1_000 : undefined;
  // An end before the start means that the clock was set in between. Then no footage is left out.
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
