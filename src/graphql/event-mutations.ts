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
      'Something happens at a camera. Where its type is recorded, the recording has begun when this answers.',
    args: { input: t.arg({ type: CreateEventInput, required: true, description: 'The event.' }) },
    resolve: (_root, { input }, context) => createEvent(context, context.caller, input),
  }),
  endEvent: t.field({
    type: EndEventPayload,
    description:
      'The event is over: its recording stops, is finished and put into the store in the background.',
    args: { input: t.arg({ type: EndEventInput, required: true, description: 'The end.' }) },
    resolve: (_root, { input }, context) => endEvent(context, context.caller, input),
  }),
  renewEvent: t.field({
    type: RenewEventPayload,
    description: 'The event goes on: its lease runs from now. CONFLICT once it has ended.',
    args: { input: t.arg({ type: RenewEventInput, required: true, description: 'The new lease.' }) },
    resolve: async (_root, { input }, context) => ({
      event: await renewEvent(context, context.caller, input),
      playback: undefined,
    }),
  }),
}));
