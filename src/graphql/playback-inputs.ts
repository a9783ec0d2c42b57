import { builder } from './builder.ts';
import { Playback } from './playback.ts';

/** What mutations on playbacks take and answer. */

export const StartRecordingInput = builder.inputType('StartRecordingInput', {
  description: 'A recording by hand.',
  fields: (t) => ({
    cameraId: t.id({ required: true, description: 'The camera to record.' }),
    durationSec: t.int({
      description:
        'It stops by itself after this many seconds: 1 to the camera’s maxDurationSec, which is also the default.',
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
  'The recording that was started.',
);
export const StopRecordingPayload = playbackPayload(
  'StopRecordingPayload',
  'The recording that was stopped.',
);
export const RetryPlaybackPayload = playbackPayload(
  'RetryPlaybackPayload',
  'The playback that is being finished again.',
);

export const DeletePlaybackPayload = builder.objectRef<{ id: string }>('DeletePlaybackPayload').implement({
  description: 'What was deleted.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'The id of the playback that is gone.' }) }),
});
