import { access, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Db } from '../db/client.ts';
import type { Log } from '../log.ts';
import { makePrivateFolder, privateFileMode } from '../private-folder.ts';
import { isMissing, SpoolAway } from './errors.ts';
import { isSpoolName, syncFolder } from './names.ts';

/** An empty file that marks the folder as the spool. If it is missing, the spool's disk is not mounted there. */
export const spoolMark = (recordDir: string): string => path.join(recordDir, '.flashback-spool');

/** @throws SpoolAway if the folder has no spool mark */
export async function demandSpool(recordDir: string): Promise<void> {
  const mark = spoolMark(recordDir);
  await access(mark).catch((error) => {
    if (!isMissing(error)) throw error;
    throw new SpoolAway(
      `the spool’s disk is not mounted at ${recordDir} (${(error as NodeJS.ErrnoException).code}: ${mark})`,
    );
  });
}

/**
 * Opens the spool, or makes a new one. A folder without a spool mark does not become the spool while the database
 * knows of footage of this node that should be in it.
 */
export async function openSpool(db: Db, nodeId: string, recordDir: string, log: Log): Promise<void> {
  makePrivateFolder(recordDir, log);
  const isThere = await demandSpool(recordDir).then(
    () => true,
    (error) => {
      if (error instanceof SpoolAway) return false;
      throw error;
    },
  );
  if (isThere) return;
  const held = new Set((await readdir(recordDir)).filter(isSpoolName));
  const needed = await db.playback.findMany({
    where: { recordingStatus: { in: ['RECORDING', 'PROCESSING'] }, nodeId },
    select: { id: true },
  });
  if (needed.length === 0 || needed.some(({ id }) => held.has(id))) {
    await markSpool(recordDir);
    return;
  }
  log.error(
    { recordDir, playbacks: needed.length },
    `the spool holds no footage of playbacks that need it: its disk is not mounted. Mount the disk; if it is lost, make the empty file ${spoolMark(recordDir)}`,
  );
}

/** Marks this folder as the spool. */
export async function markSpool(recordDir: string): Promise<void> {
  const file = await open(spoolMark(recordDir), 'a', privateFileMode);
  await file.close();
  await syncFolder(recordDir);
}
