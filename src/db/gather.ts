import type { Db } from './client.ts';

/** How many batches may run in parallel: a batch that waits for a lock must not delay all later calls. */
const maxRunning = 3;

interface Call<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** The calls that wait for one database, and the number of its running batches. */
interface Backlog<Item, Result> {
  waiting: Call<Item, Result>[];
  running: number;
}

/**
 * Batches calls that arrive while earlier ones run. A single call does not wait. A hundred calls at once take a few
 * statements and commits; with a statement and a commit for each, each call would take about a millisecond of processor
 * time, here and in the database. If a batch fails, each of its calls is tried alone, because one of them may be the
 * cause.
 * @param work returns one result for each item, in the order of the items
 * @param atMost the largest number of items in a batch
 */
export function gather<Item, Result>(
  work: (db: Db, items: readonly Item[]) => Promise<readonly Result[]>,
  atMost = Number.POSITIVE_INFINITY,
): (db: Db, item: Item) => Promise<Result> {
  const backlogs = new WeakMap<Db, Backlog<Item, Result>>();

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

  async function next(db: Db, backlog: Backlog<Item, Result>): Promise<void> {
    if (backlog.running >= maxRunning || backlog.waiting.length === 0) return;
    backlog.running++;
    const calls = backlog.waiting.splice(0, atMost);
    await run(db, calls);
    backlog.running--;
    void next(db, backlog);
  }

  return (db, item) =>
    new Promise((resolve, reject) => {
      const backlog = backlogs.get(db) ?? { waiting: [], running: 0 };
      backlogs.set(db, backlog);
      backlog.waiting.push({ item, resolve, reject });
      void next(db, backlog);
    });
}

/**
 * Batches look-ups by id.
 * @param read returns the rows with these ids in any order; of several rows with one id, the last counts
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
