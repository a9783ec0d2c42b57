import type { RecordedEvent } from '../db/events.ts';
import { builder } from './builder.ts';
import { EventType } from './enums.ts';
import { Event } from './event.ts';
import { Playback } from './playback.ts';

/** What mutations on events take and answer. */

export const CreateEventInput = builder.inputType('CreateEventInput', {
  description: 'Something that happens at a camera.',
  fields: (t) => ({
    cameraId: t.id({ required: true, description: 'Where it happens.' }),
    type: t.field({
      type: EventType,
      required: true,
      description: 'What happens; decides whether it is recorded.',
    }),
    label: t.string({ description: 'What happens, in a word or two: 1 to 200 characters.' }),
    description: t.string({ description: 'What happens, in words: 1 to 2000 characters.' }),
    metadata: t.field({
      type: 'JSON',
      description: 'Whatever is to be kept with it: at most 64 KiB as JSON, and 32 levels deep.',
    }),
    startedAt: t.field({
      type: 'DateTime',
      description: 'When it happened; now if left out. In the past as far as the camera’s pre-roll reaches.',
    }),
    idempotencyKey: t.string({
      description:
        'Same key, same camera: the same event comes back and nothing is recorded twice. 1 to 200 characters.',
    }),
    leaseSec: t.int({
      description:
        'The recording stops this long after creation, or after the last renewEvent, unless endEvent comes first: 1 to 86400.',
    }),
  }),
});

export const EndEventInput = builder.inputType('EndEventInput', {
  description: 'The end of an event.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The event’s id.' }),
    endedAt: t.field({
      type: 'DateTime',
      description: 'When it ended, not before it started; now if left out.',
    }),
  }),
});

export const RenewEventInput = builder.inputType('RenewEventInput', {
  description: 'A new lease for an event that goes on.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The event’s id.' }),
    leaseSec: t.int({
      required: true,
      description: 'It ends this long from now unless it is renewed again: 1 to 86400.',
    }),
  }),
});

/** Rows as they were just written or read: only what is selected beyond them is read again. */
const eventPayload = (name: string, description: string) =>
  builder.objectRef<RecordedEvent>(name).implement({
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
      description: 'Its recording; null where the camera does not record on this type.',
      resolve: ({ playback }) => playback,
    }),
  );

export const CreateEventPayload = eventPayload('CreateEventPayload', 'The event, and its recording.');
export const EndEventPayload = eventPayload(
  'EndEventPayload',
  'Ending an event twice returns the same as ending it once.',
);
export const RenewEventPayload = eventPayload('RenewEventPayload', 'The event with its new lease.');
withPlayback(CreateEventPayload);
withPlayback(EndEventPayload);
