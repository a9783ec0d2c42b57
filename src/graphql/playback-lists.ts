import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import { z } from 'zod';
import { reviewedBy } from '../db/reviews.ts';
import { eventsWithWords } from '../db/search.ts';
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

async function toWhere(filter: Filter, { db, caller }: Context): Promise<Prisma.PlaybackWhereInput> {
  const eventId = filterId('eventId', filter?.eventId);
  const cameraId = filterId('cameraId', filter?.cameraId);
  return {
    ...(eventId && { eventId }),
    ...(cameraId && { cameraId }),
    ...(filter?.recordingStatus && { recordingStatus: { in: filter.recordingStatus } }),
    ...((filter?.eventType || filter?.search) && {
      event: {
        ...(filter.eventType && { type: { in: filter.eventType } }),
        ...(filter.search && (await eventsWithWords(db, filter.search))),
      },
    }),
    ...(typeof filter?.protected === 'boolean' && { protectedAt: filter.protected ? { not: null } : null }),
    ...(typeof filter?.reviewed === 'boolean' && reviewedBy(caller.name, filter.reviewed)),
    ...startedWithin(filter),
  };
}

interface Page {
  readonly where: Prisma.PlaybackWhereInput;
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
      resolve: (query, { where, page, pageSize }, _args, { db }) =>
        db.playback.findMany({
          ...query,
          where,
          orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
          skip: (page - 1) * pageSize,
          take: pageSize,
        }),
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

function readConnection(
  filter: Prisma.PlaybackWhereInput,
  args: ConnectionArgs,
  context: Context,
  info: GraphQLResolveInfo,
) {
  const { db } = context;
  const where = { AND: [filter, visiblePlaybacks(context)] };
  const selection = queryFromInfo({
    context,
    info,
    typeName: 'Playback',
    paths: [['nodes'], ['edges', 'node']],
  }) as Prisma.PlaybackDefaultArgs;
  return readPage<PlaybackRow>(
    args,
    (page) => db.playback.findMany({ ...selection, ...page, where: { AND: [where, page.where] } }),
    () => db.playback.count({ where }),
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
      const where = { AND: [await toWhere(filter, context), visiblePlaybacks(context)] };
      let count: Promise<number> | undefined;
      const total = () => {
        count ??= context.db.playback.count({ where });
        return count;
      };
      return { where, page, pageSize, total };
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
      readConnection(await toWhere(filter, context), args, context, info),
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
      readConnection({ AND: [await toWhere(filter, context), { cameraId: camera.id }] }, args, context, info),
  }),
);
