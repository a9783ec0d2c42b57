import { readdir } from 'node:fs/promises';
import type { Db } from '../db/client.ts';
import { addFinishingJob, playbacksWithoutJob } from '../db/finishing-queue.ts';
import { noteRemovals } from '../db/removals.ts';
import { retry } from '../db/transitions.ts';
import { playbackOfKey } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import { removeSpool } from '../recording/spool.ts';
import { demandSpool } from '../recording/spool-mark.ts';
import { isSpoolName } from '../recording/spool-names.ts';
import { holdsFootage, removeSpoolWithoutFootage } from '../recording/spool-reader.ts';
import type { Store } from '../store/store.ts';

/** Something that must be true and is not (DESIGN 6), in words. */
export interface Breach {
  readonly text: string;
  /** Puts it right without losing anything; undefined where that cannot be done. */
  readonly repair?: () => Promise<unknown>;
}

export interface CheckOptions {
  readonly db: Db;
  readonly store: Store;
  readonly recordDir: string;
}

const pageSize = 1_000;

/** Compares rows, spool and store. What is under way meanwhile may look like a breach: look twice. */
export async function findBreaches(options: CheckOptions): Promise<Breach[]> {
  const { db, store, recordDir } = options;
  // The store first: what it gets later has a row by then.
  const objects = new Map<string, number>();
  for await (const { key, size } of store.list('')) if (playbackOfKey(key)) objects.set(key, size);
  const unfinished: string[] = [];
  for await (const key of store.listUnfinished()) if (playbackOfKey(key)) unfinished.push(key);
  const breaches: Breach[] = [];
  const spools = await spoolsIn(recordDir).catch((error: Error) => {
    breaches.push({ text: `The footage cannot be looked at: ${error.message}.` });
    return undefined;
  });
  const ofStore: Breach[] = [];
  const named: string[] = [];
  const known = new Set<string>();
  for await (const row of rows(db)) {
    known.add(row.id);
    if (spools) breaches.push(...(await checkSpool(options, row, spools.has(row.id), objects)));
    if (row.recordingStatus !== 'COMPLETED') continue;
    ofStore.push(...checkObjects(db, row, objects));
    named.push(...[row.storagePath, row.thumbnailPath].filter((key) => key !== null));
  }
  for (const id of spools ?? []) {
    if (known.has(id)) continue;
    // Whose footage the database does not know, it may be an old one or the wrong one: hands off.
    const breach = (await mayHoldFootage(recordDir, id))
      ? { text: `The spool ${id} belongs to no playback, and holds footage.` }
      : {
          text: `The spool ${id} belongs to no playback.`,
          repair: () => removeSpoolWithoutFootage(recordDir, id),
        };
    breaches.push(breach);
  }
  const strays = await strayKeys(options, [...objects.keys(), ...unfinished], known);
  ofStore.push(
    ...strays.map((key) => ({
      text: `${objects.has(key) ? 'The object' : 'The unfinished upload of'} ${key} belongs to no playback.`,
      repair: () => noteRemovals(db, [key]),
    })),
  );
  const doubts = doubtsAbout({ objects, named, strays });
  breaches.push(...(doubts.length === 0 ? ofStore : ofStore.map(({ text }) => ({ text }))));
  breaches.push(...doubts.map((text) => ({ text })));
  for (const id of await playbacksWithoutJob(db)) {
    breaches.push({
      text: `The playback ${id} is PROCESSING, but no job will finish it.`,
      repair: () => addFinishingJob(db, id),
    });
  }
  return breaches;
}

async function* rows(db: Db): AsyncGenerator<Playback> {
  let after: string | undefined;
  for (;;) {
    const page: Playback[] = await db.playback.findMany({
      where: after ? { id: { gt: after } } : {},
      orderBy: { id: 'asc' },
      take: pageSize,
    });
    yield* page;
    if (page.length < pageSize) return;
    after = page.at(-1)!.id;
  }
}

/** @throws Error where the spool is not there, or cannot be read */
async function spoolsIn(recordDir: string): Promise<Set<string>> {
  await demandSpool(recordDir);
  return new Set((await readdir(recordDir)).filter(isSpoolName));
}

/** What cannot be read is not taken for none. */
const mayHoldFootage = (recordDir: string, id: string): Promise<boolean> =>
  holdsFootage(recordDir, id).catch(() => true);

/** Invariants 1 and 3. */
async function checkSpool(
  { db, recordDir }: CheckOptions,
  row: Playback,
  isThere: boolean,
  objects: ReadonlyMap<string, number>,
): Promise<Breach[]> {
  const { id, recordingStatus } = row;
  if (recordingStatus === 'RECORDING' && !isThere) {
    return [{ text: `The playback ${id} is RECORDING, but it has no spool.` }];
  }
  if (recordingStatus === 'PROCESSING' && !(isThere && (await mayHoldFootage(recordDir, id)))) {
    return [{ text: `The playback ${id} is PROCESSING, but no footage of it is on this disk.` }];
  }
  if (recordingStatus === 'COMPLETED' && isThere) {
    const text = `The playback ${id} is COMPLETED, but its spool is still there.`;
    // Where the store lost the clip, the spool is the last of it.
    return [isStored(row, objects) ? { text, repair: () => removeSpool(recordDir, id) } : { text }];
  }
  if (recordingStatus === 'FAILED' && isThere) {
    if (await mayHoldFootage(recordDir, id)) {
      const text = `The playback ${id} is FAILED, but its footage is held: it can be retried.`;
      return [{ text, repair: () => retry(db, id, new Date()) }];
    }
    const text = `The playback ${id} is FAILED, and its spool holds no footage: nobody needs it.`;
    return [{ text, repair: () => removeSpoolWithoutFootage(recordDir, id) }];
  }
  return [];
}

const isStored = ({ storagePath, fileSizeBytes }: Playback, objects: ReadonlyMap<string, number>) =>
  storagePath !== null && objects.get(storagePath) === Number(fileSizeBytes);

/** Invariant 2. */
function checkObjects(db: Db, row: Playback, objects: ReadonlyMap<string, number>): Breach[] {
  const breaches: Breach[] = [];
  if (!isStored(row, objects)) {
    const clip = row.storagePath === null ? undefined : objects.get(row.storagePath);
    const held = clip === undefined ? 'nothing' : `${clip} bytes`;
    breaches.push({
      text: `The playback ${row.id} is COMPLETED with ${row.fileSizeBytes} bytes, but the store holds ${held} under ${row.storagePath}.`,
    });
  }
  if (row.thumbnailPath === null) return breaches;
  const poster = objects.get(row.thumbnailPath);
  if (poster !== row.thumbnailSizeBytes) {
    const held = poster === undefined ? 'nothing' : `${poster} bytes`;
    const gone = { thumbnailPath: null, thumbnailSizeBytes: null };
    breaches.push({
      text: `The poster of the playback ${row.id} has ${row.thumbnailSizeBytes} bytes, but the store holds ${held} under ${row.thumbnailPath}.`,
      // A playback without a poster is whole; a link to nothing is not.
      repair: () => db.playback.updateMany({ where: { id: row.id }, data: gone }),
    });
  }
  return breaches;
}

/** Invariant 4: everything in the store has a row, or is noted for removal. @returns the keys of which that is not so */
async function strayKeys(
  { db }: CheckOptions,
  keys: readonly string[],
  known: ReadonlySet<string>,
): Promise<string[]> {
  const noted = new Set((await db.storeRemoval.findMany({ select: { key: true } })).map(({ key }) => key));
  return keys.filter((key) => !known.has(playbackOfKey(key)!) && !noted.has(key));
}

/** Whether store and database belong together: where not, mending one by the other would lose what is in it. */
function doubtsAbout(found: {
  objects: ReadonlyMap<string, number>;
  named: readonly string[];
  strays: readonly string[];
}): string[] {
  const { objects, named, strays } = found;
  const handsOff = 'this may be the wrong store, or the wrong database. Nothing in the store is mended.';
  const missing = named.filter((key) => !objects.has(key));
  return [
    ...(missing.length > named.length / 2
      ? [`The store has not even half of the objects that the database names: ${handsOff}`]
      : []),
    ...(strays.length > objects.size / 2
      ? [`More than half of what the store holds belongs to no playback: ${handsOff}`]
      : []),
  ];
}
