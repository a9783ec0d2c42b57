// Compares what clients and a subscriber received with the rows.
import { read } from './rows.ts';
import type { Received } from './subscriber.ts';
import type { World } from './world.ts';

interface TransitionRow {
  readonly playbackId: string;
  readonly from: string | null;
  readonly to: string;
  readonly at: Date;
}

const nameOf = ({ playbackId, from, to, at }: TransitionRow | Received) =>
  `${playbackId} ${from} → ${to} at ${new Date(at).toISOString()}`;

/** All transitions of playbacks that were not deleted, in the order of their cursors. */
export const transitionRows = (databaseUrl: string): Promise<TransitionRow[]> =>
  read(
    databaseUrl,
    `SELECT playback_id AS "playbackId", from_status AS "from", to_status AS "to", at
      FROM playback_transitions ORDER BY xid, id`,
  );

/**
 * Each transition must arrive once, and those of a playback in order; those of a deleted playback until it is deleted.
 * @returns every breach, as a sentence
 */
export function judgeReceived(
  received: readonly Received[],
  rows: readonly TransitionRow[],
  isDeleted: (playbackId: string) => boolean,
): string[] {
  const breaches: string[] = [];
  const got = byPlayback(received);
  const written = byPlayback(rows);
  for (const [id, transitions] of written) {
    const expected = transitions.map(nameOf).join(', ');
    const told = (got.get(id) ?? []).map(nameOf).join(', ');
    if (told !== expected) breaches.push(`the subscriber was told [${told}] instead of [${expected}]`);
  }
  for (const [id, transitions] of got) {
    if (written.has(id)) continue;
    const told = transitions.map(nameOf).join(', ');
    if (!isDeleted(id)) breaches.push(`the subscriber was told of a playback that is not there: ${told}`);
    const isChain = transitions.every(({ from }, i) => from === (i === 0 ? null : transitions[i - 1]!.to));
    if (!isChain) breaches.push(`the subscriber was told of a deleted playback out of order: ${told}`);
  }
  return breaches;
}

function byPlayback<It extends { readonly playbackId: string }>(all: readonly It[]): Map<string, It[]> {
  const groups = new Map<string, It[]>();
  for (const it of all) groups.set(it.playbackId, [...(groups.get(it.playbackId) ?? []), it]);
  return groups;
}

/** Every answered call must have its rows, however often it was repeated, and there must be no others. */
export async function judgeRows({ databaseUrl, events }: World): Promise<string[]> {
  const rows = await read<{ id: string; key: string; endedAt: Date | null; playbackIds: string[] }>(
    databaseUrl,
    `SELECT e.id, idempotency_key AS key, e.ended_at AS "endedAt",
      array_remove(array_agg(p.id::text ORDER BY p.started_at, p.id), NULL) AS "playbackIds"
      FROM events e LEFT JOIN playbacks p ON p.event_id = e.id GROUP BY e.id`,
  );
  const breaches: string[] = [];
  const found = new Map(rows.map((row) => [row.key, row]));
  for (const { key, id, playbackIds, state, dueFrom } of events) {
    const row = found.get(key);
    found.delete(key);
    if (!row) {
      if (id) breaches.push(`the event ${id} was acknowledged and has no row`);
      continue;
    }
    if (row.id !== id) breaches.push(`the event ${id} was acknowledged and its row is ${row.id}`);
    const expected = state === 'deleted' ? [] : playbackIds;
    if (`${row.playbackIds}` !== `${expected}`)
      breaches.push(`the event ${id} has the playbacks [${row.playbackIds}] instead of [${expected}]`);
    if (dueFrom !== undefined && !row.endedAt) breaches.push(`the event ${id} was ended and is open`);
  }
  for (const { id, key } of found.values()) breaches.push(`nobody asked for the event ${id} (${key})`);
  return breaches;
}
