import { mkdir, readdir } from 'node:fs/promises';
import type { Db } from '../db/client.ts';
import { endOverdue, endPlaybacks } from '../db/playbacks.ts';
import { transition } from '../db/transitions.ts';
import type { Playback, Prisma } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import type { Recorder } from './recorder.ts';
import type { Leftover } from './recording.ts';
import { clipBounds, gapsFromJson } from './row.ts';
import { findSpool, isSpoolName, removeSpool } from './spool.ts';
import { readSpool } from './spool-reader.ts';

export interface RecoveryOptions {
  readonly db: Db;
  readonly recorder: Recorder;
  readonly recordDir: string;
  readonly log: Log;
  readonly now: () => number;
}

/** How often is looked for recordings that should run and do not. */
const everyMs = 5_000;
/** Behind a longer hole a recording is over: an MP4 cannot hold one of 2³¹ ticks, which is 6.6 h at 90 kHz. */
const longestHoleMs = 6 * 3_600_000;
/** A playback this young may still be on its way from its row to the recorder. */
const youngMs = 5_000;

/**
 * Takes up what an earlier run of this server left behind (DESIGN 6.5): recordings whose end lies ahead go on,
 * the hole becoming a gap; those whose end is past are finished with what there is. Spools that no playback
 * needs are removed. From then on the same is done for what fell between row and recorder while the database
 * was away.
 */
export async function startRecovery(options: RecoveryOptions): Promise<{ close(): Promise<void> }> {
  const { db, recordDir, log, now } = options;
  const told = new Set<string>();
  await mkdir(recordDir, { recursive: true });
  await endOverdue(db, new Date(now()));
  await takeUp(options, now(), told);
  await removeOrphans(db, recordDir, log);

  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= takeUp(options, now() - youngMs, told)
      .catch((error: Error) =>
        log.warn({ error: error.message }, 'interrupted recordings cannot be looked up; trying again'),
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
 * One that cannot be taken up keeps no other from it, and is looked at again next time.
 * @param before epoch ms; playbacks made later than this are left alone
 * @param told those of which was said that they cannot be taken up
 */
async function takeUp(options: RecoveryOptions, before: number, told: Set<string>): Promise<void> {
  const { db, log } = options;
  const where = {
    recordingStatus: { in: ['PENDING' as const, 'RECORDING' as const] },
    createdAt: { lte: new Date(before) },
  };
  for (const { id } of await db.playback.findMany({ where, select: { id: true } })) {
    try {
      await takeUpOne(options, { ...where, id });
      told.delete(id);
    } catch (error) {
      if (!told.has(id)) log.error({ playbackId: id, error }, 'an interrupted recording cannot be taken up');
      told.add(id);
    }
  }
}

async function takeUpOne(
  { db, recorder, recordDir, log, now }: RecoveryOptions,
  where: Prisma.PlaybackWhereInput & { id: string },
): Promise<void> {
  const wasRunning = recorder.isRunning(where.id);
  // Read after that: a recording that ends in between is no longer RECORDING in its row.
  const found = await db.playback.findFirst({ where, include: { camera: true } });
  if (!found) return;
  const { camera, ...playback } = found;
  if (wasRunning || recorder.isRunning(where.id)) {
    const isUnsaid = playback.recordingStatus === 'PENDING' && recorder.isRunning(where.id);
    if (isUnsaid) await recorder.begin(playback, camera);
    return;
  }
  const leftover = await readLeftover(recordDir, playback);
  const isOpen = !playback.recordUntil || playback.recordUntil.getTime() > now();
  const goesOn = camera.enabled && isOpen && (!leftover || now() - endOf(leftover) < longestHoleMs);
  const heldSec = leftover?.durationSec ?? 0;
  log.info({ playbackId: playback.id, heldSec, goesOn }, 'a recording was interrupted');
  if (goesOn || (!leftover && !camera.enabled)) await recorder.begin(playback, camera, { leftover });
  else await close(db, playback, leftover, new Date(now()));
}

const endOf = ({ startedAt, durationSec }: Leftover) => startedAt + durationSec * 1_000;

async function readLeftover(recordDir: string, playback: Playback): Promise<Leftover | undefined> {
  const found = await findSpool(recordDir, playback.id);
  const contents = found && (await readSpool(found.file));
  if (!contents) {
    // Less than one fragment was written: the recording begins anew.
    await removeSpool(recordDir, playback.id);
    return undefined;
  }
  return {
    ...found,
    wholeBytes: contents.wholeBytes,
    durationSec: contents.index.durationMs / 1_000,
    init: contents.init,
    gaps: gapsFromJson(playback.gaps),
  };
}

/** The recording is over: what is held is finished, also where the row did not yet say that it had begun. */
async function close(db: Db, playback: Playback, leftover: Leftover | undefined, at: Date): Promise<void> {
  const { id } = playback;
  if (!leftover) {
    await transition(db, id, playback.recordingStatus, 'FAILED', at, {
      failureCode: 'NOT_RECORDED',
      errorMessage: 'The server was not running while this should have been recorded.',
    });
    return;
  }
  if (!playback.endedAt) await endPlaybacks(db, { id }, { endedAt: at, reason: 'SHUTDOWN', recordUntil: at });
  await transition(db, id, 'PENDING', 'RECORDING', at);
  await transition(db, id, 'RECORDING', 'PROCESSING', at, clipBounds(playback, leftover.startedAt));
}

async function removeOrphans(db: Db, recordDir: string, log: Log): Promise<void> {
  const folders = (await readdir(recordDir)).filter(isSpoolName);
  if (folders.length > 0 && !(await db.playback.findFirst({ select: { id: true } }))) {
    log.error(
      { recordDir, spools: folders.length },
      'the database knows of no playback at all, but there is footage: it may be the wrong database, and nothing is removed',
    );
    return;
  }
  const needed = await db.playback.findMany({
    where: { id: { in: folders }, recordingStatus: { not: 'COMPLETED' } },
    select: { id: true },
  });
  const ids = new Set(needed.map((p) => p.id));
  for (const folder of folders.filter((name) => !ids.has(name))) {
    log.info({ playbackId: folder }, 'removing a spool that no playback needs');
    await removeSpool(recordDir, folder).catch((error: Error) =>
      log.error({ playbackId: folder, error: error.message }, 'a spool cannot be removed'),
    );
  }
}
