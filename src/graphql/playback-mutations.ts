import { deletePlayback } from '../usecases/delete-playback.ts';
import { retryPlayback } from '../usecases/retry-playback.ts';
import { startRecording } from '../usecases/start-recording.ts';
import { stopRecording } from '../usecases/stop-recording.ts';
import { builder } from './builder.ts';
import {
  DeletePlaybackPayload,
  RetryPlaybackPayload,
  StartRecordingInput,
  StartRecordingPayload,
  StopRecordingPayload,
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
      'Deletes the playback and its objects in the store. A running recording is stopped first. Safe to repeat.',
    args: { id: t.arg.id(idArg) },
    resolve: (_root, { id }, context) => deletePlayback(context, context.caller, id),
  }),
  retryPlayback: t.field({
    type: RetryPlaybackPayload,
    description: 'Makes the clip of a FAILED playback whose footage is still on the server’s disk.',
    args: { id: t.arg.id(idArg) },
    resolve: (_root, { id }, context) => retryPlayback(context, context.caller, id),
  }),
}));
