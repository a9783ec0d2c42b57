import type { Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';

/** Events that have all words of a text in label, description or metadata; a text without words finds nothing. */
export async function eventsWithWords(db: Db, text: string): Promise<Prisma.EventWhereInput> {
  const words = await wordsOf(db, text);
  return words.length > 0 ? { words: { hasEvery: words } } : { id: { in: [] } };
}

/** The words of a text, as the column `words` of events has them. */
export async function wordsOf(db: Db, text: string): Promise<string[]> {
  const [found] = await db.$queryRaw<{ words: string[] }[]>`
    SELECT tsvector_to_array(to_tsvector('simple', ${text})) AS words`;
  return found?.words ?? [];
}
