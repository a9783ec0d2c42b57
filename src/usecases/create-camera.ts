import { z } from 'zod';
import { findCamera, insertCamera } from '../db/cameras.ts';
import { type Caller, demand } from '../domain/caller.ts';
import type { Camera } from '../generated/prisma/client.ts';
import { type SettingsInput, settingDefaults, settingRules, withDefaults } from './camera-settings.ts';
import { validate } from './input.ts';
import type { Parts } from './parts.ts';

const rules = z.object(settingRules());

/**
 * Adds a camera. Unless it has no pre-roll, the node that owns it connects at once and stays connected.
 * @throws RequestError FORBIDDEN, BAD_USER_INPUT
 */
export async function createCamera(
  { db, planOwners, ownCameras }: Pick<Parts, 'db' | 'planOwners' | 'ownCameras'>,
  caller: Caller,
  settings: SettingsInput,
): Promise<Camera> {
  demand(caller, 'MANAGE');
  const made = await insertCamera(db, validate(rules, withDefaults(settingDefaults, settings)));
  // If another node becomes the camera's owner, that node connects.
  await planOwners();
  const camera = (await findCamera(db, made.id)) ?? made;
  await ownCameras.changed(camera);
  return camera;
}
