import { z } from 'zod';
import { findCamera, saveCamera } from '../db/cameras.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { maskStreamUrl } from '../domain/stream-url.ts';
import type { Camera } from '../generated/prisma/client.ts';
import { type SettingsInput, settingRules } from './camera-settings.ts';
import { found, validate } from './input.ts';
import type { Parts } from './parts.ts';

/** @param shown the address as the API shows it */
const rules = (shown: string) =>
  z.object({ ...settingRules(shown), acceptCertificate: z.boolean() }).partial();

export interface CameraChanges extends SettingsInput {
  readonly id: string;
  /** Whether PINNED accepts the next certificate that the camera presents. */
  readonly acceptCertificate?: boolean | null | undefined;
}

/**
 * Changes a camera. Settings that are left out stay. Running recordings go on.
 * @throws RequestError FORBIDDEN, NOT_FOUND, BAD_USER_INPUT
 */
export async function updateCamera(
  { db, planOwners, ownCameras }: Pick<Parts, 'db' | 'planOwners' | 'ownCameras'>,
  caller: Caller,
  { id, ...given }: CameraChanges,
): Promise<Camera> {
  // Check.
  demand(caller, 'MANAGE');
  const present = await found('camera', id, (id) => db.camera.findUnique({ where: { id } }));
  const shown = maskStreamUrl(present.rtspUrl);
  const { rtspUrl, acceptCertificate, ...changes } = defined(validate(rules(shown), given));

  // Write. The address as the API shows it stands for the stored one with its credentials.
  const keepsAddress = rtspUrl === undefined || rtspUrl === shown;
  // A camera at another address may have another certificate.
  const forgetsCertificate = acceptCertificate || !keepsAddress;
  const camera = await found('camera', id, (id) =>
    saveCamera(db, id, {
      ...changes,
      ...(!keepsAddress && { rtspUrl }),
      ...(forgetsCertificate && { tlsFingerprint: null }),
    }),
  );

  // At another site, another node reads it.
  const isMoved = changes.site !== undefined && changes.site !== present.site;
  if (isMoved) await planOwners();

  // Connect again, if a setting that the connection depends on has changed.
  const current = (isMoved && (await findCamera(db, id))) || camera;
  await ownCameras.changed(current);
  return current;
}

/** Removes keys whose value is undefined, which would count as changes. */
function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
