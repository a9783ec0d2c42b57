import { mayFollow, type RecordingStatus } from '../domain/status.ts';
import { type EventType, type Playback, Prisma } from '../generated/prisma/client.ts';
import type { Db, Tx } from './client.ts';
import { gather } from './gather.ts';

/** One change of a playback's status, with the properties that subscriptions filter by. */
export interface Transition extends Position {
  readonly playbackId: string;
  readonly eventId: string | null;
  /** null for a recording by hand. */
  readonly eventType: EventType | null;
  readonly cameraId: string;
  /** The node that owns the playback; null: none does. */
  readonly nodeId: string | null;
  readonly startedAt: Date;
  /** The name of the caller that reported the event; null if it is unknown or there is no event. */
  readonly createdByKey: string | null;
  readonly from: RecordingStatus | null;
  readonly to: RecordingStatus;
  readonly at: Date;
}

/**
 * A position in the order of transitions: the number of the database transaction that wrote the row, then the row's id.
 * Ids are assigned before the commit, so a later commit may have a lower id. Below the oldest open transaction (the
 * horizon) no row can be added any more, and the order is final.
 */
export interface Position {
  readonly xid: bigint;
  readonly id: bigint;
}

export const isAfter = (a: Position, b: Position): boolean =>
  a.xid > b.xid || (a.xid === b.xid && a.id > b.id);

/** The position after all transitions below a horizon. */
export const endBelow = (below: bigint): Position => ({ xid: below - 1n, id: 2n ** 63n - 1n });

export interface TransitionFilter {
  readonly eventId?: string | null | undefined;
  readonly cameraId?: string | null | undefined;
  readonly recordingStatus?: readonly RecordingStatus[] | null | undefined;
  readonly eventType?: readonly EventType[] | null | undefined;
  readonly startedAfter?: Date | null | undefined;
  readonly startedBefore?: Date | null | undefined;
  /** The cameras that the subscriber may see. undefined: all. */
  readonly cameraIds?: readonly string[] | undefined;
  /** The only caller whose events the subscriber may see. undefined: all. */
  readonly createdByKey?: string | undefined;
}

/**
 * Moves a playback from one status to another, if it still has the first (compare-and-set, docs/design.md 4.5). The trigger
 * playbacks_write_transition writes the transition's row in the same database transaction. The first write of that
 * transaction must be to this playback: otherwise its transitions would not be in order by (xid, id).
 * @param only a further condition on the row
 * @returns the updated row; undefined if the playback has another status by now, or was deleted
 */
export async function transition(
  db: Tx,
  id: string,
  from: RecordingStatus,
  to: RecordingStatus,
  at: Date,
  change: Prisma.PlaybackUpdateManyMutationInput = {},
  only: Prisma.PlaybackWhereInput = {},
): Promise<Playback | undefined> {
  if (!mayFollow(from, to)) throw new Error(`A playback cannot go from ${from} to ${to}.`);
  const [moved] = await db.playback.updateManyAndReturn({
    where: { ...only, id, recordingStatus: from },
    data: { ...change, recordingStatus: to, updatedAt: at },
  });
  return moved;
}

/**
 * Moves a FAILED playback whose footage is still on disk back to PROCESSING. The trigger `playbacks_demand_owner`
 * (migration 20261129010000_nodes) makes the node of this session its owner. If a command does this, `ownerEpoch` stays
 * null, and the node whose disk has the footage finishes it.
 * @returns like `transition`
 */
export const retry = (db: Db, id: string, at: Date): Promise<Playback | undefined> =>
  transition(db, id, 'FAILED', 'PROCESSING', at, {
    ...{ failureCode: null, errorMessage: null, ownerEpoch: null },
  });

interface BegunRecording {
  readonly id: string;
  readonly at: Date;
  readonly localPath: string;
  readonly streamUrl: string;
  readonly clipStartedAt: Date | null;
  readonly preRollMs: number | null;
  readonly missedMs: number | null;
}

/**
 * Moves a playback from PENDING to RECORDING. Calls at the same time are batched.
 * @returns like `transition`
 */
export const beginRecording = gather<BegunRecording, Playback | undefined>(async (db, begun) => {
  // One statement is enough for a single playback, and mostly there is only one.
  if (begun.length === 1) {
    const { id, at, ...change } = begun[0]!;
    return [await transition(db, id, 'PENDING', 'RECORDING', at, change)];
  }
  const moved = await db.$queryRaw<{ id: string }[]>`
    UPDATE playbacks p SET recording_status = 'RECORDING', updated_at = b.at, local_path = b."localPath",
      stream_url = b."streamUrl", clip_started_at = b."clipStartedAt", pre_roll_ms = b."preRollMs", missed_ms = b."missedMs"
    FROM jsonb_to_recordset(${JSON.stringify(begun)}::jsonb) AS b (id uuid, at timestamptz, "localPath" text,
      "streamUrl" text, "clipStartedAt" timestamptz, "preRollMs" int, "missedMs" int)
    WHERE p.id = b.id AND p.recording_status = 'PENDING' RETURNING p.id`;
  const rows = await db.playback.findMany({ where: { id: { in: moved.map(({ id }) => id) } } });
  const byId = new Map(rows.map((playback) => [playback.id, playback]));
  return begun.map(({ id }) => byId.get(id));
});

/**
 * The horizon: the number of the oldest open transaction. Below it, no transition can be added any more: the order of
 * those that are there is final.
 */
export async function horizon(db: Db): Promise<bigint> {
  const rows = await db.$queryRaw<
    { xmin: bigint }[]
  >`SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin`;
  return rows[0]!.xmin;
}

const columns = Prisma.sql`t.xid, t.id, t.playback_id AS "playbackId", t.from_status::text AS "from", t.to_status::text AS "to",
  t.at, p.event_id AS "eventId", p.camera_id AS "cameraId", p.node_id AS "nodeId", p.started_at AS "startedAt",
  (SELECT created_by_key FROM events e WHERE e.id = p.event_id) AS "createdByKey",
  (SELECT e.type::text FROM events e WHERE e.id = p.event_id) AS "eventType"`;

/** The result of one read of transitions. */
export interface TransitionPage {
  /** Oldest first. */
  readonly transitions: readonly Transition[];
  /** Whether there are transitions at or above the horizon, which wait for an open transaction to end. */
  readonly hasMoreAboveHorizon: boolean;
  readonly horizon: bigint;
}

/**
 * Reads transitions after a position and below the horizon. Horizon and rows must come from one snapshot, so this is one
 * statement: then the rows below the horizon are complete.
 * @param onlyNode only transitions of playbacks that this node or nobody owns; undefined: all
 */
export async function transitionsAfter(
  db: Db,
  after: Position,
  limit: number,
  onlyNode?: string,
): Promise<TransitionPage> {
  const only =
    onlyNode === undefined ? Prisma.empty : Prisma.sql`AND (p.node_id = ${onlyNode} OR p.node_id IS NULL)`;
  const rows = await db.$queryRaw<(Transition & Omit<TransitionPage, 'transitions'>)[]>`
    SELECT EXISTS (SELECT 1 FROM playback_transitions w WHERE w.xid >= h.below) AS "hasMoreAboveHorizon",
      h.below AS horizon, t.*
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS below) h LEFT JOIN LATERAL (
      SELECT ${columns} FROM playback_transitions t JOIN playbacks p ON p.id = t.playback_id
      WHERE (t.xid, t.id) > (${after.xid}::bigint, ${after.id}::bigint) AND t.xid < h.below ${only}
      ORDER BY t.xid, t.id LIMIT ${limit}
    ) t ON true
    ORDER BY t.xid, t.id`;
  const { hasMoreAboveHorizon, horizon } = rows[0]!;
  // Without transitions, there is one row whose transition columns are null.
  return { transitions: rows.filter(({ id }) => id !== null), hasMoreAboveHorizon, horizon };
}

/**
 * The newest transition (below the horizon) of every matching playback that is not COMPLETED or FAILED. If the filter
 * names an event, its playbacks are included whatever their status (schema.graphql, playbackStatusChanged).
 */
export async function presentTransitions(
  db: Db,
  filter: TransitionFilter,
  below: bigint,
): Promise<Transition[]> {
  const named = Boolean(filter.eventId);
  const rows = await db.$queryRaw<Transition[]>`
    SELECT ${columns}
    FROM playbacks p CROSS JOIN LATERAL (
      SELECT * FROM playback_transitions t
      WHERE t.playback_id = p.id AND t.xid < ${below}::bigint ORDER BY t.xid DESC, t.id DESC LIMIT 1
    ) t
    WHERE (${named} OR p.recording_status IN ('PENDING', 'RECORDING', 'PROCESSING'))
      AND (${filter.eventId ?? null}::uuid IS NULL OR p.event_id = ${filter.eventId ?? null}::uuid)
      AND (${filter.cameraId ?? null}::uuid IS NULL OR p.camera_id = ${filter.cameraId ?? null}::uuid)
    ORDER BY t.xid, t.id`;
  return rows.filter((t) => matches(filter, t));
}

/** Whether the transition matches the filter. The filter's status means the new status. */
export function matches(filter: TransitionFilter, t: Transition): boolean {
  if (filter.eventId && filter.eventId !== t.eventId) return false;
  if (filter.cameraId && filter.cameraId !== t.cameraId) return false;
  if (filter.recordingStatus && !filter.recordingStatus.includes(t.to)) return false;
  if (filter.cameraIds && !filter.cameraIds.includes(t.cameraId)) return false;
  if (filter.createdByKey !== undefined && filter.createdByKey !== t.createdByKey) return false;
  if (filter.eventType && !(t.eventType && filter.eventType.includes(t.eventType))) return false;
  if (filter.startedAfter && t.startedAt <= filter.startedAfter) return false;
  if (filter.startedBefore && t.startedAt >= filter.startedBefore) return false;
  return true;
}
