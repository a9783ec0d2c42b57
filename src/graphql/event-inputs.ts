import type { RecordedEvent } from '../db/events.ts';
import type { EndedEvent } from '../usecases/end-event.ts';
import { builder } from './builder.ts';
import { EventType } from './enums.ts';
import { Event } from './event.ts';
import { Playback } from './playback.ts';

/** Inputs and payloads of the mutations on events. */

export const CreateEventInput = builder.inputType('CreateEventInput', {
  description: 'An event at a camera.',
  fields: (t) => ({
    cameraId: t.id({ required: true, description: 'The camera.' }),
    type: t.field({
      type: EventType,
      required: true,
      description: 'What happened. The type decides whether the event is recorded.',
    }),
    label: t.string({ description: 'What happened, in a word or two: 1 to 200 characters.' }),
    description: t.string({ description: 'What happened, as text: 1 to 2000 characters.' }),
    metadata: t.field({
      type: 'JSON',
      description: 'Any further data to keep with the event: at most 64 KiB as JSON, and 32 levels deep.',
    }),
    startedAt: t.field({
      type: 'DateTime',
      description:
        'When it happened; now if left out. It may lie in the past by at most the camera’s pre-roll.',
    }),
    idempotencyKey: t.string({
      description:
        'A repeated call with the same key and camera returns the same event, and nothing is recorded twice. 1 to 200 characters.',
    }),
    leaseSec: t.int({
      description:
        'The event ends this many seconds after createEvent or the last renewEvent, unless endEvent comes first: 1 to 86400.',
    }),
  }),
});

export const EndEventInput = builder.inputType('EndEventInput', {
  description: 'The end of an event.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The event’s id.' }),
    endedAt: t.field({
      type: 'DateTime',
      description: 'When the event ended, not before it started; now if left out.',
    }),
  }),
});

export const RenewEventInput = builder.inputType('RenewEventInput', {
  description: 'A new lease for an open event.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The event’s id.' }),
    leaseSec: t.int({
      required: true,
      description: 'The event ends after this many seconds from now unless it is renewed again: 1 to 86400.',
    }),
  }),
});

/** Answers from the row that was just written or read. Only selected fields that this row does not have are read again. */
const eventPayload = (name: string, description: string) =>
  builder.objectRef<RecordedEvent | EndedEvent>(name).implement({
    description,
    fields: (t) => ({
      event: t.field({ type: Event, description: 'The event.', resolve: ({ event }) => event }),
    }),
  });

const withPlayback = (payload: ReturnType<typeof eventPayload>) =>
  builder.objectField(payload, 'playback', (t) =>
    t.field({
      type: Playback,
      nullable: true,
      description: 'The event’s recording; null if the camera does not record this type.',
      resolve: ({ playback }) => (typeof playback === 'function' ? playback() : playback),
    }),
  );

export const CreateEventPayload = eventPayload('CreateEventPayload', 'The event, and its recording.');
export const EndEventPayload = eventPayload(
  'EndEventPayload',
  'The ended event. A repeated call returns the same.',
);
export const RenewEventPayload = eventPayload('RenewEventPayload', 'The event with its new lease.');
withPlayback(CreateEventPayload);
withPlayback(EndEventPayload);
