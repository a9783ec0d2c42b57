import type { Playback } from '../generated/prisma/client.ts';
import type { Db, Tx } from './client.ts';
import { furtherPlayback, insertFurther } from './further-playbacks.ts';
import type { Incarnation } from './session.ts';

/** What a lost node was recording, and the playback that continues it here: the same, a further one, or none (undefined). */
export interface TakenOver {
  readonly lostId: string;
  readonly goesOnAs: string | undefined;
}

/**
 * Takes over what lost nodes were recording, for cameras that this node owns now. The footage of a RECORDING playback is
 * on the lost node's disk: that playback ends with NODE_LOST, and a further one begins where it ends. A PENDING playback is
 * recorded here. Each playback is taken over once.
 * @param at the present time: where a lost playback ends and the further one begins
 */
export async function takeOverLost(db: Db, self: Incarnation, at: Date): Promise<TakenOver[]> {
  const lost = await db.$queryRaw<{ id: string }[]>`
    SELECT p.id FROM playbacks p JOIN cameras c ON c.id = p.camera_id
    WHERE p.recording_status IN ('PENDING', 'RECORDING') AND (p.record_until IS NULL OR p.record_until > ${at})
      AND (c.node_id, c.owner_epoch) = (${self.nodeId}, ${self.incarnation}) AND p.node_id <> ${self.nodeId}
      AND NOT EXISTS (SELECT 1 FROM nodes n WHERE (n.id, n.incarnation) = (p.node_id, p.owner_epoch))`;
  const taken: TakenOver[] = [];
  for (const { id } of lost) {
    const one = await db.$transaction((tx) => takeOverOne(tx, id, self, at));
    if (one) taken.push(one);
  }
  return taken;
}

async function takeOverOne(tx: Tx, id: string, self: Incarnation, at: Date): Promise<TakenOver | undefined> {
  const first = await lockIfLost(tx, id);
  if (!first) return undefined;
  if (first.recordingStatus === 'PENDING') {
    const owner = { nodeId: self.nodeId, ownerEpoch: self.incarnation };
    await tx.playback.update({ where: { id }, data: owner });
    return { lostId: id, goesOnAs: id };
  }
  const further = await insertFurther(tx, first, furtherPlayback(first, at), { at, isClockSet: false });
  // If its event has ended, and only the post-roll is missing, its end stays.
  const end = first.endedAt ? {} : { endedAt: at, endReason: 'NODE_LOST' as const };
  await tx.playback.update({ where: { id }, data: { ...end, recordUntil: at } });
  return { lostId: id, goesOnAs: further?.id };
}

/** Locks the event, then the playback, as all code that ends both. @returns undefined if the playback is no longer lost */
async function lockIfLost(tx: Tx, id: string): Promise<Playback | undefined> {
  await tx.$queryRaw`
    SELECT 1 FROM events WHERE id = (SELECT event_id FROM playbacks WHERE id = ${id}::uuid) FOR UPDATE`;
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM playbacks p WHERE id = ${id}::uuid AND recording_status IN ('PENDING', 'RECORDING')
      AND NOT EXISTS (SELECT 1 FROM nodes n WHERE (n.id, n.incarnation) = (p.node_id, p.owner_epoch)) FOR UPDATE`;
  if (rows.length === 0) return undefined;
  return (await tx.playback.findUnique({ where: { id } })) ?? undefined;
}
