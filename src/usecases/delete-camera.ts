import { deleteCameraRows } from '../db/cameras.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { discardPlayback } from './discard-playback.ts';
import { found } from './input.ts';
import type { Parts } from './parts.ts';

/**
 * Deletes a camera with its events and playbacks and, in the background, their objects in the store.
 * @throws RequestError FORBIDDEN, NOT_FOUND, or CONFLICT if one of its playbacks is protected
 */
export async function deleteCamera(
  parts: Pick<Parts, 'db' | 'feeds' | 'recorder' | 'finisher' | 'remover'>,
  caller: Caller,
  given: string,
): Promise<{ readonly id: string }> {
  demand(caller, 'MANAGE');
  const { db, feeds, remover } = parts;
  const { id } = await found('camera', given, (id) => db.camera.findUnique({ where: { id } }));
  await deleteCameraRows(db, id, (ids) => Promise.all(ids.map((id) => discardPlayback(parts, id))));
  await feeds.remove(id);
  remover.nudge();
  return { id };
}
