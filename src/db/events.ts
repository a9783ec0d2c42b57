import type { EventRate } from '../domain/event-rate.ts';
import { type Event, type EventType, type Playback, Prisma } from '../generated/prisma/client.ts';
import { type Db, ofCamera, untilAnswered } from './client.ts';
import { gather, gatherLookups } from './gather.ts';
import type { PlaybackToRecord } from './playbacks.ts';

export interface NewEvent {
  readonly id: string;
  readonly cameraId: string;
  readonly channel: number;
  readonly type: EventType;
  readonly label: string | null;
  readonly description: string | null;
  readonly metadata: Prisma.JsonValue;
  readonly startedAt: Date;
  readonly leaseExpiresAt: Date | null;
  readonly idempotencyKey: string | null;
  /** The name of the caller that reported the event. */
  readonly createdByKey: string | null;
}

/** An event with its playback; with its first one if it has several. */
export interface RecordedEvent {
  readonly event: Event;
  readonly playback: Playback | undefined;
}

export type InsertedEvent =
  | { readonly created: true; readonly event: Event }
  /** The camera already had an event with this idempotency key, and nothing was written. */
  | ({ readonly created: false } & RecordedEvent)
  /** Its caller has reported too many events, over all nodes, and nothing was written. */
  | { readonly created: false; readonly retryAfterMs: number };

/**
 * Writes an event and its playback (PENDING, with its first transition) in one statement. Events at the same time share
 * the statement: one round trip, one commit, and no transaction that stays open while this process is busy. The statement
 * also counts the event in its caller's rate, which so holds over all nodes.
 * @param rate undefined: no limit
 * @param playback undefined: the camera does not record events of this type
 */
export async function insertEvent(
  db: Db,
  wanted: NewEvent,
  playback: PlaybackToRecord | undefined,
  at: Date,
  rate?: EventRate,
): Promise<InsertedEvent> {
  // `words` is empty here: the database generates this column, which is for searching.
  const event: Event = { ...wanted, endedAt: null, words: [], createdAt: at, updatedAt: at };
  const write = () => insertTogether(db, { event, playback, rate });
  const outcome = await ofCamera(event.cameraId, untilAnswered(write));
  if (outcome === 'written') return { created: true, event };
  if (outcome !== 'known') return { created: false, ...outcome };
  const earlier = await findByKey(db, wanted);
  // The same call was made twice at a time, because it got no answer in time: the other one has written the event.
  const isSame = wanted.idempotencyKey === null || earlier?.event.id === event.id;
  if (isSame) return { created: true, event };
  if (!earlier) throw new Error('The event with the same key was deleted while this one was being written.');
  return { created: false, ...earlier };
}

interface WantedEvent {
  readonly event: Event;
  readonly playback: PlaybackToRecord | undefined;
  readonly rate: EventRate | undefined;
}

/** What became of an event. known: the camera already has one with this idempotency key. */
type Outcome = 'written' | 'known' | { readonly retryAfterMs: number };

const insertTogether = gather<WantedEvent, Outcome>(async (db, wanted) => {
  const outcomes = await insertAll(db, wanted);
  if (wanted.length === 1) return outcomes;
  // The statement counts the events of a caller together, and refuses all of them if there is no room for all. Then there
  // may be room for some.
  const refused = new Map<string | null, Outcome>();
  const settled: Outcome[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    const one = wanted[i]!;
    const { createdByKey } = one.event;
    const first = typeof outcome === 'string' ? outcome : refused.get(createdByKey);
    const final = first ?? (await insertAll(db, [one]))[0]!;
    if (typeof final !== 'string') refused.set(createdByKey, final);
    settled.push(final);
  }
  return settled;
});

/** Writes these events. The rate is the same for all of them. */
async function insertAll(db: Db, wanted: readonly WantedEvent[]): Promise<Outcome[]> {
  // The statement is retried if its answer was lost. Then rows that the first try wrote count as written, too.
  const rows = await db.$queryRaw<{ id: string | null; name: string | null; retryAfterMs: number }[]>`
    WITH wanted AS (
      SELECT (w.event).*, (w.playback).id AS playback_id, (w.playback).started_at AS playback_started_at,
        (w.playback).pre_roll_sec, (w.playback).deadline_at
      FROM jsonb_to_recordset(${JSON.stringify(wanted.map(asRow))}::jsonb) AS w (event events, playback playbacks)
    ), ${countedBy(wanted[0]!.rate)}, event AS (
      INSERT INTO events (id, camera_id, channel, type, label, description, metadata, started_at,
        lease_expires_at, idempotency_key, created_by_key, created_at, updated_at)
      SELECT id, camera_id, channel, type, label, description, metadata, started_at,
        lease_expires_at, idempotency_key, created_by_key, created_at, updated_at
      FROM wanted WHERE NOT EXISTS (SELECT FROM refused WHERE name = created_by_key)
      ON CONFLICT DO NOTHING RETURNING id
    ), playback AS (
      INSERT INTO playbacks (id, event_id, camera_id, started_at, pre_roll_sec, deadline_at, created_at)
      SELECT playback_id, id, camera_id, playback_started_at, pre_roll_sec, deadline_at, created_at
      FROM wanted JOIN event USING (id) WHERE playback_id IS NOT NULL
    )
    SELECT id, NULL AS name, 0::float8 AS "retryAfterMs" FROM event
    UNION ALL SELECT id, NULL, 0 FROM events JOIN wanted USING (id)
    UNION ALL SELECT NULL, name, ms FROM refused`;
  const ids = new Set(rows.map(({ id }) => id));
  const refusals = new Map(rows.map(({ name, retryAfterMs }) => [name, Math.ceil(retryAfterMs)]));
  return wanted.map(({ event }) => {
    if (ids.has(event.id)) return 'written';
    const retryAfterMs = event.createdByKey === null ? undefined : refusals.get(event.createdByKey);
    return retryAfterMs === undefined ? 'known' : { retryAfterMs };
  });
}

/**
 * Takes the tokens of the wanted events from their callers' buckets, and says which callers are refused. A row says when
 * its bucket is full. The rows are locked in the order of their names, and before any other row: so that two statements
 * never wait for each other. An event that an earlier try has written takes no second token.
 */
function countedBy(rate: EventRate | undefined): Prisma.Sql {
  if (!rate) return Prisma.sql`refused AS (SELECT NULL::text AS name, 0::float8 AS ms WHERE false)`;
  const { perMinute, burst } = rate;
  return Prisma.sql`asked AS (
      SELECT created_by_key AS name, statement_timestamp() AS now,
        count(*) * ${60 / perMinute}::float8 * interval '1 second' AS taken, count(*) <= ${burst}::float8 AS has_room
      FROM wanted w WHERE created_by_key IS NOT NULL AND NOT EXISTS (SELECT FROM events e WHERE e.id = w.id)
      GROUP BY created_by_key
    ), counted AS (
      INSERT INTO event_rates AS r (name, full_at)
      SELECT name, now + taken FROM asked WHERE has_room ORDER BY name
      ON CONFLICT (name) DO UPDATE SET full_at = greatest(r.full_at, statement_timestamp()) + (excluded.full_at - statement_timestamp())
        WHERE greatest(r.full_at, statement_timestamp()) + (excluded.full_at - statement_timestamp())
          <= statement_timestamp() + ${(burst * 60) / perMinute}::float8 * interval '1 second' + interval '1 millisecond'
      RETURNING name
    ), refused AS MATERIALIZED (
      SELECT name, greatest(1, extract(epoch FROM
        (SELECT full_at FROM event_rates r WHERE r.name = asked.name) - now
        - ${((burst - 1) * 60) / perMinute}::float8 * interval '1 second') * 1000)::float8 AS ms
      FROM asked WHERE (SELECT count(*) FROM counted) >= 0 AND name NOT IN (SELECT name FROM counted)
    )`;
}

/** The two rows in the form in which PostgreSQL reads them from JSON. */
const asRow = ({ event, playback }: { event: Event; playback: PlaybackToRecord | undefined }) => ({
  event: {
    id: event.id,
    camera_id: event.cameraId,
    channel: event.channel,
    type: event.type,
    label: event.label,
    description: event.description,
    metadata: event.metadata,
    started_at: event.startedAt,
    lease_expires_at: event.leaseExpiresAt,
    idempotency_key: event.idempotencyKey,
    created_by_key: event.createdByKey,
    created_at: event.createdAt,
    updated_at: event.updatedAt,
  },
  playback: playback && {
    id: playback.id,
    started_at: playback.startedAt,
    pre_roll_sec: playback.preRollSec,
    deadline_at: playback.deadlineAt,
  },
});

/** Finds the camera's event with this idempotency key. */
export async function findByKey(
  db: Db,
  key: { cameraId: string; idempotencyKey: string | null },
): Promise<RecordedEvent | undefined> {
  if (key.idempotencyKey === null) return undefined;
  const found = await db.event.findFirst({
    where: { cameraId: key.cameraId, idempotencyKey: key.idempotencyKey },
    include: { playbacks: { orderBy: { id: 'asc' }, take: 1 } },
  });
  return found ? { event: found, playback: found.playbacks[0] } : undefined;
}

/** Looks up an event. Every end of an event does that, so look-ups at the same time are batched. */
export const findEvent = gatherLookups<Event>(
  (db, ids) => db.event.findMany({ where: { id: { in: ids } } }),
  ({ id }) => id,
);

/** Renews an event's lease. @returns undefined if the event has ended or was deleted */
export async function saveLease(db: Db, id: string, leaseExpiresAt: Date): Promise<Event | undefined> {
  const where = { id, endedAt: null };
  const [renewed] = await db.event.updateManyAndReturn({ where, data: { leaseExpiresAt } });
  return renewed;
}
