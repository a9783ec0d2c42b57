import type { Caller } from '../domain/caller.ts';
import type { EventType } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { allOf } from './list-conditions.ts';
import { type PlaybackFilter, playbackConditions } from './playback-filter.ts';
import { hasWords, wordsOf } from './search.ts';

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

/** Counts the playbacks that the caller may see, by camera, event type and stretch of time. */
export async function countPlaybacks(
  db: Db,
  filter: PlaybackFilter,
  { from, to, buckets }: Stretches,
  caller: Caller,
): Promise<PlaybackCounts[]> {
  const { indexed, playback, event } = playbackConditions(filter, caller);
  const searched = filter.search ? [hasWords(await wordsOf(db, filter.search))] : [];
  const stretchMs = (to.getTime() - from.getTime()) / buckets;
  const rows = await db.$queryRaw<
    { cameraId: string; eventType: EventType | null; bucket: number; count: number }[]
  >`
    SELECT p.camera_id AS "cameraId", e.type::text AS "eventType", count(*)::int AS count,
      floor(extract(epoch FROM p.started_at - ${from}::timestamptz) * 1000 / ${stretchMs}::float8)::int AS bucket
    FROM playbacks p LEFT JOIN events e ON e.id = p.event_id
    WHERE p.started_at >= ${from} AND p.started_at < ${to}
      AND ${allOf([...indexed, ...playback, ...event, ...searched])}
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
