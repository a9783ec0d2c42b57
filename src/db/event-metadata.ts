import type { Db } from './client.ts';
import { gather } from './gather.ts';

/** Events per statement: a megabyte at 64 KiB each. Small, so that reading stops soon once an answer has become too large. */
const readAtOnce = 16;

const read = gather<{ id: string; isWanted: () => boolean }, string | null>(async (db, wanted) => {
  const ids = wanted.filter(({ isWanted }) => isWanted()).map(({ id }) => id);
  const rows =
    ids.length === 0
      ? []
      : await db.$queryRaw<{ id: string; text: string | null }[]>`
          SELECT id, metadata::text AS text FROM events WHERE id = ANY(${ids}::uuid[])`;
  const texts = new Map(rows.map(({ id, text }) => [id, text]));
  return wanted.map(({ id }) => texts.get(id) ?? null);
}, readAtOnce);

/**
 * An event's metadata as JSON text; null if it has none.
 * @param isWanted called before the metadata is read; false once the answer has become too large
 */
export const readMetadata = (db: Db, id: string, isWanted: () => boolean): Promise<string | null> =>
  read(db, { id, isWanted });
