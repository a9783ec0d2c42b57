import type { Key, Part } from '../db/search.ts';
import { badInput } from '../domain/errors.ts';
import { hasYear, isId } from '../usecases/input.ts';
import { builder } from './builder.ts';

/** Pages by key instead of by offset: a cursor stays valid when its row is deleted or rows are added. */

export interface ConnectionArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** The order of all lists: newest first, and rows of the same time by id: then the order is always the same. */
const newestFirst = [{ startedAt: 'desc' }, { id: 'desc' }] as const;
const oldestFirst = [{ startedAt: 'asc' }, { id: 'asc' }] as const;
const largestPage = 100;

/** The query for Prisma that reads a part, without `gt` and `lt`. */
export const prismaQuery = ({ olderThan, newerThan, isOldestFirst, skip = 0, take }: Part) => ({
  where: { AND: [...(olderThan ? [isOlder(olderThan)] : []), ...(newerThan ? [isNewer(newerThan)] : [])] },
  orderBy: [...(isOldestFirst ? oldestFirst : newestFirst)],
  skip,
  take,
});

export interface KeysetPage<Row extends Key> {
  readonly rows: Row[];
  readonly hasNextPage: () => Promise<boolean> | boolean;
  readonly hasPreviousPage: () => Promise<boolean> | boolean;
  readonly totalCount: () => Promise<number>;
}

/**
 * Reads one page.
 * @param find reads the rows of a part that match the list's own filter
 * @throws RequestError BAD_USER_INPUT if the size is not 1 to 100 or the cursor is malformed
 */
export async function readPage<Row extends Key>(
  args: ConnectionArgs,
  find: (query: Part) => Promise<Row[]>,
  count: () => Promise<number>,
): Promise<KeysetPage<Row>> {
  const backwards = args.last !== null && args.last !== undefined;
  const size = pageSize(backwards ? 'last' : 'first', backwards ? args.last : args.first);
  const after = readCursor('after', args.after);
  const before = readCursor('before', args.before);
  const read = await find({
    olderThan: after,
    newerThan: before,
    isOldestFirst: backwards,
    take: size + 1,
  });
  const more = read.length > size;
  const rows = read.slice(0, size);
  if (backwards) rows.reverse();
  const exists = async (edge: { olderThan: Key } | { newerThan: Key }) =>
    (await find({ ...edge, isOldestFirst: false, take: 1 })).length > 0;
  const [newest, oldest] = [rows[0] ?? after, rows.at(-1) ?? before];
  return {
    rows,
    hasNextPage: () => (backwards ? (oldest ? exists({ olderThan: oldest }) : false) : more),
    hasPreviousPage: () => (backwards ? more : newest ? exists({ newerThan: newest }) : false),
    totalCount: count,
  };
}

function pageSize(name: string, size: number | null | undefined): number {
  const wanted = size ?? 20;
  if (wanted >= 1 && wanted <= largestPage) return wanted;
  throw badInput([{ path: [name], message: `Expected a whole number from 1 to ${largestPage}.` }]);
}

// `OR` alone would be right; the condition on `startedAt` is for PostgreSQL. Without it, PostgreSQL reads the index
// from its beginning instead of from the cursor, and the last page of a million rows takes as long as reading the
// million.
const isOlder = ({ startedAt, id }: Key) => ({
  startedAt: { lte: startedAt },
  OR: [{ startedAt: { lt: startedAt } }, { startedAt, id: { lt: id } }],
});

const isNewer = ({ startedAt, id }: Key) => ({
  startedAt: { gte: startedAt },
  OR: [{ startedAt: { gt: startedAt } }, { startedAt, id: { gt: id } }],
});

export function writeCursor({ startedAt, id }: Key): string {
  return Buffer.from(`${startedAt.getTime()} ${id}`).toString('base64url');
}

function readCursor(name: string, cursor: string | null | undefined): Key | undefined {
  if (cursor === null || cursor === undefined) return undefined;
  const match = /^(-?\d{1,15}) (\S{36})$/.exec(Buffer.from(cursor, 'base64url').toString());
  const startedAt = new Date(Number(match?.[1]));
  // A forged cursor may have this form, too, but with a time or an id that PostgreSQL does not accept.
  if (match && hasYear(startedAt) && isId(match[2]!)) return { startedAt, id: match[2]! };
  throw badInput([
    { path: [name], message: `"${cursor}" is not a cursor; expected one that this list has given.` },
  ]);
}

/** The time bounds of a filter as a condition. Both ends are exclusive. */
export function startedWithin(
  filter:
    | { startedAfter?: Date | null | undefined; startedBefore?: Date | null | undefined }
    | null
    | undefined,
): { startedAt?: { gt?: Date; lt?: Date } } {
  const { startedAfter: gt, startedBefore: lt } = filter ?? {};
  return gt || lt ? { startedAt: { ...(gt && { gt }), ...(lt && { lt }) } } : {};
}

type Arg = Parameters<Parameters<typeof builder.queryField>[1]>[0]['arg'];

/** The arguments of every connection. */
export const connectionArgs = (arg: Arg) => ({
  first: arg.int({
    defaultValue: 20,
    description: 'This many items, beginning with the newest or right after the cursor `after`: 1 to 100.',
  }),
  after: arg.string({ description: 'Only items older than this cursor.' }),
  last: arg.int({
    description:
      'Instead of `first`: this many items, ending with the oldest or right before the cursor `before`: 1 to 100.',
  }),
  before: arg.string({ description: 'Only items newer than this cursor.' }),
});

export const PageInfo = builder.objectRef<KeysetPage<Key>>('PageInfo').implement({
  description: 'The position of a page in the whole list.',
  fields: (t) => ({
    hasNextPage: t.boolean({
      description: 'Whether there are older items after this page.',
      resolve: (page) => page.hasNextPage(),
    }),
    hasPreviousPage: t.boolean({
      description: 'Whether there are newer items before this page.',
      resolve: (page) => page.hasPreviousPage(),
    }),
    startCursor: t.string({
      description: 'The cursor of the page’s first item.',
      nullable: true,
      resolve: ({ rows }) => (rows[0] ? writeCursor(rows[0]) : null),
    }),
    endCursor: t.string({
      description: 'The cursor of the page’s last item.',
      nullable: true,
      resolve: ({ rows }) => (rows.length > 0 ? writeCursor(rows.at(-1)!) : null),
    }),
  }),
});

export const searchText =
  'The event’s label, description or metadata must contain all of these words. Whole words match, in upper or lower case.';
