import { z } from 'zod';
import { type Caller, demand, type Role } from '../domain/caller.ts';
import type { ApiKey } from '../generated/prisma/client.ts';
import { badField, found, textOf, validate } from './input.ts';
import type { Parts } from './parts.ts';

const rules = z.object({ name: textOf(100) });

/**
 * Makes an API key.
 * @param wanted.cameraIds the only cameras that the key may see and use; null or undefined: all cameras
 * @returns the key with its secret, which is not stored
 * @throws RequestError FORBIDDEN, BAD_USER_INPUT, NOT_FOUND
 */
export async function createApiKey(
  { db, keys, now }: Pick<Parts, 'db' | 'keys' | 'now'>,
  caller: Caller,
  wanted: {
    readonly name: string;
    readonly role: Role;
    readonly cameraIds?: readonly string[] | null | undefined;
    readonly expiresAt?: Date | null | undefined;
  },
): Promise<{ apiKey: ApiKey; secret: string }> {
  // Check.
  demand(caller, 'MANAGE');
  const { name } = validate(rules, { name: wanted.name });
  const { role, expiresAt } = wanted;
  if (expiresAt && expiresAt <= now()) throw badField('expiresAt', 'Expected a moment in the future.');
  const asked = wanted.cameraIds ?? undefined;
  if (asked && role === 'ADMIN') {
    throw badField('cameraIds', 'An ADMIN cannot be limited to cameras: it could make a key without limits.');
  }
  const cameras = [];
  for (const id of asked ?? []) {
    cameras.push(
      await found('camera', id, (id) => db.camera.findUnique({ where: { id }, select: { id: true } })),
    );
  }

  // Write.
  const cameraIds = asked && cameras.map(({ id }) => id);
  const { key, secret } = await keys.make({ name, role, cameraIds, expiresAt: expiresAt ?? undefined });
  return { apiKey: key, secret };
}
