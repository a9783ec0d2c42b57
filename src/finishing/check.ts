import type { Db } from '../db/client.ts';
import { addFinishingJob, playbacksWithoutJob } from '../db/finishing-queue.ts';
import { forgetRemovalOf, noteRemovals } from '../db/removals.ts';
import { objectKeys, parseRecoveryKey, playbackOfKey } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Store } from '../store/store.ts';
import { readSpools } from './check-spools.ts';
import { type NodeSpools, spoolsHere } from './node-spools.ts';

/** A violated invariant (docs/design.md 6). The text is for people. */
export interface Breach {
  readonly text: string;
  /** Restores the invariant without losing data; undefined if that is impossible. */
  readonly repair?: () => Promise<unknown>;
}

export interface CheckOptions {
  readonly db: Db;
  readonly store: Store;
  readonly recordDir: string;
  /** The node that these spools belong to, if each node has its own; undefined: all spools are here. */
  readonly nodeId?: string | undefined;
  /** The spools of other nodes that answer, by their ids. */
  readonly others?: ReadonlyMap<string, NodeSpools>;
}

const pageSize = 1_000;

/** Compares rows, spool and store. Work in progress can look like a breach, so callers check twice. */
export async function findBreaches(options: CheckOptions): Promise<Breach[]> {
  const { db, store, recordDir, nodeId, others = new Map() } = options;
  // The store is listed first: objects that are added later already have a row when the rows are read.
  const objects = new Map<string, number>();
  const recovery: string[] = [];
  for await (const { key, size } of store.list('')) {
    if (playbackOfKey(key)) objects.set(key, size);
    else if (parseRecoveryKey(key)) recovery.push(key);
  }
  const unfinished: string[] = [];
  for await (const key of store.listUnfinished()) if (playbackOfKey(key)) unfinished.push(key);
  const spools = await readSpools({ db, here: spoolsHere(db, recordDir), nodeId, others });
  const breaches: Breach[] = [...spools.breaches];
  // Removals are read before the rows. So if a row that is read afterwards still needs the object of a removal, it is a
  // breach.
  const notedBefore = await notedKeys(db);
  const ofStore: Breach[] = [];
  const named: string[] = [];
  /** The clip's key of each playback. */
  const known = new Map<string, string>();
  const completed = new Set<string>();
  for await (const row of rows(db)) {
    known.set(row.id, row.storagePath ?? objectKeys(row).clip);
    breaches.push(...spools.ofRow(row, isStored(row, objects)));
    if (row.recordingStatus !== 'COMPLETED') continue;
    completed.add(row.id);
    ofStore.push(...checkObjects(db, row, objects));
    breaches.push(...checkRemovals(db, row, notedBefore));
    named.push(
      ...(row.storagePath === null ? [] : [row.storagePath]),
      ...pictures(row).map(({ key }) => key),
    );
  }
  breaches.push(...spools.unknown(known), ...spools.skipped());
  const noted = await notedKeys(db);
  const strays = strayKeys([...objects.keys()], known, noted);
  ofStore.push(
    ...strays.map((key) => ({
      text: `The object ${key} belongs to no playback.`,
      repair: () => noteRemovals(db, [{ key }]),
    })),
    ...strayKeys(unfinished, known, noted).map((key) => {
      const text = `The unfinished upload of ${key} belongs to no playback.`;
      // Another installation may use the same bucket: its running uploads are no leftovers.
      return known.has(playbackOfKey(key)!) ? { text, repair: () => noteRemovals(db, [{ key }]) } : { text };
    }),
    ...needlessCopies(recovery, completed, noted).map((key) => ({
      text: `The object ${key} is for the recovery of a playback that is COMPLETED.`,
      repair: () => noteRemovals(db, [{ key }]),
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

const notedKeys = async (db: Db): Promise<ReadonlySet<string>> =>
  new Set((await db.storeRemoval.findMany({ select: { key: true } })).map(({ key }) => key));

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

const isStored = ({ storagePath, fileSizeBytes }: Playback, objects: ReadonlyMap<string, number>) =>
  storagePath !== null && objects.get(storagePath) === Number(fileSizeBytes);

/** Checks invariant 2. */
function checkObjects(db: Db, row: Playback, objects: ReadonlyMap<string, number>): Breach[] {
  const breaches: Breach[] = [];
  if (!isStored(row, objects)) {
    const clip = row.storagePath === null ? undefined : objects.get(row.storagePath);
    const held = clip === undefined ? 'nothing' : `${clip} bytes`;
    breaches.push({
      text: `The ${row.protectedAt ? 'protected playback' : 'playback'} ${row.id} is COMPLETED with ${row.fileSizeBytes} bytes, but the store holds ${held} under ${row.storagePath}.`,
    });
  }
  for (const { noun, key, bytes, gone } of pictures(row)) {
    const size = objects.get(key);
    if (size === bytes) continue;
    const held = size === undefined ? 'nothing' : `${size} bytes`;
    breaches.push({
      text: `The ${noun} of the playback ${row.id} has ${bytes} bytes, but the store holds ${held} under ${key}.`,
      // A playback need not have a poster or a storyboard, but must not have a link to a missing one.
      repair: () => db.playback.updateMany({ where: { id: row.id }, data: gone }),
    });
  }
  return breaches;
}

/** The objects beside the clip that the row names, and the columns that name none. */
function pictures(row: Playback) {
  const { thumbnailPath, thumbnailSizeBytes, storyboardBytes, storyboardVttBytes } = row;
  const keys = objectKeys(row);
  const noPoster = { thumbnailPath: null, thumbnailSizeBytes: null };
  const noStoryboard = { storyboardBytes: null, storyboardVttBytes: null };
  return [
    { noun: 'poster', key: thumbnailPath, bytes: thumbnailSizeBytes, gone: noPoster },
    ...(storyboardBytes === null
      ? []
      : [
          { noun: 'storyboard', key: keys.storyboard, bytes: storyboardBytes, gone: noStoryboard },
          {
            noun: 'storyboard’s WebVTT',
            key: keys.storyboardVtt,
            bytes: storyboardVttBytes,
            gone: noStoryboard,
          },
        ]),
  ].flatMap(({ key, ...rest }) => (key === null ? [] : [{ key, ...rest }]));
}

/** Checks invariants 4 and 10: nothing removes the objects of a playback that is still there. */
function checkRemovals(db: Db, row: Playback, noted: ReadonlySet<string>): Breach[] {
  const { id, storagePath, protectedAt } = row;
  const which = protectedAt ? 'protected playback' : 'playback';
  return [...(storagePath === null ? [] : [storagePath]), ...pictures(row).map(({ key }) => key)]
    .filter((key) => noted.has(key))
    .map((key) => ({
      text: `The ${which} ${id} needs the object ${key}, which is about to be removed from the store.`,
      repair: () => forgetRemovalOf(db, id, key),
    }));
}

/**
 * Checks invariant 4: every object is its row's clip, poster or storyboard, or has a removal.
 * @param noted the keys of all removals
 * @returns the keys of objects that are neither
 */
function strayKeys(
  keys: readonly string[],
  known: ReadonlyMap<string, string>,
  noted: ReadonlySet<string>,
): string[] {
  return keys.filter((key) => {
    const clip = known.get(playbackOfKey(key)!);
    const isItsRows = clip !== undefined && (key === clip || !key.endsWith('.mp4'));
    return !isItsRows && !noted.has(key);
  });
}

/**
 * Recovery objects of clips that are in the store. Recovery objects of unknown playbacks are kept: they may belong to a
 * lost machine.
 */
function needlessCopies(
  keys: readonly string[],
  completed: ReadonlySet<string>,
  noted: ReadonlySet<string>,
): string[] {
  return keys.filter((key) => completed.has(parseRecoveryKey(key)!.playbackId) && !noted.has(key));
}

/** Signs that store and database do not belong together. Then a repair would lose data. */
function doubtsAbout(found: {
  objects: ReadonlyMap<string, number>;
  named: readonly string[];
  strays: readonly string[];
}): string[] {
  const { objects, named, strays } = found;
  const advice = 'this may be the wrong store, or the wrong database. Nothing in the store is repaired.';
  const missing = named.filter((key) => !objects.has(key));
  return [
    ...(missing.length > named.length / 2
      ? [`The store has not even half of the objects that the database names: ${advice}`]
      : []),
    ...(strays.length > objects.size / 2
      ? [`More than half of what the store holds belongs to no playback: ${advice}`]
      : []),
  ];
}
