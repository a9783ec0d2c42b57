import { type Caller, seesOnlyOwn } from '../domain/caller.ts';
import { Prisma } from '../generated/prisma/client.ts';
import { type ListFilter, listConditions } from './list-conditions.ts';

/** A filter of events: all given conditions hold. graphql/event-lists.ts describes them; search.ts handles `search`. */
export interface EventFilter extends ListFilter {
  readonly type?: readonly string[] | null | undefined;
  readonly open?: boolean | null | undefined;
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
  const { type, open } = filter;
  const indexed = listConditions(Prisma.sql`e`, filter, caller);
  const event: Prisma.Sql[] = [];
  if (seesOnlyOwn(caller)) indexed.push(Prisma.sql`e.created_by_key = ${caller.name}`);
  if (type) event.push(Prisma.sql`e.type::text = ANY(${[...type]}::text[])`);
  if (typeof open === 'boolean') event.push(Prisma.sql`(e.ended_at IS NULL) = ${open}`);
  return { indexed, event };
}
