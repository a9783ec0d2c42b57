import { z } from 'zod';
import { allKeys } from '../db/keys.ts';
import { demand } from '../domain/caller.ts';
import type { ApiKey as ApiKeyRow } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { Role } from './enums.ts';
import { badField, found, textOf, validate } from './input.ts';

/** Who may call: API keys, made and revoked by administrators. */

const ApiKey = builder.objectRef<ApiKeyRow>('ApiKey').implement({
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

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A new key.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Whose it is: 1 to 100 characters.' }),
    role: t.field({ type: Role, required: true, description: 'What it may do.' }),
    cameraIds: t.idList({
      description: 'The only cameras that it may see and use; all if left out. Not for ADMIN.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'It stops working then; never if left out.',
    }),
  }),
});

const CreateApiKeyPayload = builder
  .objectRef<{ apiKey: ApiKeyRow; secret: string }>('CreateApiKeyPayload')
  .implement({
    description: 'The key and its secret.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key.' }),
      secret: t.exposeString('secret', {
        description: 'What to send as `Authorization: Bearer …`. It is shown this once and kept nowhere.',
      }),
    }),
  });

const RevokeApiKeyPayload = builder.objectRef<{ apiKey: ApiKeyRow }>('RevokeApiKeyPayload').implement({
  description: 'The key that was revoked.',
  fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key.' }) }),
});

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreateApiKeyPayload,
    description:
      'Makes a key. The first key closes the server to everybody without one, so make an ADMIN first. For ADMIN.',
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'The key.' }) },
    resolve: async (_root, { input }, { caller, db, keys, now }) => {
      demand(caller, 'MANAGE');
      const { name } = validate(z.object({ name: textOf(100) }), { name: input.name });
      const { role, expiresAt } = input;
      if (expiresAt && expiresAt <= now()) throw badField('expiresAt', 'Expected a moment in the future.');
      const asked = input.cameraIds ?? undefined;
      if (asked && role === 'ADMIN') {
        throw badField(
          'cameraIds',
          'An ADMIN cannot be limited to cameras: it could make a key without limits.',
        );
      }
      const cameras = [];
      for (const id of asked ?? []) {
        cameras.push(
          await found('camera', id, (id) => db.camera.findUnique({ where: { id }, select: { id: true } })),
        );
      }
      const cameraIds = asked && cameras.map(({ id }) => id);
      const { key, secret } = await keys.make({ name, role, cameraIds, expiresAt: expiresAt ?? undefined });
      return { apiKey: key, secret };
    },
  }),
  revokeApiKey: t.field({
    type: RevokeApiKeyPayload,
    description: 'The key stops working; whoever is connected with it is cut off within seconds. For ADMIN.',
    args: { id: t.arg.id({ required: true, description: 'The key’s id.' }) },
    resolve: async (_root, { id }, { caller, keys }) => {
      demand(caller, 'MANAGE');
      return { apiKey: await found('API key', id, (id) => keys.revoke(id)) };
    },
  }),
}));
