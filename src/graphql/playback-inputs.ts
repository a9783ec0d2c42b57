import { builder } from './builder.ts';
import { Playback } from './playback.ts';

/** Inputs and payloads of the mutations on playbacks. */

export const StartRecordingInput = builder.inputType('StartRecordingInput', {
  description: 'A recording that is started by hand.',
  fields: (t) => ({
    cameraId: t.id({ required: true, description: 'The camera to record.' }),
    durationSec: t.int({
      description:
        'The recording stops after this many seconds: 1 to the camera’s maxDurationSec, which is also the default.',
    }),
  }),
});

export const playbackPayload = (name: string, description: string) =>
  builder.objectRef<{ id: string }>(name).implement({
    description,
    fields: (t) => ({
      playback: t.prismaField({
        type: Playback,
        description: 'The playback.',
        resolve: (query, { id }, _args, { db }) => db.playback.findUniqueOrThrow({ ...query, where: { id } }),
      }),
    }),
  });
export const StartRecordingPayload = playbackPayload(
  'StartRecordingPayload',
  'The recording that has begun.',
);
export const StopRecordingPayload = playbackPayload(
  'StopRecordingPayload',
  'The recording that was stopped.',
);
export const RetryPlaybackPayload = playbackPayload(
  'RetryPlaybackPayload',
  'The playback, whose clip is being made again.',
);

export const ProtectPlaybackPayload = playbackPayload('ProtectPlaybackPayload', 'The protected playback.');
export const UnprotectPlaybackPayload = playbackPayload(
  'UnprotectPlaybackPayload',
  'The playback, which is no longer protected.',
);

export const ReviewPlaybacksPayload = builder
  .objectRef<{ ids: string[] }>('ReviewPlaybacksPayload')
  .implement({
    description: 'The playbacks whose marks are as they were wanted.',
    fields: (t) => ({
      playbacks: t.prismaField({
        type: [Playback],
        description: 'The playbacks, newest first. Those that are gone are left out.',
        resolve: (query, { ids }, _args, { db }) =>
          db.playback.findMany({
            ...query,
            where: { id: { in: ids } },
            orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
          }),
      }),
    }),
  });

export const DeletePlaybackPayload = builder.objectRef<{ id: string }>('DeletePlaybackPayload').implement({
  description: 'The deleted playback.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'The id of the deleted playback.' }) }),
});
