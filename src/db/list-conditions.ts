import type { Caller } from '../domain/caller.ts';
import { Prisma } from '../generated/prisma/client.ts';

/** What the filters of events and of playbacks have in common. */
export interface ListFilter {
  readonly cameraId?: string | null | undefined;
  readonly startedAfter?: Date | null | undefined;
  readonly startedBefore?: Date | null | undefined;
}

/** Joins conditions with AND; `true` if there are none. */
export const allOf = (conditions: readonly Prisma.Sql[]): Prisma.Sql =>
  conditions.length > 0 ? Prisma.join([...conditions], ' AND ') : Prisma.sql`true`;

/**
 * The SQL conditions of this part of a filter, and of the cameras that the caller may see. An index exists for each that
 * has the order of lists.
 * @param row the name of the list's rows in the statement
 */
export function listConditions(
  row: Prisma.Sql,
  { cameraId, startedAfter, startedBefore }: ListFilter,
  { cameraIds }: Caller,
): Prisma.Sql[] {
  const all: Prisma.Sql[] = [];
  if (cameraIds) all.push(Prisma.sql`${row}.camera_id = ANY(${[...cameraIds]}::uuid[])`);
  if (cameraId) all.push(Prisma.sql`${row}.camera_id = ${cameraId}::uuid`);
  if (startedAfter) all.push(Prisma.sql`${row}.started_at > ${startedAfter}`);
  if (startedBefore) all.push(Prisma.sql`${row}.started_at < ${startedBefore}`);
  return all;
}
