import { createApiKey } from '../usecases/create-api-key.ts';
import { revokeApiKey } from '../usecases/revoke-api-key.ts';
import { builder } from './builder.ts';
import { CreateApiKeyInput, CreateApiKeyPayload, RevokeApiKeyPayload } from './key-inputs.ts';

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreateApiKeyPayload,
    description:
      'Makes a key. Once there is a key, every request needs one, so the first key should be an ADMIN. For ADMIN.',
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'The key.' }) },
    resolve: (_root, { input }, context) => createApiKey(context, context.caller, input),
  }),
  revokeApiKey: t.field({
    type: RevokeApiKeyPayload,
    description: 'Revokes a key. Its open connections are closed within seconds. For ADMIN.',
    args: { id: t.arg.id({ required: true, description: 'The key’s id.' }) },
    resolve: async (_root, { id }, context) => ({
      apiKey: await revokeApiKey(context, context.caller, id),
    }),
  }),
}));
