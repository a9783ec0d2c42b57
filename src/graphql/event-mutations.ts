import { createEvent } from '../usecases/create-event.ts';
import { endEvent } from '../usecases/end-event.ts';
import { renewEvent } from '../usecases/renew-event.ts';
import { builder } from './builder.ts';
import {
  CreateEventInput,
  CreateEventPayload,
  EndEventInput,
  EndEventPayload,
  RenewEventInput,
  RenewEventPayload,
} from './event-inputs.ts';

builder.mutationFields((t) => ({
  createEvent: t.field({
    type: CreateEventPayload,
    description:
      'Reports an event at a camera. If the camera records its type, the recording has begun when the answer is sent.',
    args: { input: t.arg({ type: CreateEventInput, required: true, description: 'The event.' }) },
    resolve: (_root, { input }, context) => createEvent(context, context.caller, input),
  }),
  endEvent: t.field({
    type: EndEventPayload,
    description:
      'Ends an event. Its recording stops; in the background, the clip is made and put into the store.',
    args: { input: t.arg({ type: EndEventInput, required: true, description: 'The end.' }) },
    resolve: (_root, { input }, context) => endEvent(context, context.caller, input),
  }),
  renewEvent: t.field({
    type: RenewEventPayload,
    description: 'Renews the lease of an open event, from now on. CONFLICT if the event has ended.',
    args: { input: t.arg({ type: RenewEventInput, required: true, description: 'The new lease.' }) },
    resolve: async (_root, { input }, context) => ({
      event: await renewEvent(context, context.caller, input),
      playback: undefined,
    }),
  }),
}));
