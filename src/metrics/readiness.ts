import type { Db } from '../db/client.ts';
import { proveDatabase } from '../db/proof.ts';
import type { StoreWatch } from '../finishing/store-watch.ts';
import type { SpoolDisk } from '../spool/disk.ts';

export interface ReadinessSources {
  /** Whether this server still has its claim on the database. */
  readonly claim: { readonly problem: string | undefined };
  /** Whether the server is about to end. */
  readonly isStopping: () => boolean;
  readonly db: Db;
  readonly readingDb: Db;
  readonly disk: SpoolDisk;
  readonly storeWatch: StoreWatch;
}

/** For `/readyz`. @throws Error that says why the server cannot record and store an event now */
export async function demandReady(sources: ReadinessSources): Promise<void> {
  const { claim, isStopping, db, readingDb, disk, storeWatch } = sources;
  if (claim.problem) throw new Error(claim.problem);
  if (isStopping()) throw new Error('The server is stopping.');
  await proveDatabase({ db, readingDb });
  if (disk.problem) throw new Error(`No recording can begin: ${disk.problem}.`);
  await storeWatch.look();
  storeWatch.demand();
}
