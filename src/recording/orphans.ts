import { readdir } from 'node:fs/promises';
import type { Db } from '../db/client.ts';
import type { Incarnation } from '../db/session.ts';
import type { Log } from '../log.ts';
import { demandSpool } from '../spool/mark.ts';
import { isSpoolName } from '../spool/names.ts';
import { holdsFootage } from '../spool/reader.ts';
import { removeSpoolAndCopies } from '../spool/recovery-keys.ts';

export interface OrphansOptions {
  readonly db: Db;
  readonly self: Incarnation;
  readonly recordDir: string;
  readonly log: Log;
}

/**
 * Removes spools that no playback needs.
 * @throws SpoolAway if the spool's disk is not mounted
 */
export async function removeOrphans(options: OrphansOptions): Promise<void> {
  const { db, self, recordDir, log } = options;
  await demandSpool(recordDir);
  const folders = (await readdir(recordDir)).filter(isSpoolName);
  if (folders.length > 0 && !(await db.playback.findFirst({ select: { id: true } }))) {
    log.error(
      { recordDir, spools: folders.length },
      'the database has no playback at all, but the spool holds footage: it may be the wrong database, and nothing is removed',
    );
    return;
  }
  const rows = await db.playback.findMany({
    where: { id: { in: folders } },
    select: { id: true, recordingStatus: true, nodeId: true },
  });
  const rowOf = new Map(rows.map((it) => [it.id, it]));
  for (const id of folders) {
    const row = rowOf.get(id);
    // If another node has taken the playback over, its spool is kept here: finishing/returned-spools.ts compares it
    // with the clip.
    const isElsewhere = row !== undefined && row.nodeId !== null && row.nodeId !== self.nodeId;
    if (isElsewhere || (row && row.recordingStatus !== 'COMPLETED')) continue;
    await removeOrphan(options, id, row !== undefined).catch((error: Error) =>
      log.error({ playbackId: id, error }, 'a spool cannot be removed'),
    );
  }
}

/**
 * Deleting a playback also removes its footage. If footage is left without a row, the database may be an old copy, so
 * the footage is kept.
 */
async function removeOrphan(
  { db, recordDir, log }: OrphansOptions,
  id: string,
  isNeedless: boolean,
): Promise<void> {
  if (!isNeedless && (await holdsFootage(recordDir, id))) {
    log.error(
      { playbackId: id },
      'the database has no such playback, but the spool holds footage of it: it is kept',
    );
    return;
  }
  log.info({ playbackId: id }, 'removing a spool that no playback needs');
  await removeSpoolAndCopies(db, recordDir, id);
}
