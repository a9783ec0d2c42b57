import { RecordingFailure } from '../domain/failures.ts';
import type { Playback } from '../generated/prisma/client.ts';
import { type ClipFacts, clipFacts } from '../mp4/clip-facts.ts';
import { clipFrame, fastStartHead } from '../mp4/fast-start.ts';
import type { GrowingIndex } from '../spool/growing-index.ts';
import { readSpool, type SpoolContents } from '../spool/reader.ts';
import { findSpool } from '../spool/spool.ts';
import { bufferBody, fileBody, rangesBody } from '../store/body.ts';
import type { ObjectBody } from '../store/store.ts';

/** A clip as it will be in the store. Its bytes are a head, followed by the spool's payload. */
export interface Clip {
  readonly facts: ClipFacts;
  readonly spoolFile: string;
  readonly contents: SpoolContents;
}

/**
 * Makes a progressive MP4 from a spool without copying the payload. The head is made from the index of samples; the
 * payload is read from the spool (docs/design.md 4.4). finisher.ts (`#finish`) calls this, and then storeClip
 * (store-clip.ts).
 * @param playback footage that begins after its `recordUntil` is left out
 * @param kept the index that was kept during the recording; without it the spool is read
 * @throws RecordingFailure SPOOL_UNREADABLE if there is no complete fragment of video
 */
export async function clipFromSpool(
  recordDir: string,
  playback: { id: string; recordUntil: Date | null; clipStartedAt: Date | null },
  kept?: GrowingIndex,
): Promise<Clip> {
  const spool = await findSpool(recordDir, playback.id);
  const cutSec = cutOf(playback, spool?.startedAt);
  const contents = spool && ((await kept?.contents(cutSec)) ?? (await readSpool(spool.file, cutSec)));
  const facts = contents && clipFacts(contents.index);
  if (!spool || !contents || !facts) {
    throw new RecordingFailure(
      'SPOOL_UNREADABLE',
      'The recorded footage is not on this server’s disk, or not one whole fragment of it.',
    );
  }
  return { facts, spoolFile: spool.file, contents };
}

/**
 * Up to which media time a clip has footage, in seconds; undefined: to the end.
 * @param spoolStartedAt the start as it was first known, in epoch milliseconds; the row may have a corrected one
 */
export function cutOf(
  { recordUntil, clipStartedAt }: Pick<Playback, 'recordUntil' | 'clipStartedAt'>,
  spoolStartedAt?: number,
): number | undefined {
  const startedAt = clipStartedAt?.getTime() ?? spoolStartedAt;
  if (!startedAt || !recordUntil) return undefined;
  const untilSec = (recordUntil.getTime() - startedAt) / 1_000;
  // An end before the start means that the clock was set in between. Then no footage is left out.
  return untilSec > 0 ? untilSec : undefined;
}

/**
 * The clip's bytes.
 * @param headBytes the size of the head, if an upload has fixed it; without it the head is as small as possible
 */
export function clipBody({ contents, spoolFile }: Clip, headBytes?: number): ObjectBody {
  const { index, payloads } = contents;
  const { head, tail } =
    headBytes === undefined ? { head: fastStartHead(index), tail: undefined } : clipFrame(index, headBytes);
  const front = fileBody({ head, path: spoolFile, ranges: payloads });
  return tail?.length ? joined(front, bufferBody(tail)) : front;
}

/** The clip without its head: the payload of the spool's fragments, in order. */
export const payloadBody = ({ contents, spoolFile }: Clip): ObjectBody =>
  rangesBody(spoolFile, contents.payloads);

function joined(first: ObjectBody, second: ObjectBody): ObjectBody {
  return {
    size: first.size + second.size,
    async *read(from, to, into) {
      const border = Math.min(Math.max(from, first.size), to);
      if (from < border) yield* first.read(from, border, into?.subarray(0, border - from));
      if (border < to)
        yield* second.read(border - first.size, to - first.size, into?.subarray(border - from));
    },
  };
}
