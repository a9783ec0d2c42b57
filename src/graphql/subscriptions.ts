import { visibleCameras } from '../db/visible.ts';
import { maySeeCamera, seesOnlyOwn } from '../domain/caller.ts';
import { badField, filterId, found } from '../usecases/input.ts';
import { builder } from './builder.ts';
import { Camera } from './camera.ts';
import { PlaybackTransition } from './playback.ts';
import { PlaybackFilter } from './playback-lists.ts';
import { readPosition } from './position.ts';

builder.subscriptionFields((t) => ({
  playbackStatusChanged: t.field({
    type: PlaybackTransition,
    description: [
      'Transitions of the playbacks that match. Without `after`, the newest transition of every matching playback',
      'that is not yet COMPLETED or FAILED comes first (and, where the filter names one event, of its playbacks',
      'whatever their status), then each transition as it happens. With `after`, every transition since that cursor,',
      'then live. In order per playback, none left out.',
    ].join('\n'),
    args: {
      filter: t.arg({
        type: PlaybackFilter,
        description: 'Which playbacks; the status is the one moved to.',
      }),
      after: t.arg.string({ description: 'The last cursor seen.' }),
    },
    subscribe: (_root, { filter, after }, { caller, transitions }) => {
      if (filter?.search) throw badField('search', 'Lists can be searched; transitions cannot.');
      const eventId = filterId('eventId', filter?.eventId);
      const cameraId = filterId('cameraId', filter?.cameraId);
      const position = after === null || after === undefined ? undefined : readPosition(after);
      const seen = {
        cameraIds: caller.cameraIds,
        createdByKey: seesOnlyOwn(caller) ? caller.name : undefined,
      };
      return transitions.subscribe({ ...filter, eventId, cameraId, ...seen }, position);
    },
    resolve: (transition) => transition,
  }),
  cameraStateChanged: t.prismaField({
    type: Camera,
    description: 'The camera’s present state first, then each change; of all cameras where no id is given.',
    args: { cameraId: t.arg.id({ description: 'Of this camera alone.' }) },
    subscribe: async (_root, { cameraId }, context) => {
      const { caller, db, cameraStates } = context;
      const camera =
        cameraId &&
        (await found('camera', cameraId, (id) =>
          db.camera.findFirst({ where: { id, AND: [visibleCameras(context)] } }),
        ));
      const isWanted = (id: string) => (!camera || id === camera.id) && maySeeCamera(caller, id);
      return cameraStates.subscribe(isWanted) as unknown as AsyncIterable<never>;
    },
    resolve: (query, id: unknown, _args, { db }) =>
      found('camera', id as string, (id) => db.camera.findUnique({ ...query, where: { id } })),
  }),
}));
