import { z } from 'zod';
import { savePushSubscription as save } from '../db/push-subscriptions.ts';
import { visibleCameras } from '../db/visible.ts';
import type { Caller } from '../domain/caller.ts';
import type { EventType, PushSubscription } from '../generated/prisma/client.ts';
import { badField, isId, severalIds, validate } from './input.ts';
import type { Parts } from './parts.ts';

const rules = z.object({
  cameraIds: z.union([z.array(z.never()), severalIds]).default([]),
  auth: z.string().max(40, 'Expected 16 bytes as base64url.'),
  p256dh: z.string().max(100, 'Expected 65 bytes as base64url.'),
});

/**
 * From now on, the browser at this endpoint gets messages about new events, as long as the caller's key or token is
 * valid. Every role may do this, because nobody gets messages about what it may not see. Safe to repeat: a later call
 * replaces an earlier one, even if another person uses the same browser by then.
 * @param wanted.cameraIds none: all cameras. Cameras that are gone or not visible are left out
 * @param wanted.types none: all types
 * @throws RequestError BAD_USER_INPUT
 */
export async function savePushSubscription(
  { db, now, push }: Pick<Parts, 'db' | 'now' | 'push'>,
  caller: Caller,
  wanted: {
    readonly endpoint: string;
    readonly p256dh: string;
    readonly auth: string;
    readonly cameraIds?: readonly string[] | null | undefined;
    readonly types?: readonly EventType[] | null | undefined;
  },
): Promise<PushSubscription> {
  // Check.
  const { endpoint, types } = wanted;
  const { cameraIds, auth, p256dh } = validate(rules, wanted);
  if (!push.isEndpoint(endpoint)) {
    throw badField('endpoint', 'Expected the address of a push service: https, in the public network.');
  }
  if (!push.areKeys({ p256dh, auth })) {
    throw badField(
      'p256dh',
      'Expected the keys of a subscription as base64url: p256dh has 65 bytes, auth 16.',
    );
  }
  const where = { id: { in: cameraIds.filter(isId) }, AND: [visibleCameras({ caller })] };
  const cameras = await db.camera.findMany({ where, select: { id: true } });
  if (cameraIds.length > 0 && cameras.length === 0)
    throw badField('cameraIds', 'There is none of these cameras.');

  // Write.
  const { holder, name: person, role } = caller;
  return save(db, {
    ...{ endpoint, p256dh, auth, holder, person, role, types: [...new Set(types)], createdAt: now() },
    cameraIds: cameras.map(({ id }) => id),
  });
}
