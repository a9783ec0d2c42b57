import { queryFromInfo } from '@pothos/plugin-prisma';
import { eventsWithWords } from '../db/search.ts';
import { visibleEvents } from '../db/visible.ts';
import type { Event as EventRow, Prisma } from '../generated/prisma/client.ts';
import { filterId } from '../usecases/input.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { EventType } from './enums.ts';
import { Event } from './event.ts';
import {
  connectionArgs,
  type KeysetPage,
  PageInfo,
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

async function toWhere(
  filter: typeof EventFilter.$inferInput | null | undefined,
  { db }: Context,
): Promise<Prisma.EventWhereInput> {
  const cameraId = filterId('cameraId', filter?.cameraId);
  const { open } = filter ?? {};
  return {
    ...(cameraId && { cameraId }),
    ...(filter?.type && { type: { in: filter.type } }),
    ...(typeof open === 'boolean' && { endedAt: open ? null : { not: null } }),
    ...startedWithin(filter),
    ...(filter?.search && (await eventsWithWords(db, filter.search))),
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
      const { db } = context;
      const where = { AND: [await toWhere(filter, context), visibleEvents(context)] };
      const selection = queryFromInfo({
        context,
        info,
        typeName: 'Event',
        paths: [['nodes'], ['edges', 'node']],
      }) as Prisma.EventDefaultArgs;
      return readPage<EventRow>(
        args,
        (page) => db.event.findMany({ ...selection, ...page, where: { AND: [where, page.where] } }),
        () => db.event.count({ where }),
      );
    },
  }),
}));
