import { readdir } from 'node:fs/promises';
import type { Db } from '../db/client.ts';
import { addFinishingJob, playbacksWithoutJob } from '../db/finishing-queue.ts';
import { noteRemovals } from '../db/removals.ts';
import { playbackOfKey } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import { isSpoolName, removeSpool } from '../recording/spool.ts';
import { holdsFootage } from '../recording/spool-reader.ts';
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
  const spools = new Set((await readdir(recordDir).catch(() => [])).filter(isSpoolName));

  const breaches: Breach[] = [];
  const known = new Set<string>();
  for await (const row of rows(db)) {
    known.add(row.id);
    breaches.push(...checkSpool(options, row, spools.has(row.id), await holdsFootage(recordDir, row.id)));
    if (row.recordingStatus === 'COMPLETED') breaches.push(...checkObjects(db, row, objects));
  }
  for (const id of spools) {
    if (known.has(id)) continue;
    const text = `The spool ${id} belongs to no playback.`;
    // A database that knows nothing at all may be the wrong one: hands off.
    breaches.push(known.size > 0 ? { text, repair: () => removeSpool(recordDir, id) } : { text });
  }
  breaches.push(...(await checkOwners(options, objects, unfinished, known)));
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

/** Invariants 1 and 3. */
function checkSpool(
  { recordDir }: CheckOptions,
  { id, recordingStatus }: Playback,
  isThere: boolean,
  hasFootage: boolean,
): Breach[] {
  if (recordingStatus === 'RECORDING' && !isThere) {
    return [{ text: `The playback ${id} is RECORDING, but it has no spool.` }];
  }
  if (recordingStatus === 'PROCESSING' && !hasFootage) {
    return [{ text: `The playback ${id} is PROCESSING, but no footage of it is on this disk.` }];
  }
  if (recordingStatus === 'COMPLETED' && isThere) {
    const text = `The playback ${id} is COMPLETED, but its spool is still there.`;
    return [{ text, repair: () => removeSpool(recordDir, id) }];
  }
  return [];
}

/** Invariant 2. */
function checkObjects(db: Db, row: Playback, objects: ReadonlyMap<string, number>): Breach[] {
  const breaches: Breach[] = [];
  const clip = row.storagePath === null ? undefined : objects.get(row.storagePath);
  if (clip === undefined || BigInt(clip) !== row.fileSizeBytes) {
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

/** Invariant 4: everything in the store has a row, or is noted for removal. */
async function checkOwners(
  { db }: CheckOptions,
  objects: ReadonlyMap<string, number>,
  unfinished: readonly string[],
  known: ReadonlySet<string>,
): Promise<Breach[]> {
  const noted = new Set((await db.storeRemoval.findMany({ select: { key: true } })).map(({ key }) => key));
  const isOwned = (key: string) => known.has(playbackOfKey(key)!) || noted.has(key);
  // A store in which nothing is ours is somebody else's, or the database is the wrong one: hands off.
  const isOurs = known.size > 0 || objects.size === 0;
  const repair = (key: string) => (isOurs ? { repair: () => noteRemovals(db, [key]) } : {});
  return [
    ...[...objects.keys()]
      .filter((key) => !isOwned(key))
      .map((key) => ({ text: `The object ${key} belongs to no playback.`, ...repair(key) })),
    ...unfinished
      .filter((key) => !isOwned(key))
      .map((key) => ({ text: `The unfinished upload of ${key} belongs to no playback.`, ...repair(key) })),
  ];
}
