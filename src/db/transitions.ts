import { mayFollow, type RecordingStatus } from '../domain/status.ts';
import { type EventType, type Playback, Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { gather } from './gather.ts';

/** One change of a playback's status, with what subscriptions filter by. */
export interface Transition extends Position {
  readonly playbackId: string;
  readonly eventId: string | null;
  /** null for a recording by hand. */
  readonly eventType: EventType | null;
  readonly cameraId: string;
  readonly startedAt: Date;
  /** Whose event it is; null: nobody's, or without an event. */
  readonly createdByKey: string | null;
  readonly from: RecordingStatus | null;
  readonly to: RecordingStatus;
  readonly at: Date;
}

/**
 * A place in the stream of transitions: the writing transaction, then the row's number. Numbers are handed out
 * before commit, so a later commit may carry a lower one; below the oldest open transaction (the horizon) nothing
 * can be added any more, and there this order is final.
 */
export interface Position {
  readonly xid: bigint;
  readonly id: bigint;
}

export const isAfter = (a: Position, b: Position): boolean =>
  a.xid > b.xid || (a.xid === b.xid && a.id > b.id);

/** The place behind everything below a horizon. */
export const endBelow = (below: bigint): Position => ({ xid: below - 1n, id: 2n ** 63n - 1n });

export interface TransitionFilter {
  readonly eventId?: string | null | undefined;
  readonly cameraId?: string | null | undefined;
  readonly recordingStatus?: readonly RecordingStatus[] | null | undefined;
  readonly eventType?: readonly EventType[] | null | undefined;
  readonly startedAfter?: Date | null | undefined;
  readonly startedBefore?: Date | null | undefined;
  /** What the subscriber may see at all: of these cameras, of this name's events. undefined: no limit. */
  readonly cameraIds?: readonly string[] | undefined;
  readonly createdByKey?: string | undefined;
}

/**
 * Moves a playback from one status to another if it still is in the first (compare-and-set, DESIGN 4). The database
 * writes the transition's row in the same transaction (trigger playbacks_write_transition). The update is the
 * transaction's first write: only so are a playback's transitions in order by (xid, id).
 * @returns the row as it is then; undefined when somebody else was first or the row is gone
 */
export async function transition(
  db: Db,
  id: string,
  from: RecordingStatus,
  to: RecordingStatus,
  at: Date,
  change: Prisma.PlaybackUpdateManyMutationInput = {},
): Promise<Playback | undefined> {
  if (!mayFollow(from, to)) throw new Error(`A playback cannot go from ${from} to ${to}.`);
  const [moved] = await db.playback.updateManyAndReturn({
    where: { id, recordingStatus: from },
    data: { ...change, recordingStatus: to, updatedAt: at },
  });
  return moved;
}

/** Takes up a FAILED playback again whose footage is held. @returns as `transition` does */
export const retry = (db: Db, id: string, at: Date): Promise<Playback | undefined> =>
  transition(db, id, 'FAILED', 'PROCESSING', at, { failureCode: null, errorMessage: null });

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
 * The transition from PENDING to RECORDING. Many events at the same moment share the statement.
 * @returns as `transition` does
 */
export const beginRecording = gather<BegunRecording, Playback | undefined>(async (db, begun) => {
  // One alone, which is the rule, takes one statement.
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

/** The oldest transaction still open: transitions below it are final in number and order. */
export async function horizon(db: Db): Promise<bigint> {
  const rows = await db.$queryRaw<
    { xmin: bigint }[]
  >`SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin`;
  return rows[0]!.xmin;
}

const columns = Prisma.sql`t.xid, t.id, t.playback_id AS "playbackId", t.from_status::text AS "from", t.to_status::text AS "to",
  t.at, p.event_id AS "eventId", p.camera_id AS "cameraId", p.started_at AS "startedAt",
  (SELECT created_by_key FROM events e WHERE e.id = p.event_id) AS "createdByKey",
  (SELECT e.type::text FROM events e WHERE e.id = p.event_id) AS "eventType"`;

/** A part of the stream, as one look at the database gives it. */
export interface TransitionPage {
  /** Oldest first. */
  readonly transitions: readonly Transition[];
  /** There are some at or above the horizon: they wait for a transaction still open. */
  readonly isMoreBehind: boolean;
}

/**
 * Transitions after a position and below the horizon. One statement, because it is one snapshot: what that snapshot
 * shows below its own oldest open transaction is all that will ever be there.
 */
export async function transitionsAfter(db: Db, after: Position, limit: number): Promise<TransitionPage> {
  const rows = await db.$queryRaw<(Transition & Omit<TransitionPage, 'transitions'>)[]>`
    SELECT EXISTS (SELECT 1 FROM playback_transitions w WHERE w.xid >= h.below) AS "isMoreBehind", t.*
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS below) h LEFT JOIN LATERAL (
      SELECT ${columns} FROM playback_transitions t JOIN playbacks p ON p.id = t.playback_id
      WHERE (t.xid, t.id) > (${after.xid}::bigint, ${after.id}::bigint) AND t.xid < h.below
      ORDER BY t.xid, t.id LIMIT ${limit}
    ) t ON true
    ORDER BY t.xid, t.id`;
  const { isMoreBehind } = rows[0]!;
  // Where there is no transition, the one row says so and nothing else.
  return { transitions: rows.filter(({ id }) => id !== null), isMoreBehind };
}

/**
 * The newest transition (below the horizon) of every playback that matches and is not yet COMPLETED or FAILED;
 * where the filter names one playback or one event, of those whatever their status (contract, Subscription).
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

/** Whether a subscriber with this filter is told of the transition. The status is the one moved to. */
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
