import { z } from 'zod';
import type { CameraTrial } from '../db/cameras.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { maskStreamUrl } from '../domain/stream-url.ts';
import { connectionDefaults, connectionRules, type Given, withDefaults } from './camera-settings.ts';
import { found, validate } from './input.ts';
import type { CameraToTry, Parts } from './parts.ts';

/**
 * Connects to a camera without saving anything. Resolves within ten seconds.
 * @param connection.cameraId an existing camera. Settings that are left out are taken from it, and its address as
 *   the API shows it stands for the stored one with its credentials
 * @throws RequestError FORBIDDEN, NOT_FOUND, BAD_USER_INPUT, CAPACITY
 */
export async function testCamera(
  { db, tryCamera }: Pick<Parts, 'db' | 'tryCamera'>,
  caller: Caller,
  {
    cameraId,
    ...given
  }: Given<Omit<CameraToTry, 'tlsFingerprint'>> & { readonly cameraId?: string | null | undefined },
): Promise<CameraTrial> {
  demand(caller, 'MANAGE');
  const present =
    cameraId && (await found('camera', cameraId, (id) => db.camera.findUnique({ where: { id } })));
  const shown = present ? maskStreamUrl(present.rtspUrl) : undefined;
  const connection = validate(
    z.object(connectionRules(shown)),
    withDefaults(present || connectionDefaults, given),
  );
  const isSame = present && connection.rtspUrl === shown;
  return tryCamera(caller, {
    ...connection,
    ...(isSame && { rtspUrl: present.rtspUrl }),
    tlsFingerprint: isSame ? present.tlsFingerprint : null,
  });
}
