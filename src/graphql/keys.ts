import { allKeys } from '../db/keys.ts';
import { demand } from '../domain/caller.ts';
import type { ApiKey as ApiKeyRow } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { Role } from './enums.ts';

/** The API keys, and who is calling. */

export const ApiKey = builder.objectRef<ApiKeyRow>('ApiKey').implement({
  description:
    'A key with which a program or a person calls the API. Its secret is shown once, when the key is made.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The key’s id.' }),
    name: t.exposeString('name', {
      description:
        'The name of the key’s user. Keys with the same name belong to the same service and share its events.',
    }),
    role: t.expose('role', { type: Role, description: 'What the key may do.' }),
    cameraIds: t.field({
      type: ['ID'],
      nullable: true,
      description: 'The only cameras that the key may see and use; null: all.',
      resolve: ({ limited, cameraIds }) => (limited ? cameraIds : null),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the key was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key expires; null: never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key was revoked; null if it is not revoked.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key was last used, to the minute; null: never.',
    }),
  }),
});

const Me = builder.objectRef<{ name: string; role: ApiKeyRow['role']; cameraIds: string[] | null }>('Me');
Me.implement({
  description: 'The caller.',
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
    description: 'The caller, as the server sees it.',
    resolve: (_root, _args, { caller }) => ({ ...caller, cameraIds: caller.cameraIds?.slice() ?? null }),
  }),
  apiKeys: t.field({
    type: [ApiKey],
    description:
      'All keys, oldest first, including revoked and expired keys, but not the keys of API_KEYS. For ADMIN.',
    resolve: (_root, _args, { db, caller }) => {
      demand(caller, 'MANAGE');
      return allKeys(db);
    },
  }),
}));
