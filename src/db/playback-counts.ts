import type { Caller } from '../domain/caller.ts';
import { seesOnlyOwn } from '../domain/caller.ts';
import { type EventType, Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { wordsOf } from './search.ts';

/** Equal stretches of time, the first of which begins at `from` and the last of which ends at `to`. */
export interface Stretches {
  readonly from: Date;
  readonly to: Date;
  readonly buckets: number;
}

/** How many playbacks began in each stretch. */
export interface PlaybackCounts {
  readonly cameraId: string;
  /** null: recordings by hand. */
  readonly eventType: EventType | null;
  readonly counts: number[];
}

/** Which playbacks are counted: those that meet all conditions that are given (graphql/playback-lists.ts). */
export interface Counted {
  readonly eventId?: string | null | undefined;
  readonly cameraId?: string | null | undefined;
  readonly recordingStatus?: readonly string[] | null | undefined;
  readonly eventType?: readonly string[] | null | undefined;
  readonly startedAfter?: Date | null | undefined;
  readonly startedBefore?: Date | null | undefined;
  readonly search?: string | null | undefined;
  readonly protected?: boolean | null | undefined;
  readonly reviewed?: boolean | null | undefined;
}

/** Counts the playbacks that the caller may see, by camera, event type and stretch of time. */
export async function countPlaybacks(
  db: Db,
  counted: Counted,
  { from, to, buckets }: Stretches,
  caller: Caller,
): Promise<PlaybackCounts[]> {
  const stretchMs = (to.getTime() - from.getTime()) / buckets;
  const rows = await db.$queryRaw<
    { cameraId: string; eventType: EventType | null; bucket: number; count: number }[]
  >`
    SELECT p.camera_id AS "cameraId", e.type::text AS "eventType", count(*)::int AS count,
      floor(extract(epoch FROM p.started_at - ${from}::timestamptz) * 1000 / ${stretchMs}::float8)::int AS bucket
    FROM playbacks p LEFT JOIN events e ON e.id = p.event_id
    WHERE p.started_at >= ${from} AND p.started_at < ${to}
      AND ${Prisma.join(await conditions(db, counted, caller), ' AND ')}
    GROUP BY 1, 2, 4 ORDER BY 1, 2`;
  const found = new Map<string, PlaybackCounts>();
  for (const { cameraId, eventType, bucket, count } of rows) {
    const key = `${cameraId} ${eventType}`;
    const counts = found.get(key)?.counts ?? new Array<number>(buckets).fill(0);
    found.set(key, { cameraId, eventType, counts });
    counts[Math.min(buckets - 1, bucket)]! += count;
  }
  return [...found.values()];
}

async function conditions(db: Db, counted: Counted, caller: Caller): Promise<Prisma.Sql[]> {
  const { eventId, cameraId, recordingStatus, eventType, startedAfter, startedBefore, search } = counted;
  const all = [Prisma.sql`true`];
  const add = (condition: Prisma.Sql) => void all.push(condition);
  if (caller.cameraIds) add(Prisma.sql`p.camera_id = ANY(${[...caller.cameraIds]}::uuid[])`);
  if (seesOnlyOwn(caller)) add(Prisma.sql`e.created_by_key = ${caller.name}`);
  if (eventId) add(Prisma.sql`p.event_id = ${eventId}::uuid`);
  if (cameraId) add(Prisma.sql`p.camera_id = ${cameraId}::uuid`);
  if (recordingStatus) add(Prisma.sql`p.recording_status::text = ANY(${[...recordingStatus]}::text[])`);
  if (eventType) add(Prisma.sql`e.type::text = ANY(${[...eventType]}::text[])`);
  if (startedAfter) add(Prisma.sql`p.started_at > ${startedAfter}`);
  if (startedBefore) add(Prisma.sql`p.started_at < ${startedBefore}`);
  if (typeof counted.protected === 'boolean')
    add(counted.protected ? Prisma.sql`p.protected_at IS NOT NULL` : Prisma.sql`p.protected_at IS NULL`);
  if (typeof counted.reviewed === 'boolean') {
    const mark = Prisma.sql`EXISTS (SELECT 1 FROM reviews r WHERE r.playback_id = p.id AND r.person = ${caller.name})`;
    add(counted.reviewed ? mark : Prisma.sql`NOT ${mark}`);
  }
  if (search) {
    const words = await wordsOf(db, search);
    add(words.length > 0 ? Prisma.sql`e.words @> ${words}::text[]` : Prisma.sql`false`);
  }
  return all;
}
