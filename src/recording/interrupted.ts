import { stat } from 'node:fs/promises';
import type { Db } from '../db/client.ts';
import { endOverdue, endPlaybacks } from '../db/ends.ts';
import { findRecordings, goOnWithoutSpool, takeOverRecordings } from '../db/lost-playbacks.ts';
import { giveDeadline } from '../db/playbacks.ts';
import type { Incarnation } from '../db/session.ts';
import { transition } from '../db/transitions.ts';
import { failureColumns, RecordingFailure } from '../domain/failures.ts';
import type { Playback, Prisma } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import type { SpoolDisk } from '../spool/disk.ts';
import { SpoolAway } from '../spool/errors.ts';
import { readSpool, removeSpoolWithoutFootage } from '../spool/reader.ts';
import { findSpool } from '../spool/spool.ts';
import type { Feeds } from './feed/feeds.ts';
import type { RecordingLeftover } from './footage-recording.ts';
import { removeOrphans } from './orphans.ts';
import type { Recorder, ToResume } from './recorder.ts';
import { isInRing } from './ring-units.ts';
import { clipBounds, gapsFromJson } from './row.ts';
import { WallClock } from './steady-clock.ts';

export interface ResumingOptions {
  readonly db: Db;
  readonly self: Incarnation;
  readonly feeds: Feeds;
  readonly recorder: Recorder;
  readonly recordDir: string;
  readonly disk: SpoolDisk;
  readonly log: Log;
  readonly now: () => number;
}

/** How often interrupted recordings are looked up: often, because a ring reaches back only a few seconds. */
const everyMs = 1_000;
/** After a longer hole, a recording is not resumed: an MP4 cannot hold a gap of 2³¹ ticks, which is 6.6 h at 90 kHz. */
const longestHoleMs = 6 * 3_600_000;
/**
 * A spool is written while its footage comes. If it was last written this long (ms) before or after the end of its
 * footage, somebody has set the wall clock meanwhile.
 */
const writtenWithinMs = 10_000;

/**
 * Resumes recordings that this server left behind when it ended or crashed (docs/design.md 6.6). A recording whose end
 * lies ahead goes on, with a gap for the time between. A recording whose end is past is finished with the footage there
 * is. If its spool is gone with the disk, its clip is made from what the bucket has. Spools that no playback needs are
 * removed. From then on, does the same once a second for recordings that are in the database but unknown to the recorder,
 * because the database was away.
 */
export async function startResuming(options: ResumingOptions): Promise<{ close(): Promise<void> }> {
  const { db, log, now } = options;
  const failureLogged = new Set<string>();
  await endOverdue(db, new Date(now()), []);
  await resumeAll(options, failureLogged);
  await removeOrphans(options).catch((error) => {
    if (!(error instanceof SpoolAway)) throw error;
  });

  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= resumeAll(options, failureLogged)
      .catch((error: Error) =>
        log.warn({ error }, 'interrupted recordings cannot be looked up; trying again'),
      )
      .finally(() => {
        looking = undefined;
      });
  }, everyMs);
  return {
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}

/**
 * Resumes or finishes each interrupted recording. Where that fails, the recording is tried again a second later.
 * @param failureLogged ids of the recordings whose failure was logged
 */
async function resumeAll(options: ResumingOptions, failureLogged: Set<string>): Promise<void> {
  const { db, self, log, recorder, now } = options;
  const { nodeId } = self;
  const at = new Date(now());
  let { own, toTakeOver } = await findRecordings(db, self, at);
  for (const taken of await takeOverRecordings(db, toTakeOver, self, at))
    log.info(taken, 'another node, which is lost or stops, was recording this; it goes on here');
  if (toTakeOver.length > 0) ({ own } = await findRecordings(db, self, at));
  const where = {
    recordingStatus: { in: ['PENDING' as const, 'RECORDING' as const] },
    OR: [{ nodeId }, { nodeId: null, camera: { nodeId } }],
  };
  for (const { id, isPending } of own) {
    // If a running recording still has a PENDING row, the database's answer was lost: `resume` then writes RECORDING.
    if (!isPending && recorder.isRecording(id)) continue;
    try {
      await recorder.resume(id, () => finishOrFind(options, { ...where, id }));
      failureLogged.delete(id);
    } catch (error) {
      if (!failureLogged.has(id))
        log.error({ playbackId: id, error }, 'an interrupted recording can be neither resumed nor finished');
      failureLogged.add(id);
    }
  }
}

/** Finishes an interrupted recording, if it cannot go on. @returns the recording to resume; undefined: none */
async function finishOrFind(
  { db, self, feeds, recordDir, disk, log, now }: ResumingOptions,
  where: Prisma.PlaybackWhereInput & { id: string },
): Promise<ToResume | undefined> {
  const found = await db.playback.findFirst({
    where,
    include: { camera: true, event: { select: { createdByKey: true } } },
  });
  if (!found) return undefined;
  const { camera, event, ...row } = found;
  // This node's disk has ended the recording before this one (elsewhere.ts). This one waits until another node gets the
  // camera, or the disk can be used again.
  const isLeftToOthers = row.nodeId === null && disk.problem !== undefined;
  if (isLeftToOthers) {
    const isOver = (row.recordUntil ?? row.deadlineAt ?? row.startedAt).getTime() <= now();
    const failure = new RecordingFailure('DISK_FAILED', `No server could record this: ${disk.problem}.`);
    if (isOver) await fail(db, row, failure, new Date(now()));
    return undefined;
  }
  const leftover = await readLeftover(recordDir, row);
  if (!leftover && row.offsiteUntil) {
    const taken = await goOnWithoutSpool(db, row.id, self, new Date(now()));
    log.warn(
      { ...taken, playbackId: row.id },
      'the spool of this recording is gone; its clip is made from the bucket',
    );
    return undefined;
  }
  if (row.recordingStatus === 'PENDING' && !row.deadlineAt && !leftover) {
    const why = 'Nobody asked for this recording: its playback has no deadline.';
    await fail(db, row, new RecordingFailure('NOT_RECORDED', why), new Date(now()));
    return undefined;
  }
  const playback = { ...row, deadlineAt: await giveDeadline(db, row, camera) };
  const isOpen = (playback.recordUntil ?? playback.deadlineAt).getTime() > now();
  const goesOn = camera.enabled && isOpen && (!leftover || now() - endOf(leftover) < longestHoleMs);
  const isHeld = camera.enabled && !leftover && isInRing(feeds, playback, new WallClock(now));
  const heldSec = leftover?.durationSec ?? 0;
  log.info({ playbackId: playback.id, heldSec, goesOn, isInRing: isHeld }, 'a recording was interrupted');
  if (goesOn || isHeld || (!leftover && !camera.enabled))
    return { playback, camera, leftover, by: event?.createdByKey ?? undefined };
  await close(db, playback, leftover, new Date(now()));
  return undefined;
}

const endOf = ({ startedAt, durationSec }: RecordingLeftover) => startedAt + durationSec * 1_000;

interface WrittenLeftover extends RecordingLeftover {
  /** When the file was last written, in epoch milliseconds. */
  readonly writtenAt: number;
}

async function readLeftover(recordDir: string, playback: Playback): Promise<WrittenLeftover | undefined> {
  const found = await findSpool(recordDir, playback.id);
  const contents = found && (await readSpool(found.file));
  if (!contents) {
    // Less than one fragment was written, so the recording begins anew.
    await removeSpoolWithoutFootage(recordDir, playback.id);
    return undefined;
  }
  return {
    ...found,
    writtenAt: (await stat(found.file)).mtimeMs,
    wholeBytes: contents.wholeBytes,
    durationSec: contents.index.durationMs / 1_000,
    init: contents.init,
    gaps: gapsFromJson(playback.gaps),
  };
}

/** Ends the recording and finishes the footage there is, even if the row is still PENDING. */
async function close(
  db: Db,
  playback: Playback,
  leftover: WrittenLeftover | undefined,
  at: Date,
): Promise<void> {
  const { id } = playback;
  if (!leftover) {
    const why = 'The server was not running while this should have been recorded.';
    await fail(db, playback, new RecordingFailure('NOT_RECORDED', why), at);
    return;
  }
  const endsAt = endOf(leftover);
  const end = new Date(Math.max(at.getTime(), endsAt));
  await endPlaybacks(db, { id }, { endedAt: at, reason: 'SHUTDOWN', recordUntil: end });
  await transition(db, id, 'PENDING', 'RECORDING', at);
  // If the wall clock was set since the recording began, the row's end does not fit the footage.
  const wasSet = Math.abs(leftover.writtenAt - endsAt) > writtenWithinMs;
  await transition(db, id, 'RECORDING', 'PROCESSING', at, {
    ...clipBounds(playback, leftover.startedAt),
    ...(wasSet && { recordUntil: end }),
  });
}

async function fail(
  db: Db,
  { id, recordingStatus }: Playback,
  failure: RecordingFailure,
  at: Date,
): Promise<void> {
  await transition(db, id, recordingStatus, 'FAILED', at, failureColumns(failure));
}
