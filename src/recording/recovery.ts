import { mkdir, readdir } from 'node:fs/promises';
import type { Db } from '../db/client.ts';
import { endOverdue } from '../db/playbacks.ts';
import { transition } from '../db/transitions.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import type { Recorder } from './recorder.ts';
import type { Leftover } from './recording.ts';
import { clipBounds, gapsFromJson } from './row.ts';
import { findSpool, removeSpool } from './spool.ts';
import { readSpool } from './spool-reader.ts';

/**
 * Takes up what an earlier run of this server left behind (DESIGN 6.5): recordings whose end lies ahead go on,
 * the hole becoming a gap; those whose end is past are finished with what there is. Spools that no playback
 * needs are removed.
 */
export async function recover(options: {
  db: Db;
  recorder: Recorder;
  recordDir: string;
  log: Log;
  now: () => number;
}): Promise<void> {
  const { db, recorder, recordDir, log, now } = options;
  await mkdir(recordDir, { recursive: true });
  await endOverdue(db, new Date(now()));
  const unfinished = await db.playback.findMany({
    where: { recordingStatus: { in: ['PENDING', 'RECORDING'] } },
    include: { camera: true },
  });
  for (const { camera, ...playback } of unfinished) {
    const leftover = await readLeftover(recordDir, playback);
    const goesOn = !playback.recordUntil || playback.recordUntil.getTime() > now();
    log.info(
      { playbackId: playback.id, heldSec: leftover?.durationSec ?? 0, goesOn },
      'a recording was interrupted',
    );
    if (goesOn) await recorder.begin(playback, camera, leftover);
    else await close(db, playback, leftover, new Date(now()));
  }
  await removeOrphans(db, recordDir, log);
}

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

async function close(db: Db, playback: Playback, leftover: Leftover | undefined, at: Date): Promise<void> {
  if (playback.recordingStatus === 'RECORDING' && leftover) {
    await transition(
      db,
      playback.id,
      'RECORDING',
      'PROCESSING',
      at,
      clipBounds(playback, leftover.startedAt),
    );
    return;
  }
  await transition(db, playback.id, playback.recordingStatus, 'FAILED', at, {
    failureCode: 'NOT_RECORDED',
    errorMessage: 'The server was not running while this should have been recorded.',
  });
}

async function removeOrphans(db: Db, recordDir: string, log: Log): Promise<void> {
  const folders = (await readdir(recordDir)).filter((name) => /^[0-9a-f-]{36}$/.test(name));
  const needed = await db.playback.findMany({
    where: { id: { in: folders }, recordingStatus: { not: 'COMPLETED' } },
    select: { id: true },
  });
  const ids = new Set(needed.map((p) => p.id));
  for (const folder of folders.filter((name) => !ids.has(name))) {
    log.info({ playbackId: folder }, 'removing a spool that no playback needs');
    await removeSpool(recordDir, folder);
  }
}
