import { createHash } from 'node:crypto';
import { type Caller, seesOnlyOwn } from '../domain/caller.ts';
import type { Prisma } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import type { Db } from './client.ts';

/**
 * A list of what a person has still to review would read every reviewed playback on its way: a million takes nearly a
 * second. So stretches of time in which a person has reviewed all that the person may see are noted, and lists skip them.
 */

/** A part of the time outside the stretches. Both ends are exclusive; undefined: open. */
export interface Gap {
  readonly gt?: Date;
  readonly lt?: Date;
}

/** If a read takes longer than this (ms), the stretches are found anew. */
const slowMs = 25;
/** Finding them reads all playbacks, so it is done at most this often (ms) for each person. */
const findEveryMs = 60_000;
const findWithinMs = 60_000;

/** Whom stretches belong to: callers of one name may see different cameras. undefined: no stretches are noted. */
function scopeOf(caller: Caller): string | undefined {
  if (seesOnlyOwn(caller)) return undefined;
  const { cameraIds } = caller;
  return cameraIds
    ? createHash('sha256')
        .update([...cameraIds].sort().join())
        .digest('hex')
    : '';
}

export class ReviewStretches {
  readonly #db: Db;
  readonly #log: Log;
  readonly #now: () => number;
  /** By person and scope: when they were last found. */
  readonly #foundAt = new Map<string, number>();
  #finding: Promise<void> = Promise.resolve();

  constructor(options: { db: Db; log: Log; now: () => number }) {
    this.#db = options.db;
    this.#log = options.log;
    this.#now = options.now;
  }

  /** The gaps between a caller's stretches, newest first: what the caller has not reviewed lies in them. */
  async gaps(db: Db, caller: Caller): Promise<readonly Gap[]> {
    const scope = scopeOf(caller);
    if (scope === undefined) return [{}];
    const where = { person: caller.name, scope };
    const stretches = await db.reviewStretch.findMany({ where, orderBy: { fromAt: 'desc' } });
    const starts = [undefined, ...stretches.map(({ fromAt }) => fromAt)];
    const ends = [...stretches.map(({ toAt }) => toAt), undefined];
    return starts.map((lt, n) => ({ ...(lt && { lt }), ...(ends[n] && { gt: ends[n] }) }));
  }

  /** Notes how long a read between the stretches took. If it was slow, they are found anew, without waiting for it. */
  noteRead(caller: Caller, tookMs: number): void {
    const scope = scopeOf(caller);
    if (scope === undefined || tookMs < slowMs) return;
    const key = `${scope} ${caller.name}`;
    const now = this.#now();
    if (now - (this.#foundAt.get(key) ?? Number.NEGATIVE_INFINITY) < findEveryMs) return;
    this.#foundAt.set(key, now);
    this.#finding = this.#finding
      .then(() => findStretches(this.#db, caller, scope))
      .catch((error: Error) => this.#log.warn({ error }, 'what is reviewed could not be summed up'));
  }

  /** Resolves when no stretches are being found. */
  close(): Promise<void> {
    return this.#finding;
  }
}

/** Replaces a caller's stretches. Short ones are left out, and at most fifty are kept: lists read every gap. */
async function findStretches(db: Db, { name: person, cameraIds }: Caller, scope: string): Promise<void> {
  const cameras = cameraIds ? [...cameraIds] : null;
  await db.$transaction(
    async (tx) => {
      // See the trigger playbacks_end_review_stretches.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('flashback review stretches'))`;
      await tx.$executeRaw`DELETE FROM review_stretches WHERE person = ${person} AND scope = ${scope}`;
      await tx.$executeRaw`
        WITH moment AS (
          SELECT p.started_at AS at, bool_and(r.playback_id IS NOT NULL) AS reviewed, count(*) AS playbacks
          FROM playbacks p LEFT JOIN reviews r ON r.playback_id = p.id AND r.person = ${person}
          WHERE p.started_at < now() - interval '10 minutes'
            AND (${cameras}::uuid[] IS NULL OR p.camera_id = ANY(${cameras}::uuid[]))
          GROUP BY p.started_at
        ), numbered AS (
          SELECT *, count(*) FILTER (WHERE NOT reviewed) OVER (ORDER BY at) AS stretch FROM moment
        ), stretch AS (
          SELECT min(at) AS from_at, max(at) AS to_at, sum(playbacks) AS playbacks FROM numbered WHERE reviewed
          GROUP BY stretch HAVING sum(playbacks) >= 100 ORDER BY 3 DESC LIMIT 50
        )
        INSERT INTO review_stretches (person, scope, from_at, to_at)
        SELECT ${person}, ${scope}, from_at, to_at FROM stretch`;
    },
    { timeout: findWithinMs, maxWait: findWithinMs },
  );
}

/** A condition for what lies in a gap. */
export const inGap = ({ gt, lt }: Gap): Prisma.PlaybackWhereInput =>
  gt || lt ? { startedAt: { ...(gt && { gt }), ...(lt && { lt }) } } : {};

/** A condition for what lies in one of the gaps. */
export const inGaps = (gaps: readonly Gap[]): Prisma.PlaybackWhereInput =>
  gaps.length > 1 ? { OR: gaps.map(inGap) } : {};

/**
 * Reads the first rows of a list, gap after gap, until there are enough: each read goes along an index. One condition
 * with all gaps would make PostgreSQL read the stretches as well.
 * @param gaps in the order of the list
 */
export async function readGaps<Row>(
  gaps: readonly Gap[],
  take: number,
  find: (gap: Gap, take: number) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const gap of gaps) {
    if (rows.length >= take) break;
    rows.push(...(await find(gap, take - rows.length)));
  }
  return rows;
}
