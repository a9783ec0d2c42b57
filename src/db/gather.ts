import type { Db } from './client.ts';

/** Rounds side by side: one that waits for somebody's lock does not hold up all that come after it. */
const rounds = 3;

interface Call<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Of one database: calls that wait, and rounds that are under way. */
interface Line<Item, Result> {
  waiting: Call<Item, Result>[];
  underWay: number;
}

/**
 * Does together what is asked for while the rounds before are under way. A call that comes alone waits for nobody; a
 * hundred at once take a few statements and commits, where each of its own costs this process and the database about a
 * millisecond of processor. Where a round fails, each of its calls is tried by itself: one may be at fault for all.
 * @param work gives one result for each item, in their order
 * @param atMost items of a round
 */
export function gather<Item, Result>(
  work: (db: Db, items: readonly Item[]) => Promise<readonly Result[]>,
  atMost = Number.POSITIVE_INFINITY,
): (db: Db, item: Item) => Promise<Result> {
  const lines = new WeakMap<Db, Line<Item, Result>>();

  async function run(db: Db, calls: readonly Call<Item, Result>[]): Promise<void> {
    try {
      const results = await work(
        db,
        calls.map(({ item }) => item),
      );
      for (const [i, { resolve }] of calls.entries()) resolve(results[i]!);
    } catch (error) {
      if (calls.length === 1) calls[0]!.reject(error);
      else await Promise.all(calls.map((call) => run(db, [call])));
    }
  }

  async function next(db: Db, line: Line<Item, Result>): Promise<void> {
    if (line.underWay >= rounds || line.waiting.length === 0) return;
    line.underWay++;
    const calls = line.waiting.splice(0, atMost);
    await run(db, calls);
    line.underWay--;
    void next(db, line);
  }

  return (db, item) =>
    new Promise((resolve, reject) => {
      const line = lines.get(db) ?? { waiting: [], underWay: 0 };
      lines.set(db, line);
      line.waiting.push({ item, resolve, reject });
      void next(db, line);
    });
}

/**
 * Look-ups at the same moment share one.
 * @param read gives the rows of these ids in any order; where there are several of one id, the last holds
 */
export function gatherLookups<Row>(
  read: (db: Db, ids: string[]) => Promise<readonly Row[]>,
  idOf: (row: Row) => string | null,
): (db: Db, id: string) => Promise<Row | undefined> {
  return gather(async (db, ids) => {
    const byId = new Map((await read(db, [...ids])).map((row) => [idOf(row), row]));
    return ids.map((id) => byId.get(id));
  });
}
