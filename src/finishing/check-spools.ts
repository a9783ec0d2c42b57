import type { Db } from '../db/client.ts';
import { retry } from '../db/transitions.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Breach } from './check.ts';
import type { NodeSpools } from './node-spools.ts';

/** Compares rows with the spools of one or several nodes: invariants 1 and 3 (docs/design.md 6). */

interface Disk {
  readonly spools: NodeSpools;
  /** What begins a sentence about it: nothing for the disk of this machine. */
  readonly prefix: string;
  /** The playbacks' ids, each with whether its spool may hold footage; undefined: it cannot be read. */
  readonly held: ReadonlyMap<string, boolean> | undefined;
}

export interface SpoolPlaces {
  readonly db: Db;
  /** The spools of this machine. */
  readonly here: NodeSpools;
  /** The node that the spools of this machine belong to; undefined: all spools are here. */
  readonly nodeId: string | undefined;
  /** The spools of other nodes that answer, by their ids. */
  readonly others: ReadonlyMap<string, NodeSpools>;
}

export interface SpoolCheck {
  /** Breaches that were found when the disks were read. */
  readonly breaches: readonly Breach[];
  /** @param isStored whether the store has the clip, in the size that the row names */
  ofRow(row: Playback, isStored: boolean): Breach[];
  /** Those whose playback no row has. @param known the ids of all rows */
  unknown(known: { has(id: string): boolean }): Breach[];
  /** What was not compared, because the node does not answer. */
  skipped(): Breach[];
}

/** Reads all disks. Read the rows afterwards: so each spool that was there has a row, unless the row was deleted. */
export async function readSpools({ db, here, nodeId, others }: SpoolPlaces): Promise<SpoolCheck> {
  const breaches: Breach[] = [];
  const read = async (spools: NodeSpools, of: string, prefix: string): Promise<Disk> => {
    const held = await spools.list().catch((error: Error) => {
      breaches.push({ text: `The spool${of} cannot be read: ${error.message}.` });
      return undefined;
    });
    return { spools, prefix, held };
  };
  const own = await read(here, '', '');
  const disks = new Map<string, Disk>();
  for (const [id, spools] of others)
    disks.set(id, await read(spools, ` of the server ${id}`, `Server ${id}: `));
  const all = [own, ...disks.values()];
  const skipped = new Map<string, number>();

  function ofRow(row: Playback, isStored: boolean): Breach[] {
    const owner = row.nodeId;
    const isElsewhere = nodeId !== undefined && owner !== null && owner !== nodeId;
    const disk = isElsewhere ? disks.get(owner) : own;
    if (!disk && ['RECORDING', 'PROCESSING'].includes(row.recordingStatus))
      skipped.set(owner!, (skipped.get(owner!) ?? 0) + 1);
    const strays = all.filter((it) => it !== disk && it.held?.has(row.id));
    return [
      ...strays.map(({ prefix }) => ({
        text: `${prefix}The playback ${row.id} is the server ${owner}’s, but a spool of it is here.`,
      })),
      ...(disk?.held ? checkSpool(db, row, disk, isStored) : []),
    ];
  }

  return {
    breaches,
    ofRow,
    unknown: (known) =>
      all.flatMap(({ spools, held, prefix }) =>
        [...(held ?? [])]
          .filter(([id]) => !known.has(id))
          .map(([id, mayHoldFootage]) => unknown(spools, prefix, id, mayHoldFootage)),
      ),
    skipped: () =>
      [...skipped].map(([id, count]) => ({
        text: `The server ${id} does not answer: the spools of its ${count} unfinished playbacks were not compared.`,
      })),
  };
}

function unknown(spools: NodeSpools, prefix: string, id: string, mayHoldFootage: boolean): Breach {
  const text = `${prefix}The spool ${id} belongs to no playback`;
  // Footage is not removed: a database that does not know its playback may be an old copy or the wrong database.
  if (mayHoldFootage) return { text: `${text}, and holds footage.` };
  return { text: `${text}.`, repair: () => spools.remove({ id, withFootage: false }) };
}

function checkSpool(
  db: Db,
  { id, recordingStatus }: Playback,
  { spools, prefix, held }: Disk,
  isStored: boolean,
): Breach[] {
  const isThere = held!.has(id);
  const mayHoldFootage = held!.get(id) ?? false;
  const breach = (text: string, repair?: () => Promise<unknown>): Breach[] => [
    { text: `${prefix}The playback ${id} is ${text}`, ...(repair && { repair }) },
  ];
  if (recordingStatus === 'RECORDING' && !isThere) return breach('RECORDING, but it has no spool.');
  if (recordingStatus === 'PROCESSING' && !mayHoldFootage)
    return breach('PROCESSING, but no footage of it is on this disk.');
  // If the store lost the clip, the spool is the only copy of the footage.
  if (recordingStatus === 'COMPLETED' && isThere)
    return breach(
      'COMPLETED, but its spool is still there.',
      isStored ? () => spools.remove({ id, withFootage: true }) : undefined,
    );
  if (recordingStatus !== 'FAILED' || !isThere) return [];
  return mayHoldFootage
    ? breach('FAILED, but its footage is held: it can be retried.', () => retry(db, id, new Date()))
    : breach('FAILED, and its spool holds no footage: nobody needs it.', () =>
        spools.remove({ id, withFootage: false }),
      );
}
