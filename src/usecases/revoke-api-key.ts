import { type Caller, demand } from '../domain/caller.ts';
import type { ApiKey } from '../generated/prisma/client.ts';
import { found } from './input.ts';
import type { Parts } from './parts.ts';

/**
 * Revokes an API key. Its connections are closed within seconds.
 * @throws RequestError FORBIDDEN, NOT_FOUND
 */
export async function revokeApiKey(
  { keys }: Pick<Parts, 'keys'>,
  caller: Caller,
  id: string,
): Promise<ApiKey> {
  demand(caller, 'MANAGE');
  return found('API key', id, (id) => keys.revoke(id));
}
