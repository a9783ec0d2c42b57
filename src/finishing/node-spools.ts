import { readdir } from 'node:fs/promises';
import type { Db } from '../db/client.ts';
import { demandSpool } from '../spool/mark.ts';
import { isSpoolName } from '../spool/names.ts';
import { holdsFootage, removeSpoolWithoutFootage } from '../spool/reader.ts';
import { removeSpoolAndCopies } from '../spool/recovery-keys.ts';

/** The spools on the disk of one node, as check-store sees them. */
export interface NodeSpools {
  /**
   * The ids of their playbacks, each with whether it may hold footage. One that cannot be read counts as one with footage,
   * so that nothing is removed.
   * @throws Error if the disk is not mounted or cannot be read, or if the node does not answer
   */
  list(): Promise<ReadonlyMap<string, boolean>>;
  /** Removes a spool: with its footage and recovery objects, or only if it holds no footage. */
  remove(spool: { readonly id: string; readonly withFootage: boolean }): Promise<void>;
}

/** The spools of this machine. */
export const spoolsHere = (db: Db, recordDir: string): NodeSpools => ({
  async list() {
    await demandSpool(recordDir);
    const ids = (await readdir(recordDir)).filter(isSpoolName);
    const mayHold = (id: string) => holdsFootage(recordDir, id).catch(() => true); // see above
    const all = ids.map(async (id) => [id, await mayHold(id)] as const);
    return new Map(await Promise.all(all));
  },
  remove: ({ id, withFootage }) =>
    withFootage ? removeSpoolAndCopies(db, recordDir, id) : removeSpoolWithoutFootage(recordDir, id),
});
