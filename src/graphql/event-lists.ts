import { queryFromInfo } from '@pothos/plugin-prisma';
import { eventConditions } from '../db/event-filter.ts';
import { eventsWithWords, withWords, wordsOf } from '../db/search.ts';
import { visibleEvents } from '../db/visible.ts';
import type { Event as EventRow, Prisma } from '../generated/prisma/client.ts';
import { filterId } from '../usecases/input.ts';
import { builder } from './builder.ts';
import { EventType } from './enums.ts';
import { Event } from './event.ts';
import {
  connectionArgs,
  type KeysetPage,
  PageInfo,
  prismaQuery,
  readPage,
  searchText,
  startedWithin,
  writeCursor,
} from './keyset.ts';

const EventFilter = builder.inputType('EventFilter', {
  description: 'Which events. An event must meet all conditions that are given.',
  fields: (t) => ({
    cameraId: t.id({ description: 'Events of this camera.' }),
    type: t.field({ type: [EventType], description: 'Events of one of these types.' }),
    open: t.boolean({ description: 'true: only open events; false: only events that have ended.' }),
    startedAfter: t.field({ type: 'DateTime', description: 'Events that started after this time.' }),
    startedBefore: t.field({ type: 'DateTime', description: 'Events that started before this time.' }),
    search: t.string({ description: searchText }),
  }),
});

type Filter = typeof EventFilter.$inferInput | null | undefined;

function toWhere(filter: Filter, words: readonly string[] | undefined): Prisma.EventWhereInput {
  const cameraId = filterId('cameraId', filter?.cameraId);
  const { open } = filter ?? {};
  return {
    ...(cameraId && { cameraId }),
    ...(filter?.type && { type: { in: filter.type } }),
    ...(typeof open === 'boolean' && { endedAt: open ? null : { not: null } }),
    ...startedWithin(filter),
    ...(words && withWords(words)),
  };
}

const EventEdge = builder.objectRef<EventRow>('EventEdge').implement({
  description: 'An event in a connection, with its cursor.',
  fields: (t) => ({
    cursor: t.string({ description: 'The event’s position in the list.', resolve: writeCursor }),
    node: t.field({ type: Event, description: 'The event.', resolve: (event) => event }),
  }),
});

const EventConnection = builder.objectRef<KeysetPage<EventRow>>('EventConnection').implement({
  description: 'Events, newest first, paged by cursor.',
  fields: (t) => ({
    edges: t.field({
      type: [EventEdge],
      description: 'The page’s events with their cursors.',
      resolve: (page) => page.rows,
    }),
    nodes: t.field({ type: [Event], description: 'The page’s events.', resolve: (page) => page.rows }),
    pageInfo: t.field({ type: PageInfo, description: 'The position of the page.', resolve: (page) => page }),
    totalCount: t.int({
      description: 'The number of all events that match. Selecting it costs a count.',
      resolve: (page) => page.totalCount(),
    }),
  }),
});

builder.queryFields((t) => ({
  events: t.field({
    type: EventConnection,
    description: 'Events, newest first, paged by cursor.',
    args: {
      filter: t.arg({ type: EventFilter, description: 'Which events; all if left out.' }),
      ...connectionArgs(t.arg),
    },
    resolve: async (_root, { filter, ...args }, context, info) => {
      const { db, caller } = context;
      const words = filter?.search ? await wordsOf(db, filter.search) : undefined;
      const where = { AND: [toWhere(filter, words), visibleEvents(context)] };
      const selection = queryFromInfo({
        context,
        info,
        typeName: 'Event',
        paths: [['nodes'], ['edges', 'node']],
      }) as Prisma.EventDefaultArgs;
      return readPage<EventRow>(
        args,
        async (part) => {
          const { orderBy, ...query } = prismaQuery(part);
          if (!words)
            return db.event.findMany({
              ...selection,
              ...query,
              orderBy,
              where: { AND: [where, query.where] },
            });
          const ids = await eventsWithWords(db, words, eventConditions(filter ?? {}, caller), part);
          return db.event.findMany({ ...selection, where: { id: { in: ids } }, orderBy });
        },
        () => db.event.count({ where }),
      );
    },
  }),
}));
