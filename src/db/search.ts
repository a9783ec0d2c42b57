import { Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import type { EventConditions } from './event-filter.ts';
import { allOf } from './list-conditions.ts';
import type { PlaybackConditions } from './playback-filter.ts';

/** Lists of events that have all words of a text in their label, description or metadata, and of their playbacks. */

/** The words of a text, in the form of the column `words` of events. A search for no words finds nothing. */
export async function wordsOf(db: Db, text: string): Promise<string[]> {
  const [found] = await db.$queryRaw<{ words: string[] }[]>`
    SELECT tsvector_to_array(to_tsvector('simple', ${text})) AS words`;
  return found?.words ?? [];
}

/** The condition for an event `e` that has all these words. */
export const hasWords = (words: readonly string[]): Prisma.Sql =>
  words.length > 0 ? Prisma.sql`e.words @> ${[...words]}::text[]` : Prisma.sql`false`;

/** The same condition for Prisma. */
export const withWords = (words: readonly string[]): Prisma.EventWhereInput =>
  words.length > 0 ? { words: { hasEvery: [...words] } } : { id: { in: [] } };

/** The position of a row in a list. */
export interface Key {
  readonly startedAt: Date;
  readonly id: string;
}

/** The part of a list to be read. All bounds are exclusive. */
export interface Part {
  readonly olderThan?: Key | undefined;
  readonly newerThan?: Key | undefined;
  /** Bounds of `startedAt`. */
  readonly gt?: Date;
  readonly lt?: Date;
  readonly isOldestFirst: boolean;
  readonly skip?: number;
  readonly take: number;
}

interface Row {
  readonly id: string;
}

/**
 * A search first reads this many rows of the part, in the order of the list. If many events have the words, the page is
 * full then. If it is not, and the part has more rows, all events with the words are read by the index of words.
 *
 * One statement would leave this choice to PostgreSQL. It expects the events with a word to be spread evenly over the
 * list, and reads the list until the page is full: for a word that only old events have, a million rows.
 */
const nearRows = 5_000;

/** What the first rows of the part have. */
interface Near {
  /** Those that have the words. */
  readonly ids: string[];
  /** How many rows were read: fewer than `nearRows` if the part has no more. */
  readonly looked: number;
}

const isEnough = ({ ids, looked }: Near, { take }: Part): boolean => ids.length === take || looked < nearRows;

/** The ids of the events that have the words. @param conditions besides the words */
export async function eventsWithWords(
  db: Db,
  words: readonly string[],
  conditions: EventConditions,
  part: Part,
): Promise<string[]> {
  const where = allOf([hasWords(words), ...conditions.event]);
  const { order, limits, within } = boundsOf(part, Prisma.sql`e`, conditions.indexed);
  const [near] = await db.$queryRaw<[Near]>`
    WITH near AS MATERIALIZED (
      SELECT id, started_at, ended_at, type, words FROM events e WHERE ${within} ${order} LIMIT ${nearRows})
    SELECT ARRAY(SELECT e.id::text FROM near e WHERE ${where} ${order} ${limits}) AS ids,
      (SELECT count(*) FROM near)::int AS looked`;
  if (isEnough(near, part)) return near.ids;
  const found = await db.$queryRaw<Row[]>`
    WITH found AS MATERIALIZED (SELECT e.id, e.started_at FROM events e WHERE ${where} AND ${within})
    SELECT e.id FROM found e ${order} ${limits}`;
  return found.map(({ id }) => id);
}

/** The ids of the playbacks whose event has the words. @param conditions besides the words */
export async function playbacksWithWords(
  db: Db,
  words: readonly string[],
  { indexed, playback, event, cameraIds }: PlaybackConditions,
  part: Part,
): Promise<string[]> {
  const ofCamera = cameraIds ? [Prisma.sql`e.camera_id = ANY(${[...cameraIds]}::uuid[])`] : [];
  const ofEvent = allOf([hasWords(words), ...event, ...ofCamera]);
  const ofPlayback = allOf(playback);
  const { order, limits, within } = boundsOf(part, Prisma.sql`p`, indexed);
  const [near] = await db.$queryRaw<[Near]>`
    WITH near AS MATERIALIZED (
      SELECT id, started_at, event_id, protected_at FROM playbacks p WHERE ${within} ${order} LIMIT ${nearRows})
    SELECT ARRAY(
        SELECT p.id::text FROM near p JOIN events e ON e.id = p.event_id
        WHERE ${ofEvent} AND ${ofPlayback} ${order} ${limits}) AS ids,
      (SELECT count(*) FROM near)::int AS looked`;
  if (isEnough(near, part)) return near.ids;
  // OFFSET 0 makes PostgreSQL look up the playbacks of each event, instead of reading all playbacks.
  const found = await db.$queryRaw<Row[]>`
    WITH found AS MATERIALIZED (SELECT e.id FROM events e WHERE ${ofEvent})
    SELECT p.id FROM found
    CROSS JOIN LATERAL (SELECT * FROM playbacks WHERE event_id = found.id OFFSET 0) p
    WHERE ${ofPlayback} AND ${within} ${order} ${limits}`;
  return found.map(({ id }) => id);
}

/** The SQL of a part's order, limits and bounds. @param row the name of the list's rows in the statement */
function boundsOf(
  { olderThan, newerThan, gt, lt, isOldestFirst, skip = 0, take }: Part,
  row: Prisma.Sql,
  indexed: readonly Prisma.Sql[],
) {
  const key = (sign: Prisma.Sql, { startedAt, id }: Key) =>
    Prisma.sql`(${row}.started_at, ${row}.id) ${sign} (${startedAt}, ${id}::uuid)`;
  const within = allOf([
    ...indexed,
    ...(olderThan ? [key(Prisma.sql`<`, olderThan)] : []),
    ...(newerThan ? [key(Prisma.sql`>`, newerThan)] : []),
    ...(gt ? [Prisma.sql`${row}.started_at > ${gt}`] : []),
    ...(lt ? [Prisma.sql`${row}.started_at < ${lt}`] : []),
  ]);
  const order = isOldestFirst
    ? Prisma.sql`ORDER BY ${row}.started_at, ${row}.id`
    : Prisma.sql`ORDER BY ${row}.started_at DESC, ${row}.id DESC`;
  return { within, order, limits: Prisma.sql`LIMIT ${take} OFFSET ${skip}` };
}
