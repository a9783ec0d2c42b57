import { deleteCameraRows } from '../db/cameras.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { found } from './input.ts';
import type { Parts } from './parts.ts';
import { rethrowForCaller } from './record-at-owner.ts';

/**
 * Deletes a camera with its events and playbacks and, in the background, their objects in the store.
 * @throws RequestError FORBIDDEN, NOT_FOUND, CONFLICT if one of its playbacks is protected, or CAPACITY if another
 *   server does not answer
 */
export async function deleteCamera(
  {
    db,
    feeds,
    tasksOf,
    otherNodes,
    remover,
  }: Pick<Parts, 'db' | 'feeds' | 'tasksOf' | 'otherNodes' | 'remover'>,
  caller: Caller,
  given: string,
): Promise<{ readonly id: string }> {
  demand(caller, 'MANAGE');
  const { id } = await found('camera', given, (id) => db.camera.findUnique({ where: { id } }));
  // The camera's recordings may be on every node that has ever owned the camera.
  const discard = async (ids: string[]) => {
    const nodes = ids.length > 0 ? [null, ...(await otherNodes())] : [];
    await Promise.all(nodes.map((nodeId) => tasksOf(nodeId).discard(ids))).catch(rethrowForCaller);
  };
  await deleteCameraRows(db, id, discard);
  await feeds.remove(id);
  remover.nudge();
  return { id };
}
