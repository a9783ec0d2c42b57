import { visibleCameras, visiblePlaybacks } from '../db/visible.ts';
import { maySeeCamera, seesOnlyOwn } from '../domain/caller.ts';
import { visiblePlayback } from '../usecases/find-visible.ts';
import { badField, filterId, found } from '../usecases/input.ts';
import { builder } from './builder.ts';
import { Camera } from './camera.ts';
import { Playback, PlaybackTransition } from './playback.ts';
import { PlaybackFilter } from './playback-lists.ts';
import { readPosition } from './position.ts';

builder.subscriptionFields((t) => ({
  playbackStatusChanged: t.field({
    type: PlaybackTransition,
    description: [
      'Transitions of the playbacks that match, in order for each playback, and complete. Without `after`, first the',
      'newest transition of every matching playback that is not COMPLETED or FAILED, then each transition as it',
      'happens. If the filter names one event, the first part includes playbacks of that event with any status. With',
      '`after`, first every transition since that cursor, then each transition as it happens.',
    ].join('\n'),
    args: {
      filter: t.arg({
        type: PlaybackFilter,
        description: 'Which playbacks. A status in the filter means the new status of the transition.',
      }),
      after: t.arg.string({ description: 'The last cursor that the client received.' }),
    },
    subscribe: (_root, { filter, after }, { caller, transitions }) => {
      if (filter?.search) throw badField('search', 'Lists can be searched; transitions cannot.');
      if (typeof filter?.protected === 'boolean')
        throw badField('protected', 'Lists can be filtered by protection; transitions cannot.');
      if (typeof filter?.reviewed === 'boolean')
        throw badField('reviewed', 'Lists can be filtered by reviewed marks; transitions cannot.');
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
    description: 'First the present state of each camera, then each change. Without an id, of all cameras.',
    args: { cameraId: t.arg.id({ description: 'Only this camera.' }) },
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
  playbackOffsiteChanged: t.prismaField({
    type: Playback,
    description: [
      'First each running recording of which the bucket holds footage, then each whenever it holds more (see',
      '`offsiteUntil`), at most once a second. Without an id, all recordings.',
    ].join('\n'),
    args: { playbackId: t.arg.id({ description: 'Only this playback.' }) },
    subscribe: async (_root, { playbackId }, { caller, db, offsiteChanges }) => {
      const only = playbackId && (await visiblePlayback(db, caller, playbackId));
      return offsiteChanges.subscribe((id) => !only || id === only.id) as unknown as AsyncIterable<never>;
    },
    // A camera or playback that the caller may not see is not found, and so left out.
    resolve: (query, id: unknown, _args, context) =>
      found('playback', id as string, (id) =>
        context.db.playback.findFirst({ ...query, where: { id, AND: [visiblePlaybacks(context)] } }),
      ),
  }),
}));
