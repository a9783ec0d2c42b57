import { z } from 'zod';
import { createPlayback, newPlayback, removePlaybacks } from '../db/playbacks.ts';
import { retry } from '../db/transitions.ts';
import { demand } from '../domain/caller.ts';
import { conflict } from '../domain/errors.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { badField, found, isId, longestSec, validate, wholeNumber } from './input.ts';
import { Playback } from './playback.ts';
import { visibleCameras, visiblePlaybacks } from './visible.ts';

/** Mutations on playbacks: recordings by hand, deleting, retrying. */

const StartRecordingInput = builder.inputType('StartRecordingInput', {
  description: 'A recording by hand.',
  fields: (t) => ({
    cameraId: t.id({ required: true, description: 'The camera to record.' }),
    durationSec: t.int({
      description:
        'It stops by itself after this many seconds: 1 to the camera’s maxDurationSec, which is also the default.',
    }),
  }),
});

const playbackPayload = (name: string, description: string) =>
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
const StartRecordingPayload = playbackPayload('StartRecordingPayload', 'The recording that was started.');
const StopRecordingPayload = playbackPayload('StopRecordingPayload', 'The recording that was stopped.');
const RetryPlaybackPayload = playbackPayload(
  'RetryPlaybackPayload',
  'The playback that is being finished again.',
);

const DeletePlaybackPayload = builder.objectRef<{ id: string }>('DeletePlaybackPayload').implement({
  description: 'What was deleted.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'The id of the playback that is gone.' }) }),
});

const visible = (id: string, context: Context) =>
  found('playback', id, (id) =>
    context.db.playback.findFirst({ where: { id, AND: [visiblePlaybacks(context)] } }),
  );

const idArg = { required: true, description: 'The playback’s id.' } as const;

builder.mutationFields((t) => ({
  startRecording: t.field({
    type: StartRecordingPayload,
    description: 'A recording by hand, without an event. It begins with the camera’s pre-roll.',
    args: { input: t.arg({ type: StartRecordingInput, required: true, description: 'What to record.' }) },
    resolve: async (_root, { input }, context) => {
      const { caller, db, now, recorder } = context;
      demand(caller, 'RECORD');
      const { durationSec } = validate(z.object({ durationSec: wholeNumber(1, longestSec).optional() }), {
        durationSec: input.durationSec,
      });
      const camera = await found('camera', input.cameraId, (id) =>
        db.camera.findFirst({ where: { id, AND: [visibleCameras(context)] } }),
      );
      if (durationSec && durationSec > camera.maxDurationSec) {
        throw badField(
          'durationSec',
          `Expected at most the camera’s maxDurationSec, ${camera.maxDurationSec}.`,
        );
      }
      const release = await recorder.admit({ cameraId: camera.id, by: caller.name });
      release();
      const startedAt = now();
      const deadlineAt = new Date(startedAt.getTime() + (durationSec ?? camera.maxDurationSec) * 1_000);
      const wanted = { cameraId: camera.id, startedAt, preRollSec: camera.preRollSec, deadlineAt };
      const playback = newPlayback(wanted);
      const isWritten = createPlayback(db, playback, startedAt).then(() => true);
      await recorder.begin(playback, camera, { by: caller.name, isWritten });
      return playback;
    },
  }),
  stopRecording: t.field({
    type: StopRecordingPayload,
    description: 'Stops a recording now, whether it was started by hand or by an event. Safe to repeat.',
    args: { playbackId: t.arg.id(idArg) },
    resolve: async (_root, { playbackId }, context) => {
      demand(context.caller, 'RECORD');
      const { recorder } = context;
      const playback = await visible(playbackId, context);
      if (playback.endReason !== 'STOPPED') await recorder.stopByHand(playback);
      return playback;
    },
  }),
  deletePlayback: t.field({
    type: DeletePlaybackPayload,
    description:
      'Removes the row and every object of it; safe to repeat. A recording that runs is stopped first.',
    args: { id: t.arg.id(idArg) },
    resolve: async (_root, { id }, context) => {
      const { caller, db, playbacks } = context;
      demand(caller, 'RECORD');
      // One that the caller may not see is as good as gone.
      const where = { id, AND: [visiblePlaybacks(context)] };
      const playback = isId(id) ? await db.playback.findFirst({ where, select: { id: true } }) : null;
      if (!playback) return { id };
      await playbacks.discard(playback.id);
      await db.$transaction((tx) => removePlaybacks(tx, { id: playback.id }));
      // It may have been taken up once more while its row was still there.
      await playbacks.discard(playback.id);
      playbacks.removed();
      return playback;
    },
  }),
  retryPlayback: t.field({
    type: RetryPlaybackPayload,
    description: 'Takes up a FAILED playback again whose footage is still held locally.',
    args: { id: t.arg.id(idArg) },
    resolve: async (_root, { id }, context) => {
      const { caller, db, now, playbacks } = context;
      demand(caller, 'RECORD');
      const playback = await visible(id, context);
      if (playback.recordingStatus !== 'FAILED') {
        throw conflict(
          `The playback ${id} is ${playback.recordingStatus}; only one that is FAILED can be retried.`,
        );
      }
      if (!(await playbacks.holdsFootage(playback.id))) {
        throw conflict(`The playback ${id} cannot be retried: no footage of it is held.`);
      }
      await retry(db, playback.id, now());
      return playback;
    },
  }),
}));
