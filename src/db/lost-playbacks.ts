import { failureColumns, type RecordingFailure } from '../domain/failures.ts';
import type { RecordingStatus } from '../domain/status.ts';
import { type Playback, Prisma } from '../generated/prisma/client.ts';
import type { Db, Tx } from './client.ts';
import { addFinishingJob } from './finishing-queue.ts';
import { furtherPlayback, insertFurther } from './further-playbacks.ts';
import type { Incarnation } from './session.ts';
import { transition } from './transitions.ts';

/** A playback of another node, with the owner that it had when it was looked up. */
interface Owned {
  readonly id: string;
  readonly nodeId: string;
  readonly ownerEpoch: bigint;
}

const isOwn = ({ nodeId, incarnation }: Incarnation) =>
  Prisma.sql`(c.node_id, c.owner_epoch) = (${nodeId}, ${incarnation})`;

/**
 * Playbacks `p` of other nodes `n`, at cameras `c`. `declareLost` (nodes.ts) gave each lost node
 * another incarnation: so no node has the incarnation that its playback names, and `n.id` is null.
 */
const ofOtherNodes = ({ nodeId }: Incarnation) => Prisma.sql`
  playbacks p JOIN cameras c ON c.id = p.camera_id AND p.node_id <> ${nodeId} AND p.owner_epoch IS NOT NULL
  LEFT JOIN nodes n ON (n.id, n.incarnation) = (p.node_id, p.owner_epoch)`;

/** A draining node keeps a recording that ends within this time. */
const soonMs = 5_000;

/**
 * A playback that another node was recording, and the playback that continues it here: the same one, a further one, or
 * none (undefined).
 */
export interface TakenOver {
  readonly firstId: string;
  readonly goesOnAs: string | undefined;
}

/** Recordings that concern this node. */
export interface FoundRecordings {
  /** Playbacks of this node, or of nobody at a camera of this node, that are PENDING or RECORDING. */
  readonly own: { readonly id: string; readonly isPending: boolean }[];
  /** What lost and draining nodes record, at cameras that this node owns now. */
  readonly toTakeOver: Recorded[];
}

/** Looks for recordings with one statement; recording/interrupted.ts does so once a second. */
export async function findRecordings(db: Db, self: Incarnation, at: Date): Promise<FoundRecordings> {
  const { nodeId } = self;
  const soon = new Date(at.getTime() + soonMs);
  const found = await db.$queryRaw<(Recorded & { isOwn: boolean; isPending: boolean })[]>`
    SELECT p.id, NULL AS "nodeId", NULL::bigint AS "ownerEpoch", false AS "isLost", true AS "isOwn",
      p.recording_status = 'PENDING' AS "isPending"
    FROM playbacks p JOIN cameras c ON c.id = p.camera_id
    WHERE p.recording_status IN ('PENDING', 'RECORDING')
      AND (p.node_id = ${nodeId} OR (p.node_id IS NULL AND c.node_id = ${nodeId}))
    UNION ALL
    SELECT p.id, p.node_id, p.owner_epoch, n.id IS NULL, false, p.recording_status = 'PENDING'
    FROM ${ofOtherNodes(self)}
    WHERE ${isOwn(self)} AND CASE WHEN n.id IS NULL
      THEN p.recording_status IN ('PENDING', 'RECORDING') AND (p.record_until IS NULL OR p.record_until > ${at})
      ELSE p.recording_status = 'RECORDING' AND (p.record_until IS NULL OR p.record_until > ${soon})
        AND n.draining_since IS NOT NULL END`;
  return { own: found.filter(({ isOwn }) => isOwn), toTakeOver: found.filter(({ isOwn }) => !isOwn) };
}

/**
 * Takes over what lost and draining nodes record. The footage of a RECORDING playback is on the other node's disk: that
 * playback ends with NODE_LOST or SHUTDOWN, and a further playback begins where it ends. A PENDING playback of a lost
 * node is recorded here. Each playback is taken over once.
 * @param at the present time: where the first playback ends and the further one begins
 */
export async function takeOverRecordings(
  db: Db,
  found: readonly Recorded[],
  self: Incarnation,
  at: Date,
): Promise<TakenOver[]> {
  const taken: TakenOver[] = [];
  for (const recorded of found) {
    const one = await db.$transaction((tx) => takeOverOne(tx, recorded, self, at));
    if (one) taken.push(one);
  }
  return taken;
}

/** A playback that a lost or draining node records. */
export interface Recorded extends Owned {
  /** false: the node is draining. */
  readonly isLost: boolean;
}

async function takeOverOne(
  tx: Tx,
  recorded: Recorded,
  self: Incarnation,
  at: Date,
): Promise<TakenOver | undefined> {
  const { id, isLost } = recorded;
  const first = await lockIfOwned(tx, recorded);
  if (!first) return undefined;
  if (first.recordingStatus === 'PENDING') {
    const owner = { nodeId: self.nodeId, ownerEpoch: self.incarnation };
    await tx.playback.update({ where: { id }, data: owner });
    return { firstId: id, goesOnAs: id };
  }
  return { firstId: id, goesOnAs: await continueIn(tx, first, at, isLost ? 'NODE_LOST' : 'SHUTDOWN') };
}

/** Ends a recording, and begins a further playback where it ends. @returns the id of the further one, if there is one */
async function continueIn(
  tx: Tx,
  first: Playback,
  at: Date,
  endReason: 'NODE_LOST' | 'SHUTDOWN',
): Promise<string | undefined> {
  const further = await insertFurther(tx, first, furtherPlayback(first, at), { at, isClockSet: false });
  // If the event has ended, and only the post-roll is missing, the playback keeps its end.
  const end = first.endedAt ? {} : { endedAt: at, endReason };
  await tx.playback.update({ where: { id: first.id }, data: { ...end, recordUntil: at } });
  return further?.id;
}

/**
 * Locks the event, then the playback: all code that locks both keeps this order. If the lost node has come back
 * meanwhile, the playback has another `owner_epoch`.
 * @returns undefined if the playback has another owner by now, or is no longer recorded
 */
async function lockIfOwned(tx: Tx, { id, nodeId, ownerEpoch }: Owned): Promise<Playback | undefined> {
  await tx.$queryRaw`
    SELECT 1 FROM events WHERE id = (SELECT event_id FROM playbacks WHERE id = ${id}::uuid) FOR UPDATE`;
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM playbacks WHERE id = ${id}::uuid AND recording_status IN ('PENDING', 'RECORDING')
      AND (node_id, owner_epoch) = (${nodeId}, ${ownerEpoch}) FOR UPDATE`;
  if (rows.length === 0) return undefined;
  return (await tx.playback.findUnique({ where: { id } })) ?? undefined;
}

/**
 * Ends a recording of this node whose spool is gone with its disk, while the bucket has its footage: the playback becomes
 * PROCESSING, and its clip is made from the bucket. If its end lies ahead, a further playback goes on at that moment.
 * @returns undefined if the playback has another owner by now, or is no longer recorded
 */
export function goOnWithoutSpool(
  db: Db,
  id: string,
  { nodeId, incarnation }: Incarnation,
  at: Date,
): Promise<TakenOver | undefined> {
  const recorded = { id, nodeId, ownerEpoch: incarnation };
  return db.$transaction(async (tx) => {
    const first = await lockIfOwned(tx, recorded);
    if (first?.recordingStatus !== 'RECORDING') return undefined;
    const isOpen = first.recordUntil === null || first.recordUntil > at;
    const goesOnAs = isOpen ? await continueIn(tx, first, at, 'NODE_LOST') : undefined;
    await transition(tx, id, 'RECORDING', 'PROCESSING', at);
    return { firstId: id, goesOnAs };
  });
}

/** A playback of a lost node that is no longer recorded and has no clip. */
export interface Unfinished extends Owned {
  /** For how long its node has been away, in hours. */
  readonly hoursLost: number;
}

/** The unfinished playbacks of lost nodes, at cameras that this node owns now, or that no node does. */
export function unfinishedOfLost(db: Db, self: Incarnation, at: Date): Promise<Unfinished[]> {
  return db.$queryRaw`
    SELECT p.id, p.node_id AS "nodeId", p.owner_epoch AS "ownerEpoch",
      coalesce(extract(epoch FROM clock_timestamp() - l.lease_until) / 3600, 'infinity')::float8 AS "hoursLost"
    FROM ${ofOtherNodes(self)} LEFT JOIN nodes l ON l.id = p.node_id
    WHERE n.id IS NULL AND (c.node_id IS NULL OR ${isOwn(self)}) AND (p.recording_status = 'PROCESSING'
      OR p.recording_status IN ('PENDING', 'RECORDING') AND p.record_until <= ${at})
    ORDER BY p.id`;
}

/**
 * Takes over a playback of a lost node to make its clip (finishing/lost-clips.ts): the playback becomes PROCESSING, and
 * this node has the job of finishing it.
 * @returns false if the lost node is back, or another node has taken the playback over
 */
export function takeOverUnfinished(db: Db, lost: Owned, self: Incarnation, at: Date): Promise<boolean> {
  const { id } = lost;
  return db.$transaction(async (tx) => {
    if (!(await own(tx, lost, self))) return false;
    if (!(await transition(tx, id, 'RECORDING', 'PROCESSING', at))) await addFinishingJob(tx, id);
    return true;
  });
}

/**
 * Makes a playback FAILED, because its footage was lost with its node. The row still names that node, which can retry
 * the playback if it comes back with its disk.
 * @returns false if the lost node is back, or another node has taken the playback over
 */
export function failUnfinished(
  db: Db,
  lost: Owned,
  self: Incarnation,
  failure: RecordingFailure,
  at: Date,
): Promise<boolean> {
  const { id, nodeId } = lost;
  return db.$transaction(async (tx) => {
    const status = await own(tx, lost, self);
    if (!status) return false;
    await transition(tx, id, status, 'FAILED', at, failureColumns(failure));
    // A statement of its own: the trigger playbacks_demand_owner sets the owner with each new status.
    await tx.playback.update({ where: { id }, data: { nodeId, ownerEpoch: null } });
    return true;
  });
}

/**
 * Makes this node the owner of a lost node's playback, and locks it.
 * @returns the status of the playback; undefined if it has another owner by now, or is COMPLETED or FAILED
 */
async function own(
  tx: Tx,
  { id, nodeId, ownerEpoch }: Owned,
  self: Incarnation,
): Promise<RecordingStatus | undefined> {
  const [owned] = await tx.playback.updateManyAndReturn({
    where: { id, nodeId, ownerEpoch, recordingStatus: { in: ['PENDING', 'RECORDING', 'PROCESSING'] } },
    data: { nodeId: self.nodeId, ownerEpoch: self.incarnation },
  });
  return owned?.recordingStatus;
}

/** Notes that this node has the footage of a FAILED playback that another node had taken over. */
export async function takeBackFailed(db: Db, { id, nodeId }: Playback, self: string): Promise<void> {
  const where = { id, nodeId, recordingStatus: 'FAILED' as const };
  await db.playback.updateMany({ where, data: { nodeId: self, ownerEpoch: null } });
}
