import { z } from 'zod';
import { findCamera } from '../db/cameras.ts';
import { createEvent, endEvent, findByKey, findEvent, renewEvent } from '../db/events.ts';
import { newestPlayback, newPlayback, type PlaybackToRecord } from '../db/playbacks.ts';
import { demand, maySeeCamera, maySeeEvent } from '../domain/caller.ts';
import { conflict } from '../domain/errors.ts';
import type {
  Camera,
  Event as EventRow,
  Playback as PlaybackRow,
  Prisma,
} from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { EventType } from './enums.ts';
import { Event } from './event.ts';
import { badField, found, jsonOf, longestSec, textOf, validate, wholeNumber } from './input.ts';
import { Playback } from './playback.ts';

/** Mutations on events: reporting, ending, renewing. */

const CreateEventInput = builder.inputType('CreateEventInput', {
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

const EndEventInput = builder.inputType('EndEventInput', {
  description: 'The end of an event.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The event’s id.' }),
    endedAt: t.field({
      type: 'DateTime',
      description: 'When it ended, not before it started; now if left out.',
    }),
  }),
});

const RenewEventInput = builder.inputType('RenewEventInput', {
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
interface EventAndPlayback {
  readonly event: EventRow;
  readonly playback: PlaybackRow | undefined;
}

const eventPayload = (name: string, description: string) =>
  builder.objectRef<EventAndPlayback>(name).implement({
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

const CreateEventPayload = eventPayload('CreateEventPayload', 'The event, and its recording.');
const EndEventPayload = eventPayload(
  'EndEventPayload',
  'Ending an event twice returns the same as ending it once.',
);
const RenewEventPayload = eventPayload('RenewEventPayload', 'The event with its new lease.');
withPlayback(CreateEventPayload);
withPlayback(EndEventPayload);

const createRules = z.object({
  label: textOf(200).optional(),
  description: textOf(2_000).optional(),
  idempotencyKey: textOf(200).optional(),
  leaseSec: wholeNumber(1, longestSec).optional(),
  startedAt: z.date().optional(),
  metadata: jsonOf({ bytes: 65_536, levels: 32 }).optional(),
});

/** Two clocks on one network differ; a moment this little ahead counts as now. */
const clockSkewMs = 1_000;

builder.mutationFields((t) => ({
  createEvent: t.field({
    type: CreateEventPayload,
    description:
      'Something happens at a camera. Where its type is recorded, the recording has begun when this answers.',
    args: { input: t.arg({ type: CreateEventInput, required: true, description: 'The event.' }) },
    resolve: async (_root, { input }, context): Promise<EventAndPlayback> => {
      const { caller, db, now, recorder, limits } = context;
      demand(caller, 'REPORT');
      limits.takeEvent(caller);
      const { cameraId: asked, type, ...rest } = input;
      const valid = validate(createRules, rest);
      const camera = await found('camera', asked, (id) =>
        maySeeCamera(caller, id) ? findCamera(db, id) : Promise.resolve(undefined),
      );
      const cameraId = camera.id;
      const idempotencyKey = valid.idempotencyKey ?? null;
      return oncePerKey(camera, idempotencyKey, context, async () => {
        const records = camera.recordOn.includes(type);
        const at = now();
        const startedAt = startOf(valid.startedAt, at, records ? camera : undefined);
        const deadlineAt = after(startedAt, camera.maxDurationSec);
        const playback = records
          ? newPlayback({ cameraId, startedAt, preRollSec: camera.preRollSec, deadlineAt })
          : undefined;
        const release = playback && (await recorder.admit({ cameraId, by: caller.name }));
        const event = {
          cameraId,
          channel: camera.channel,
          type,
          label: valid.label ?? null,
          description: valid.description ?? null,
          metadata: (valid.metadata ?? null) as Prisma.JsonValue,
          startedAt,
          leaseExpiresAt: valid.leaseSec ? after(at, valid.leaseSec) : null,
          idempotencyKey,
          createdByKey: caller.name,
        };
        release?.();
        const writing = createEvent(db, event, playback, at);
        const record = async (playback: PlaybackToRecord) =>
          recorder.begin(playback, camera, {
            by: caller.name,
            isWritten: writing.then(({ created }) => created),
          });
        const [made, begun] = await Promise.all([writing, playback && record(playback)]);
        return made.created ? { event: made.event, playback: begun } : sameEvent(made, camera, context);
      });
    },
  }),
  endEvent: t.field({
    type: EndEventPayload,
    description:
      'The event is over: its recording stops, is finished and put into the store in the background.',
    args: { input: t.arg({ type: EndEventInput, required: true, description: 'The end.' }) },
    resolve: async (_root, { input: { id, endedAt } }, context): Promise<EventAndPlayback> => {
      const { caller, db, now, recorder } = context;
      demand(caller, 'REPORT');
      const open = await foundEvent(id, context);
      if (!open.endedAt) {
        const at = now();
        const stopped = await endEvent(db, { id: open.id, endedAt: endOf(endedAt, at, open.startedAt), at });
        for (const playback of stopped) recorder.stop(playback, playback.recordUntil);
      }
      const [event, playback] = await Promise.all([
        foundEvent(open.id, context),
        newestPlayback(db, open.id),
      ]);
      return { event, playback };
    },
  }),
  renewEvent: t.field({
    type: RenewEventPayload,
    description: 'The event goes on: its lease runs from now. CONFLICT once it has ended.',
    args: { input: t.arg({ type: RenewEventInput, required: true, description: 'The new lease.' }) },
    resolve: async (_root, { input }, context): Promise<EventAndPlayback> => {
      const { caller, db, now } = context;
      demand(caller, 'REPORT');
      const { leaseSec } = validate(z.object({ leaseSec: wholeNumber(1, longestSec) }), {
        leaseSec: input.leaseSec,
      });
      const open = await foundEvent(input.id, context);
      const event = await renewEvent(db, open.id, after(now(), leaseSec));
      if (event) return { event, playback: undefined };
      throw conflict(`The event ${input.id} has ended; its lease cannot be renewed. Report a new event.`);
    },
  }),
}));

/** @throws RequestError NOT_FOUND, also where the caller may not see it */
const foundEvent = (id: string, { caller, db }: Context): Promise<EventRow> =>
  found('event', id, async (id) => {
    const event = await findEvent(db, id);
    return event && maySeeEvent(caller, event) ? event : undefined;
  });

const underWay = new Map<string, Promise<unknown>>();

/**
 * What the camera has under this key already; where there is nothing, what `create` makes of it. Calls that come
 * while the first one creates wait for it: nothing of theirs begins only to be undone.
 */
async function oncePerKey(
  camera: Camera,
  idempotencyKey: string | null,
  context: Context,
  create: () => Promise<EventAndPlayback>,
): Promise<EventAndPlayback> {
  if (idempotencyKey === null) return create();
  const name = `${camera.id} ${idempotencyKey}`;
  for (;;) {
    const earlier = await findByKey(context.db, { cameraId: camera.id, idempotencyKey });
    if (earlier) return sameEvent(earlier, camera, context);
    const other = underWay.get(name);
    if (!other) break;
    await other.catch(() => {}); // its own caller is told
  }
  const creating = create().finally(() => underWay.delete(name));
  underWay.set(name, creating);
  return creating;
}

/**
 * What a repeated idempotency key gives back, unless somebody else used it whose events the caller does not see. Where
 * nobody records it yet, as the first call's answer from the database was lost, its recording begins now, with what
 * the ring holds of it.
 */
async function sameEvent(
  earlier: EventAndPlayback,
  camera: Camera,
  { caller, recorder }: Context,
): Promise<EventAndPlayback> {
  if (!maySeeEvent(caller, earlier.event)) {
    throw conflict('This idempotency key was used at this camera by somebody else; choose another.');
  }
  const { event, playback } = earlier;
  if (playback?.recordingStatus !== 'PENDING') return { event, playback };
  return { event, playback: await recorder.begin(playback, camera, { by: caller.name }) };
}

const after = (moment: Date, seconds: number) => new Date(moment.getTime() + seconds * 1_000);

/** @param recordedBy the camera whose ring has to reach back, where the event is recorded */
function startOf(startedAt: Date | undefined, at: Date, recordedBy: Camera | undefined): Date {
  if (!startedAt) return at;
  const agoMs = at.getTime() - startedAt.getTime();
  if (agoMs < -clockSkewMs)
    throw badField(
      'startedAt',
      `Expected a moment that is not in the future; it is now ${at.toISOString()}.`,
    );
  if (recordedBy && agoMs > recordedBy.preRollSec * 1_000 + clockSkewMs) {
    const reach = `the camera’s pre-roll of ${recordedBy.preRollSec} seconds`;
    throw badField(
      'startedAt',
      `It lies ${(agoMs / 1_000).toFixed(1)} seconds back; expected a moment that ${reach} reaches.`,
    );
  }
  return agoMs < 0 ? at : startedAt;
}

function endOf(endedAt: Date | null | undefined, at: Date, startedAt: Date): Date {
  if (!endedAt) return at;
  if (endedAt.getTime() > at.getTime() + clockSkewMs) {
    throw badField('endedAt', `Expected a moment that is not in the future; it is now ${at.toISOString()}.`);
  }
  if (endedAt < startedAt)
    throw badField('endedAt', `Expected a moment not before the event’s start, ${startedAt.toISOString()}.`);
  return endedAt > at ? at : endedAt;
}
