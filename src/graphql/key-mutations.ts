import { createApiKey } from '../usecases/create-api-key.ts';
import { revokeApiKey } from '../usecases/revoke-api-key.ts';
import { builder } from './builder.ts';
import { CreateApiKeyInput, CreateApiKeyPayload, RevokeApiKeyPayload } from './key-inputs.ts';

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreateApiKeyPayload,
    description:
      'Makes a key. The first key closes the server to everybody without one, so make an ADMIN first. For ADMIN.',
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'The key.' }) },
    resolve: (_root, { input }, context) => createApiKey(context, context.caller, input),
  }),
  revokeApiKey: t.field({
    type: RevokeApiKeyPayload,
    description: 'The key stops working; whoever is connected with it is cut off within seconds. For ADMIN.',
    args: { id: t.arg.id({ required: true, description: 'The key’s id.' }) },
    resolve: async (_root, { id }, context) => ({
      apiKey: await revokeApiKey(context, context.caller, id),
    }),
  }),
}));
