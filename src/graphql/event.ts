import { readMetadata } from '../db/event-metadata.ts';
import { visibleEvents, visiblePlaybacks } from '../db/visible.ts';
import { isId } from '../usecases/input.ts';
import { builder } from './builder.ts';
import { EventType } from './enums.ts';
import { JsonText } from './json-text.ts';

export const Event = builder.prismaObject('Event', {
  description: 'Something that happened at a camera. It is open until it is ended.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The event’s id.' }),
    camera: t.relation('camera', { description: 'The camera at which it happened.' }),
    channel: t.exposeInt('channel', { description: 'The camera’s channel when it happened.' }),
    type: t.expose('type', { type: EventType, description: 'The type of the event.' }),
    label: t.exposeString('label', { nullable: true, description: 'What happened, in a word or two.' }),
    description: t.exposeString('description', { nullable: true, description: 'What happened, as text.' }),
    metadata: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Any further data that was reported with the event.',
      // Only an event that was just written has this field: connectDb leaves it out when it reads rows.
      resolve: async ({ id, metadata }, _args, { db, answer }) => {
        const text =
          metadata === undefined
            ? await readMetadata(db, id, () => !answer.isExceeded)
            : metadata === null
              ? null
              : JSON.stringify(metadata);
        return text === null ? null : new JsonText(text);
      },
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it happened.' }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while the event is open.',
    }),
    leaseExpiresAt: t.expose('leaseExpiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the event ends unless it is renewed; null without a lease.',
    }),
    playbacks: t.relation('playbacks', {
      description: 'The event’s recordings, oldest first. Empty if the camera does not record this type.',
      query: (_args, context) => ({
        where: visiblePlaybacks(context),
        orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
      }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was reported.' }),
  }),
});

builder.queryFields((t) => ({
  event: t.prismaField({
    type: Event,
    nullable: true,
    description: 'One event; null if there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'The event’s id.' }) },
    resolve: (query, _root, { id }, context) =>
      isId(id)
        ? context.db.event.findFirst({ ...query, where: { id, AND: [visibleEvents(context)] } })
        : null,
  }),
}));
