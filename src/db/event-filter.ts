import { type Caller, seesOnlyOwn } from '../domain/caller.ts';
import { Prisma } from '../generated/prisma/client.ts';

/** A filter of events: all given conditions hold. graphql/event-lists.ts describes them; search.ts handles `search`. */
export interface EventFilter {
  readonly cameraId?: string | null | undefined;
  readonly type?: readonly string[] | null | undefined;
  readonly open?: boolean | null | undefined;
  readonly startedAfter?: Date | null | undefined;
  readonly startedBefore?: Date | null | undefined;
}

/** SQL conditions for an event `e`. */
export interface EventConditions {
  /** Those for which an index exists that has the order of lists. */
  readonly indexed: readonly Prisma.Sql[];
  /** All others. */
  readonly event: readonly Prisma.Sql[];
}

/** The conditions of a filter, and of what the caller may see, for statements that Prisma cannot make. */
export function eventConditions(filter: EventFilter, caller: Caller): EventConditions {
  const { cameraId, type, open, startedAfter, startedBefore } = filter;
  const indexed: Prisma.Sql[] = [];
  const event: Prisma.Sql[] = [];
  if (caller.cameraIds) indexed.push(Prisma.sql`e.camera_id = ANY(${[...caller.cameraIds]}::uuid[])`);
  if (seesOnlyOwn(caller)) indexed.push(Prisma.sql`e.created_by_key = ${caller.name}`);
  if (cameraId) indexed.push(Prisma.sql`e.camera_id = ${cameraId}::uuid`);
  if (startedAfter) indexed.push(Prisma.sql`e.started_at > ${startedAfter}`);
  if (startedBefore) indexed.push(Prisma.sql`e.started_at < ${startedBefore}`);
  if (type) event.push(Prisma.sql`e.type::text = ANY(${[...type]}::text[])`);
  if (typeof open === 'boolean') event.push(Prisma.sql`(e.ended_at IS NULL) = ${open}`);
  return { indexed, event };
}
