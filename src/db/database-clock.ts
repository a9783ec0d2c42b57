import type { Db } from './client.ts';

/** A measurement: the database's clock at some moment between two readings of this machine's clock, in epoch milliseconds. */
export interface ClockReading {
  readonly before: number;
  readonly database: number;
  readonly after: number;
}

/** This machine's clock shows whole milliseconds, rounded down. */
const resolutionMs = 1;
/** If this machine's clock gets ahead of the steady one by more than this between two looks, somebody has set it. */
const setByMs = 200;

/**
 * The database's clock, by which all servers of a database write and compare times. Each reading gives bounds for the
 * offset of this machine's clock, and the offset is changed only if it lies outside them. So a machine that keeps the
 * same time as its database uses its own clock as it is, and a slow answer does not move the time.
 *
 * If the database is on another machine, and this machine's clock is set, the time goes on as before: without that, it would
 * be wrong until the next reading. A database on this machine has this machine's clock, and is followed.
 */
export class DatabaseClock {
  readonly #wallClock: () => number;
  readonly #isElsewhere: boolean;
  /** Both clocks when the time was looked at last. */
  #looked: { readonly wall: number; readonly steady: number } | undefined;
  /** How far the database's clock is ahead of this machine's, in milliseconds. */
  offsetMs = 0;

  /**
   * @param wallClock this machine's clock, in epoch milliseconds
   * @param isElsewhere whether the database may be on another machine, which has a clock of its own
   */
  constructor(wallClock: () => number, isElsewhere = false) {
    this.#wallClock = wallClock;
    this.#isElsewhere = isElsewhere;
  }

  /** The present time by the database's clock, in epoch milliseconds. */
  readonly now = (): number => {
    const wall = this.#wallClock();
    if (this.#isElsewhere) this.#keepTime(wall, performance.now());
    return wall + this.offsetMs;
  };

  #keepTime(wall: number, steady: number): void {
    const before = this.#looked ?? { wall, steady };
    const setMs = wall - before.wall - (steady - before.steady);
    if (Math.abs(setMs) > setByMs) this.offsetMs -= setMs;
    this.#looked = { wall, steady };
  }

  /** Takes a reading into account. */
  note({ before, database, after }: ClockReading): void {
    const least = database - after - resolutionMs;
    const most = database - before;
    this.offsetMs = Math.min(Math.max(this.offsetMs, least), most);
  }
}

/** The clock of a command, which asks the database once. */
export async function readDatabaseClock(db: Db): Promise<DatabaseClock> {
  const clock = new DatabaseClock(Date.now);
  const before = Date.now();
  const rows = await db.$queryRaw<{ database: number }[]>`
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS database`;
  clock.note({ before, database: rows[0]!.database, after: Date.now() });
  return clock;
}
