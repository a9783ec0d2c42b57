import type { Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';

/** If no more events than this have the words, a list selects them by their ids. */
const fewEvents = 1_000;

/**
 * Events that have all words of a text in label, description or metadata; a text without words finds nothing.
 *
 * PostgreSQL does not know how rare a rare word is, and reads a list from its newest event on until the page is full: for
 * a word of one event, it reads all. So the ids of the events are read first, by the index of words. If there are more
 * than a thousand, a page is full soon.
 */
export async function eventsWithWords(db: Db, text: string): Promise<Prisma.EventWhereInput> {
  const words = await wordsOf(db, text);
  if (words.length === 0) return { id: { in: [] } };
  const found = await db.$queryRaw<{ id: string }[]>`
    WITH found AS MATERIALIZED (SELECT id FROM events WHERE words @> ${words}::text[])
    SELECT id FROM found LIMIT ${fewEvents + 1}`;
  return found.length > fewEvents
    ? { words: { hasEvery: words } }
    : { id: { in: found.map(({ id }) => id) } };
}

/** The words of a text, as the column `words` of events has them. */
export async function wordsOf(db: Db, text: string): Promise<string[]> {
  const [found] = await db.$queryRaw<{ words: string[] }[]>`
    SELECT tsvector_to_array(to_tsvector('simple', ${text})) AS words`;
  return found?.words ?? [];
}
