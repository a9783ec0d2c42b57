import { deletePlayback } from '../usecases/delete-playback.ts';
import { protectPlayback } from '../usecases/protect-playback.ts';
import { retryPlayback } from '../usecases/retry-playback.ts';
import { reviewPlaybacks } from '../usecases/review-playbacks.ts';
import { startRecording } from '../usecases/start-recording.ts';
import { stopRecording } from '../usecases/stop-recording.ts';
import { unprotectPlayback } from '../usecases/unprotect-playback.ts';
import { builder } from './builder.ts';
import {
  DeletePlaybackPayload,
  ProtectPlaybackPayload,
  RetryPlaybackPayload,
  ReviewPlaybacksPayload,
  StartRecordingInput,
  StartRecordingPayload,
  StopRecordingPayload,
  UnprotectPlaybackPayload,
} from './playback-inputs.ts';

const idArg = { required: true, description: 'The playback’s id.' } as const;

builder.mutationFields((t) => ({
  startRecording: t.field({
    type: StartRecordingPayload,
    description: 'Starts a recording by hand, without an event. It begins with the camera’s pre-roll.',
    args: { input: t.arg({ type: StartRecordingInput, required: true, description: 'What to record.' }) },
    resolve: (_root, { input }, context) => startRecording(context, context.caller, input),
  }),
  stopRecording: t.field({
    type: StopRecordingPayload,
    description: 'Stops a recording now, whether it was started by hand or by an event. Safe to repeat.',
    args: { playbackId: t.arg.id(idArg) },
    resolve: (_root, { playbackId }, context) => stopRecording(context, context.caller, playbackId),
  }),
  deletePlayback: t.field({
    type: DeletePlaybackPayload,
    description:
      'Deletes the playback and its objects in the store. A running recording is stopped first. Safe to repeat. CONFLICT if it is protected.',
    args: { id: t.arg.id(idArg) },
    resolve: (_root, { id }, context) => deletePlayback(context, context.caller, id),
  }),
  retryPlayback: t.field({
    type: RetryPlaybackPayload,
    description: 'Makes the clip of a FAILED playback whose footage is still on the server’s disk.',
    args: { id: t.arg.id(idArg) },
    resolve: (_root, { id }, context) => retryPlayback(context, context.caller, id),
  }),
  protectPlayback: t.field({
    type: ProtectPlaybackPayload,
    description:
      'Protects a playback, with any status: nothing deletes it until unprotectPlayback. If it is protected already, its reason is replaced.',
    args: {
      id: t.arg.id(idArg),
      reason: t.arg.string({ required: true, description: 'Why it is kept: 1 to 500 characters.' }),
    },
    resolve: (_root, args, context) => protectPlayback(context, context.caller, args),
  }),
  unprotectPlayback: t.field({
    type: UnprotectPlaybackPayload,
    description: 'Lifts the protection of a playback. Retention may then delete it. Safe to repeat.',
    args: { id: t.arg.id(idArg) },
    resolve: (_root, { id }, context) => unprotectPlayback(context, context.caller, id),
  }),
  reviewPlaybacks: t.field({
    type: ReviewPlaybacksPayload,
    description:
      'Marks playbacks as reviewed, or takes the marks back. The marks are the caller’s: keys of one name share them, and every role may set its own. Safe to repeat.',
    args: {
      ids: t.arg.idList({ required: true, description: 'The playbacks’ ids: 1 to 100.' }),
      reviewed: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'false: takes the marks back.',
      }),
    },
    resolve: (_root, args, context) => reviewPlaybacks(context, context.caller, args),
  }),
}));
