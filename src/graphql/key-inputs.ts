import type { ApiKey as ApiKeyRow } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { Role } from './enums.ts';
import { ApiKey } from './keys.ts';

/** What mutations on API keys take and answer. */

export const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
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

export const CreateApiKeyPayload = builder
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

export const RevokeApiKeyPayload = builder.objectRef<{ apiKey: ApiKeyRow }>('RevokeApiKeyPayload').implement({
  description: 'The key that was revoked.',
  fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key.' }) }),
});
