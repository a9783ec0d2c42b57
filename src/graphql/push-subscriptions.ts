import { pushSubscriptionsOf } from '../db/push-subscriptions.ts';
import type { PushSubscription as PushSubscriptionRow } from '../generated/prisma/client.ts';
import { deletePushSubscription } from '../usecases/delete-push-subscription.ts';
import { savePushSubscription } from '../usecases/save-push-subscription.ts';
import { builder } from './builder.ts';
import { EventType } from './enums.ts';

/** Browsers that are sent push messages (RFC 8030) of new events. */

const PushSubscription = builder.objectRef<PushSubscriptionRow>('PushSubscription').implement({
  description:
    'A browser that is sent a push message when an event begins to be recorded, as long as the key or token with which it was saved is valid.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The subscription’s id.' }),
    cameraIds: t.exposeIDList('cameraIds', {
      description: 'The cameras whose events the browser is notified of; none: all cameras.',
    }),
    types: t.expose('types', {
      type: [EventType],
      description: 'The types of events that it is notified of; none: all types.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was last saved.' }),
  }),
});

const SavePushSubscriptionInput = builder.inputType('SavePushSubscriptionInput', {
  description:
    'A browser’s subscription: PushSubscription of its Push API, and the events that it is to be notified of.',
  fields: (t) => ({
    endpoint: t.field({
      type: 'URL',
      required: true,
      description: 'Its address at the browser’s push service, with https.',
    }),
    p256dh: t.string({ required: true, description: 'Its public key, as base64url.' }),
    auth: t.string({ required: true, description: 'Its secret, as base64url.' }),
    cameraIds: t.idList({
      description: 'Only events of these cameras, at most 100; of all if left out or empty.',
    }),
    types: t.field({
      type: [EventType],
      description: 'Only events of these types; of all if left out or empty.',
    }),
  }),
});

const SavePushSubscriptionPayload = builder
  .objectRef<{ pushSubscription: PushSubscriptionRow }>('SavePushSubscriptionPayload')
  .implement({
    description: 'The saved subscription.',
    fields: (t) => ({
      pushSubscription: t.expose('pushSubscription', {
        type: PushSubscription,
        description: 'The subscription.',
      }),
    }),
  });

const DeletePushSubscriptionPayload = builder
  .objectRef<{ id: string }>('DeletePushSubscriptionPayload')
  .implement({
    description: 'The deleted subscription.',
    fields: (t) => ({ id: t.exposeID('id', { description: 'The id of the deleted subscription.' }) }),
  });

builder.queryFields((t) => ({
  pushKey: t.string({
    description:
      'The key with which browsers subscribe (`applicationServerKey`), as base64url. It is the same for all servers of the installation.',
    resolve: (_root, _args, { push }) => push.publicKey,
  }),
  pushSubscriptions: t.field({
    type: [PushSubscription],
    description: 'The subscriptions of callers with the caller’s name, oldest first.',
    resolve: (_root, _args, { db, caller }) => pushSubscriptionsOf(db, caller.name),
  }),
}));

builder.mutationFields((t) => ({
  savePushSubscription: t.field({
    type: SavePushSubscriptionPayload,
    description:
      'Sends this browser a message when an event begins to be recorded that the caller may see. A subscription with the same endpoint is replaced. Each name has at most 20: those saved longest ago are removed.',
    args: {
      input: t.arg({ type: SavePushSubscriptionInput, required: true, description: 'The subscription.' }),
    },
    resolve: async (_root, { input }, context) => ({
      pushSubscription: await savePushSubscription(context, context.caller, input),
    }),
  }),
  deletePushSubscription: t.field({
    type: DeletePushSubscriptionPayload,
    description: 'Ends a subscription of a caller with the caller’s name. Safe to repeat.',
    args: { id: t.arg.id({ required: true, description: 'The subscription’s id.' }) },
    resolve: (_root, { id }, context) => deletePushSubscription(context, context.caller, id),
  }),
}));
