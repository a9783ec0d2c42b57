import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { endPlaybacks } from '../db/ends.ts';
import type { PlaybackToRecord } from '../db/playbacks.ts';
import { beginRecording, transition } from '../db/transitions.ts';
import { asFailure, failureColumns, RecordingFailure } from '../domain/failures.ts';
import { maskStreamUrl } from '../domain/stream-url.ts';
import type { Camera, EndReason, Playback, Prisma } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import { holdsFootage, removeSpoolWithoutFootage } from '../spool/reader.ts';
import { spoolFolder } from '../spool/spool.ts';
import type { Feeds } from './feed/feeds.ts';
import type { RecordingEnd } from './footage-recording.ts';
import { clipBounds, gapsToJson } from './row.ts';
import type { RunningRecording } from './running-recording.ts';

/** The longest pause between two tries to write the end of a recording while the database is away. */
const longestPauseMs = 2_000;

export interface OutcomeOptions {
  readonly db: Db;
  readonly feeds: Feeds;
  readonly recordDir: string;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * Makes the row of a playback that is recorded here RECORDING.
 * @returns the row; undefined: it was deleted
 */
export async function writeRecording(
  { db, now, recordDir }: Pick<OutcomeOptions, 'db' | 'now' | 'recordDir'>,
  { playback, camera, footage }: RunningRecording,
): Promise<Playback | undefined> {
  const begun = await beginRecording(db, {
    id: playback.id,
    at: new Date(now()),
    localPath: spoolFolder(recordDir, playback.id),
    streamUrl: maskStreamUrl(camera.rtspUrl),
    ...clipBounds(playback, footage.clipStartedAt),
  });
  return begun ?? (await db.playback.findUnique({ where: { id: playback.id } })) ?? undefined;
}

interface Over {
  readonly playback: PlaybackToRecord;
  readonly camera: Camera;
  readonly end: RecordingEnd;
  /** Aborted once the outcome must not be written any more. */
  readonly outcomeUnwanted: AbortSignal;
}

/**
 * Writes the outcome of a recording into its row, and tries until the database answers. Meanwhile the footage is safe
 * in the spool. Every step may be repeated, because its answer may have been lost.
 */
export async function writeOutcome(options: OutcomeOptions, over: Over): Promise<void> {
  const { log, now } = options;
  const { playback, end, outcomeUnwanted } = over;
  if (end.diskFailure) {
    log.error({ playbackId: playback.id, error: end.diskFailure }, 'the disk stopped accepting footage');
  }
  if (end.internalError) {
    const what = { playbackId: playback.id, error: end.internalError };
    log.error(what, 'footage cannot be made into a fragment, so its recording has ended');
  }
  const at = new Date(now());
  for (let pause = 100; !outcomeUnwanted.aborted; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      await writeOnce(options, over, at);
      return;
    } catch (error) {
      log.warn({ playbackId: playback.id, error }, 'the end of a recording cannot be written; trying again');
      await sleep(pause, undefined, { signal: outcomeUnwanted }).catch(() => {}); // see `outcomeUnwanted`
    }
  }
}

async function writeOnce(options: OutcomeOptions, { playback, camera, end }: Over, at: Date): Promise<void> {
  const { db, recordDir } = options;
  const { id } = playback;
  // A spool that cannot be read counts as footage; finishing fails if it holds none.
  if (!(await holdsFootage(recordDir, id).catch(() => true))) {
    await failPlayback(options, playback, whyNothing(options, playback, end));
    // A folder that cannot be removed now is a breach that check-store reports.
    await removeSpoolWithoutFootage(recordDir, id).catch(() => {});
    return;
  }
  const recordUntil = end.recordUntil === undefined ? undefined : new Date(Math.round(end.recordUntil));
  const toProcessing = (only?: Prisma.PlaybackWhereInput) => {
    const change = {
      ...clipBounds(playback, end.clipStartedAt),
      gaps: gapsToJson(end.gaps),
      // `recordUntil` is by the recording's own clock: the wall clock may have been set since the recording began.
      ...(recordUntil && { recordUntil }),
    };
    // In the same transaction, a trigger (playbacks_queue_finishing in prisma/migrations) adds the job that makes the
    // clip. Next: db/finishing-queue.ts (`#perform`) takes the job.
    return transition(db, id, 'RECORDING', 'PROCESSING', at, change, only);
  };
  // Usually the row is RECORDING and has its end. Then one statement is enough.
  if (await toProcessing({ endedAt: { not: null } })) return;
  const endedAt = recordUntil ?? at;
  await endPlaybacks(db, { id }, { endedAt, reason: whyEnded(end), recordUntil: endedAt });
  // The database may have been away when the recording began: then the row is still PENDING.
  await transition(db, id, 'PENDING', 'RECORDING', at, {
    localPath: spoolFolder(recordDir, id),
    streamUrl: maskStreamUrl(camera.rtspUrl),
  });
  await toProcessing();
}

/**
 * Why a recording is over whose row has no end. The names are those of the API: SHUTDOWN does not say that the server
 * stopped, nor CAMERA_LOST that the camera is away.
 */
function whyEnded(end: RecordingEnd): EndReason {
  if (end.diskFailure || end.internalError) return 'SHUTDOWN';
  // The only end at a certain time that the row may lack is the deadline (running-recording.ts).
  if (end.recordUntil !== undefined) return 'MAX_DURATION';
  // The stream changed its format, and new-format.ts records a further playback.
  return 'CAMERA_LOST';
}

function whyNothing(
  { feeds }: OutcomeOptions,
  { cameraId }: PlaybackToRecord,
  end: RecordingEnd,
): RecordingFailure {
  if (end.diskFailure) {
    return new RecordingFailure(
      'DISK_FAILED',
      `No footage could be written to the disk: ${end.diskFailure.message}.`,
    );
  }
  if (end.internalError) return asFailure(end.internalError);
  const words =
    feeds.get(cameraId)?.lastError?.message ?? 'The camera delivered no picture while the recording lasted.';
  return new RecordingFailure('CAMERA_UNREACHABLE', words);
}

/** Makes a PENDING or RECORDING playback FAILED, because nothing of it was recorded. */
export async function failPlayback(
  { db, now }: Pick<OutcomeOptions, 'db' | 'now'>,
  playback: { id: string },
  failure: RecordingFailure,
): Promise<Playback | undefined> {
  const at = new Date(now());
  const change = failureColumns(failure);
  const moved = await transition(db, playback.id, 'RECORDING', 'FAILED', at, change);
  return moved ?? transition(db, playback.id, 'PENDING', 'FAILED', at, change);
}
