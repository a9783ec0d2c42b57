import type { ApiKey as ApiKeyRow } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { Role } from './enums.ts';
import { ApiKey } from './keys.ts';

/** Inputs and payloads of the mutations on API keys. */

export const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A new key.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the key’s user: 1 to 100 characters.' }),
    role: t.field({ type: Role, required: true, description: 'What the key may do.' }),
    cameraIds: t.idList({
      description: 'The only cameras that the key may see and use; all if left out. Not for ADMIN.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the key expires; never if left out.',
    }),
  }),
});

export const CreateApiKeyPayload = builder
  .objectRef<{ apiKey: ApiKeyRow; secret: string }>('CreateApiKeyPayload')
  .implement({
    description: 'The key and its secret.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key.' }),
      secret: t.exposeString('secret', {
        description: 'Send it as `Authorization: Bearer …`. It is shown only now and not stored.',
      }),
    }),
  });

export const RevokeApiKeyPayload = builder.objectRef<{ apiKey: ApiKeyRow }>('RevokeApiKeyPayload').implement({
  description: 'The revoked key.',
  fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key.' }) }),
});
