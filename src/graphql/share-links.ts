import { shareLinksOf } from '../db/share-links.ts';
import { demand } from '../domain/caller.ts';
import type { ShareLink as ShareLinkRow } from '../generated/prisma/client.ts';
import { createShareLink } from '../usecases/create-share-link.ts';
import { visiblePlayback } from '../usecases/find-visible.ts';
import { revokeShareLink } from '../usecases/revoke-share-link.ts';
import { builder } from './builder.ts';

/** Links with which anybody can see one clip. */

const ShareLink = builder.objectRef<ShareLinkRow>('ShareLink').implement({
  description: 'A link with which anybody can see one clip, without a key.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The link’s id.' }),
    createdBy: t.exposeString('createdBy', { description: 'The name of the caller who made it.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it expires.' }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null if it is not revoked.',
    }),
    openings: t.exposeInt('openings', { description: 'How often its page was opened.' }),
    lastOpenedAt: t.expose('lastOpenedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its page was last opened; null: never.',
    }),
  }),
});

const CreateShareLinkInput = builder.inputType('CreateShareLinkInput', {
  description: 'A new link to a clip.',
  fields: (t) => ({
    playbackId: t.id({ required: true, description: 'The playback, which must be COMPLETED.' }),
    expiresAt: t.field({
      type: 'DateTime',
      required: true,
      description: 'When the link expires: at most 366 days from now.',
    }),
    atSec: t.float({
      description: 'Where in the clip the player begins, in seconds. It becomes `?t=` of the address.',
    }),
  }),
});

const CreateShareLinkPayload = builder
  .objectRef<Awaited<ReturnType<typeof createShareLink>>>('CreateShareLinkPayload')
  .implement({
    description: 'The link and its address.',
    fields: (t) => ({
      shareLink: t.expose('shareLink', { type: ShareLink, description: 'The link.' }),
      url: t.field({
        type: 'URL',
        description: 'The address of the page with the clip. It is shown only now and not stored.',
        resolve: ({ token, atSec }, _args, { links }) => links.share(token, atSec),
      }),
    }),
  });

const RevokeShareLinkPayload = builder
  .objectRef<{ shareLink: ShareLinkRow }>('RevokeShareLinkPayload')
  .implement({
    description: 'The revoked link.',
    fields: (t) => ({ shareLink: t.expose('shareLink', { type: ShareLink, description: 'The link.' }) }),
  });

builder.queryFields((t) => ({
  shareLinks: t.field({
    type: [ShareLink],
    description:
      'The links to a clip, newest first, also those that are not valid any more. For OPERATOR and ADMIN.',
    args: { playbackId: t.arg.id({ required: true, description: 'The playback’s id.' }) },
    resolve: async (_root, { playbackId }, { db, caller }) => {
      demand(caller, 'RECORD');
      const { id } = await visiblePlayback(db, caller, playbackId);
      return shareLinksOf(db, id);
    },
  }),
}));

builder.mutationFields((t) => ({
  createShareLink: t.field({
    type: CreateShareLinkPayload,
    description: 'Makes a link with which anybody can see one clip, without a key, until it expires.',
    args: { input: t.arg({ type: CreateShareLinkInput, required: true, description: 'The link.' }) },
    resolve: (_root, { input }, context) => createShareLink(context, context.caller, input),
  }),
  revokeShareLink: t.field({
    type: RevokeShareLinkPayload,
    description: 'Revokes a link to a clip: from now on it shows nothing. Safe to repeat.',
    args: { id: t.arg.id({ required: true, description: 'The link’s id.' }) },
    resolve: async (_root, { id }, context) => ({
      shareLink: await revokeShareLink(context, context.caller, id),
    }),
  }),
}));
