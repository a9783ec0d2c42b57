import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import { z } from 'zod';
import { playbackConditions } from '../db/playback-filter.ts';
import { type Gap, inGap, inGaps, readGaps } from '../db/review-stretches.ts';
import { reviewedBy } from '../db/reviews.ts';
import { type Part, playbacksWithWords, withWords, wordsOf } from '../db/search.ts';
import { visiblePlaybacks } from '../db/visible.ts';
import type { Playback as PlaybackRow, Prisma } from '../generated/prisma/client.ts';
import { filterId, validate, wholeNumber } from '../usecases/input.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { EventType, RecordingStatus } from './enums.ts';
import {
  type ConnectionArgs,
  connectionArgs,
  type KeysetPage,
  PageInfo,
  prismaQuery,
  readPage,
  searchText,
  startedWithin,
  writeCursor,
} from './keyset.ts';
import { Playback } from './playback.ts';

export const PlaybackFilter = builder.inputType('PlaybackFilter', {
  description: 'Which playbacks. A playback must meet all conditions that are given.',
  fields: (t) => ({
    eventId: t.id({ description: 'Playbacks of this event.' }),
    cameraId: t.id({ description: 'Playbacks of this camera.' }),
    recordingStatus: t.field({
      type: [RecordingStatus],
      description: 'Playbacks with one of these statuses.',
    }),
    eventType: t.field({
      type: [EventType],
      description: 'Playbacks of events of one of these types. Recordings by hand have no type.',
    }),
    startedAfter: t.field({ type: 'DateTime', description: 'Playbacks that started after this time.' }),
    startedBefore: t.field({ type: 'DateTime', description: 'Playbacks that started before this time.' }),
    search: t.string({ description: searchText }),
    protected: t.boolean({
      description: 'true: only protected playbacks; false: only those that are not protected.',
    }),
    reviewed: t.boolean({
      description:
        'true: only playbacks that the caller has reviewed; false: only those that are still to be reviewed.',
    }),
  }),
});

type Filter = typeof PlaybackFilter.$inferInput | null | undefined;

/** The playbacks of a filter that the caller may see. */
interface List {
  readonly where: Prisma.PlaybackWhereInput;
  /** The words of the filter's search; undefined if it has none. */
  readonly words: readonly string[] | undefined;
  readonly filter: Filter;
  /** Only playbacks of this camera. */
  readonly ofCamera?: string | undefined;
}

async function listOf(filter: Filter, context: Context, ofCamera?: string): Promise<List> {
  const words = filter?.search ? await wordsOf(context.db, filter.search) : undefined;
  const within = ofCamera ? { cameraId: ofCamera } : {};
  const where = { AND: [toWhere(filter, words, context), within, visiblePlaybacks(context)] };
  return { where, words, filter, ofCamera };
}

function toWhere(
  filter: Filter,
  words: readonly string[] | undefined,
  { caller }: Context,
): Prisma.PlaybackWhereInput {
  const eventId = filterId('eventId', filter?.eventId);
  const cameraId = filterId('cameraId', filter?.cameraId);
  return {
    ...(eventId && { eventId }),
    ...(cameraId && { cameraId }),
    ...(filter?.recordingStatus && { recordingStatus: { in: filter.recordingStatus } }),
    ...((filter?.eventType || words) && {
      event: { ...(filter?.eventType && { type: { in: filter.eventType } }), ...(words && withWords(words)) },
    }),
    ...(typeof filter?.protected === 'boolean' && { protectedAt: filter.protected ? { not: null } : null }),
    ...(typeof filter?.reviewed === 'boolean' && reviewedBy(caller.name, filter.reviewed)),
    ...startedWithin(filter),
  };
}

/** Where the playbacks of a filter lie: all that is not reviewed lies between the stretches that are. */
const gapsFor = async (filter: Filter, { reviewStretches, db, caller }: Context): Promise<readonly Gap[]> =>
  filter?.reviewed === false ? reviewStretches.gaps(db, caller) : [{}];

/** Reads a list. If the list skips what is reviewed, notes how long the read took. */
async function timed<T>(
  { reviewStretches, caller }: Context,
  filter: Filter,
  read: () => Promise<T>,
): Promise<T> {
  if (filter?.reviewed !== false) return read();
  const startedAt = performance.now();
  const result = await read();
  reviewStretches.noteRead(caller, performance.now() - startedAt);
  return result;
}

/** Reads a part of a list. @param selection what Prisma reads of each playback */
async function readPart(
  { where, words, filter, ofCamera }: List,
  part: Part,
  selection: object,
  { db, caller }: Context,
): Promise<PlaybackRow[]> {
  const { orderBy, ...query } = prismaQuery(part);
  if (!words)
    return db.playback.findMany({
      ...selection,
      ...query,
      orderBy,
      where: { AND: [where, query.where, inGap(part)] },
    });
  const ids = await playbacksWithWords(db, words, playbackConditions(filter ?? {}, caller, ofCamera), part);
  return db.playback.findMany({ ...selection, where: { id: { in: ids } }, orderBy });
}

interface Page extends List {
  readonly page: number;
  readonly pageSize: number;
  /** Counts at the first call; later calls return the same number. */
  readonly total: () => Promise<number>;
}

const PlaybackPage = builder.objectRef<Page>('PlaybackPage').implement({
  description:
    'One numbered page, newest first. `total` and `totalPages` cost a count only when they are selected.',
  fields: (t) => ({
    items: t.prismaField({
      type: [Playback],
      description: 'The page’s playbacks.',
      resolve: (query, { page, pageSize, ...list }, _args, context) =>
        timed(context, list.filter, () =>
          readPart(
            list,
            { isOldestFirst: false, skip: (page - 1) * pageSize, take: pageSize },
            query,
            context,
          ),
        ),
    }),
    page: t.exposeInt('page', { description: 'The page’s number, from 1.' }),
    pageSize: t.exposeInt('pageSize', { description: 'The number of playbacks on a full page.' }),
    total: t.int({ description: 'The number of all playbacks that match.', resolve: ({ total }) => total() }),
    totalPages: t.int({
      description: 'The number of pages of all playbacks that match.',
      resolve: async ({ total, pageSize }) => Math.ceil((await total()) / pageSize),
    }),
  }),
});

const PlaybackEdge = builder.objectRef<PlaybackRow>('PlaybackEdge').implement({
  description: 'A playback in a connection, with its cursor.',
  fields: (t) => ({
    cursor: t.string({ description: 'The playback’s position in the list.', resolve: writeCursor }),
    node: t.field({ type: Playback, description: 'The playback.', resolve: (playback) => playback }),
  }),
});

const PlaybackConnection = builder.objectRef<KeysetPage<PlaybackRow>>('PlaybackConnection').implement({
  description: 'Playbacks, newest first, paged by cursor.',
  fields: (t) => ({
    edges: t.field({
      type: [PlaybackEdge],
      description: 'The page’s playbacks with their cursors.',
      resolve: (page) => page.rows,
    }),
    nodes: t.field({ type: [Playback], description: 'The page’s playbacks.', resolve: (page) => page.rows }),
    pageInfo: t.field({ type: PageInfo, description: 'The position of the page.', resolve: (page) => page }),
    totalCount: t.int({
      description: 'The number of all playbacks that match. Selecting it costs a count.',
      resolve: (page) => page.totalCount(),
    }),
  }),
});

async function readConnection(list: List, args: ConnectionArgs, context: Context, info: GraphQLResolveInfo) {
  const { filter, where } = list;
  const gaps = await gapsFor(filter, context);
  const selection = queryFromInfo({
    context,
    info,
    typeName: 'Playback',
    paths: [['nodes'], ['edges', 'node']],
  });
  return readPage<PlaybackRow>(
    args,
    (page) =>
      timed(context, filter, () =>
        readGaps(page.isOldestFirst ? gaps.toReversed() : gaps, page.take, (gap, take) =>
          readPart(list, { ...page, ...gap, take }, selection, context),
        ),
      ),
    () => context.db.playback.count({ where: { AND: [where, inGaps(gaps)] } }),
  );
}

const filterText = 'Which playbacks; all if left out.';

builder.queryFields((t) => ({
  playbacks: t.field({
    type: PlaybackPage,
    description: 'Playbacks, newest first, in numbered pages.',
    args: {
      filter: t.arg({ type: PlaybackFilter, description: filterText }),
      page: t.arg.int({ defaultValue: 1, description: 'The page’s number, from 1.' }),
      pageSize: t.arg.int({ defaultValue: 20, description: 'The number of playbacks on a page: 1 to 100.' }),
    },
    resolve: async (_root, { filter, ...args }, context) => {
      const { page, pageSize } = validate(pageRules, args, []);
      const list = await listOf(filter, context);
      const where = { AND: [list.where, inGaps(await gapsFor(filter, context))] };
      let count: Promise<number> | undefined;
      const total = () => {
        count ??= context.db.playback.count({ where });
        return count;
      };
      return { ...list, where, page, pageSize, total };
    },
  }),
  playbackConnection: t.field({
    type: PlaybackConnection,
    description: 'Playbacks, newest first, paged by cursor.',
    args: {
      filter: t.arg({ type: PlaybackFilter, description: filterText }),
      ...connectionArgs(t.arg),
    },
    resolve: async (_root, { filter, ...args }, context, info) =>
      readConnection(await listOf(filter, context), args, context, info),
  }),
}));

const pageRules = z.object({
  page: wholeNumber(1, 1_000_000).default(1),
  pageSize: wholeNumber(1, 100).default(20),
});

builder.prismaObjectField('Camera', 'playbacks', (t) =>
  t.field({
    type: PlaybackConnection,
    description: 'The camera’s playbacks, newest first.',
    args: {
      first: t.arg.int({ description: 'The number of playbacks: 1 to 100; 20 if left out.' }),
      after: t.arg.string({ description: 'Only playbacks older than this cursor.' }),
      filter: t.arg({ type: PlaybackFilter, description: filterText }),
    },
    resolve: async (camera, { filter, ...args }, context, info) =>
      readConnection(await listOf(filter, context, camera.id), args, context, info),
  }),
);
