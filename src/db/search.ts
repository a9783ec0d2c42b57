import type { Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';

/** Events that have all words of a text in label, description or metadata; a text without words finds nothing. */
export async function eventsWithWords(db: Db, text: string): Promise<Prisma.EventWhereInput> {
  const [found] = await db.$queryRaw<{ words: string[] }[]>`
    SELECT tsvector_to_array(to_tsvector('simple', ${text})) AS words`;
  const words = found?.words ?? [];
  return words.length > 0 ? { words: { hasEvery: words } } : { id: { in: [] } };
}
