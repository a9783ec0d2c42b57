import { isSilentFor } from '../db/nodes.ts';
import { visiblePlaybacks } from '../db/visible.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { NodeAway } from '../nodes/other-nodes.ts';
import { isId } from './input.ts';
import type { Parts } from './parts.ts';
import { rethrowForCaller } from './record-at-owner.ts';

/**
 * Deletes a playback and, in the background, its objects in the store. A running recording is ended first. A second
 * call changes nothing. A playback that the caller may not see counts as deleted.
 * @throws RequestError FORBIDDEN, CONFLICT if it is protected, or CAPACITY if the server that has its footage is away
 */
export async function deletePlayback(
  { db, tasksOf, remover, lostAfterHours }: Pick<Parts, 'db' | 'tasksOf' | 'remover' | 'lostAfterHours'>,
  caller: Caller,
  given: string,
): Promise<{ readonly id: string }> {
  // Check. Whether the playback is protected is checked where it is deleted (`remove`, node-tasks.ts), in turn with
  // `protect`.
  demand(caller, 'RECORD');
  const where = { id: given, AND: [visiblePlaybacks({ caller })] };
  const playback = isId(given)
    ? await db.playback.findFirst({ where, select: { id: true, nodeId: true, recordingStatus: true } })
    : null;
  if (!playback) return { id: given };
  const { id, nodeId, recordingStatus } = playback;

  // End all work on the playback, then delete its row and note its objects for removal. A COMPLETED playback has no
  // footage on a node any more. After NODE_LOST_AFTER, the footage on a node that is away counts as lost.
  const owner = recordingStatus === 'COMPLETED' ? null : nodeId;
  await tasksOf(owner)
    .remove(id)
    .catch(async (error) => {
      if (!(error instanceof NodeAway) || !(await isSilentFor(db, owner!, lostAfterHours)))
        rethrowForCaller(error);
      await tasksOf(null).remove(id);
    });

  // Remove the objects soon.
  remover.nudge();
  return { id };
}
