import { allKeys } from '../db/keys.ts';
import { demand } from '../domain/caller.ts';
import type { ApiKey as ApiKeyRow } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { Role } from './enums.ts';

/** Who may call. */

export const ApiKey = builder.objectRef<ApiKeyRow>('ApiKey').implement({
  description: 'A key by which a program or a person may call. Its secret is shown once, when it is made.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The key’s id.' }),
    name: t.exposeString('name', {
      description: 'Whose it is. Keys of one name stand for one service and share its events.',
    }),
    role: t.expose('role', { type: Role, description: 'What it may do.' }),
    cameraIds: t.field({
      type: ['ID'],
      nullable: true,
      description: 'The only cameras that it may see and use; null: all.',
      resolve: ({ limited, cameraIds }) => (limited ? cameraIds : null),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'It stops working then; null: never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null while it was not.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute; null: never.',
    }),
  }),
});

const Me = builder.objectRef<{ name: string; role: ApiKeyRow['role']; cameraIds: string[] | null }>('Me');
Me.implement({
  description: 'Who is calling.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The key’s name, or the token’s subject.' }),
    role: t.expose('role', { type: Role, description: 'What the caller may do.' }),
    cameraIds: t.expose('cameraIds', {
      type: ['ID'],
      nullable: true,
      description: 'The only cameras that the caller may see and use; null: all.',
    }),
  }),
});

builder.queryFields((t) => ({
  me: t.field({
    type: Me,
    description: 'Who is calling, as the server sees it.',
    resolve: (_root, _args, { caller }) => ({ ...caller, cameraIds: caller.cameraIds?.slice() ?? null }),
  }),
  apiKeys: t.field({
    type: [ApiKey],
    description:
      'All keys, oldest first, with those revoked and expired; without those of API_KEYS. For ADMIN.',
    resolve: (_root, _args, { db, caller }) => {
      demand(caller, 'MANAGE');
      return allKeys(db);
    },
  }),
}));
