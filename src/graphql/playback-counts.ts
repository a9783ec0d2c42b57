import { z } from 'zod';
import { type PlaybackCounts as Counts, countPlaybacks } from '../db/playback-counts.ts';
import { filterId, validate, wholeNumber } from '../usecases/input.ts';
import { builder } from './builder.ts';
import { EventType } from './enums.ts';
import { PlaybackFilter } from './playback-lists.ts';

const PlaybackCounts = builder.objectRef<Counts>('PlaybackCounts').implement({
  description: 'How many playbacks of a camera and an event type started in each stretch of time.',
  fields: (t) => ({
    cameraId: t.exposeID('cameraId', { description: 'The camera’s id.' }),
    eventType: t.expose('eventType', {
      type: EventType,
      nullable: true,
      description: 'The type of their events; null for recordings by hand.',
    }),
    counts: t.exposeIntList('counts', {
      description: 'A number for each stretch of time, the earliest first.',
    }),
  }),
});

const rules = z
  .object({ from: z.date(), to: z.date(), buckets: wholeNumber(1, 500).default(100) })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'Expected a time after `from`.' });

builder.queryField('playbackCounts', (t) =>
  t.field({
    type: [PlaybackCounts],
    description:
      'Counts playbacks by when they started: the time between `from` and `to` is cut into equal stretches. Cameras and event types without any are left out.',
    args: {
      filter: t.arg({ type: PlaybackFilter, description: 'Which playbacks; all if left out.' }),
      from: t.arg({ type: 'DateTime', required: true, description: 'When the first stretch begins.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'When the last stretch ends.' }),
      buckets: t.arg.int({ defaultValue: 100, description: 'The number of stretches: 1 to 500.' }),
    },
    resolve: (_root, { filter, ...args }, { db, caller }) => {
      const stretches = validate(rules, args, []);
      const counted = {
        ...filter,
        eventId: filterId('eventId', filter?.eventId),
        cameraId: filterId('cameraId', filter?.cameraId),
      };
      return countPlaybacks(db, counted, stretches, caller);
    },
  }),
);
