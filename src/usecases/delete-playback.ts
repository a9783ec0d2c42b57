import { removePlaybacks } from '../db/playback-removal.ts';
import { demandUnprotected } from '../db/protection.ts';
import { visiblePlaybacks } from '../db/visible.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { discardPlayback } from './discard-playback.ts';
import { isId } from './input.ts';
import type { Parts } from './parts.ts';

/**
 * Deletes a playback and, in the background, its objects in the store. A running recording is ended first. A second
 * call changes nothing. A playback that the caller may not see counts as deleted.
 * @throws RequestError FORBIDDEN, or CONFLICT if it is protected
 */
export async function deletePlayback(
  parts: Pick<Parts, 'db' | 'recorder' | 'finisher' | 'remover' | 'inTurn'>,
  caller: Caller,
  given: string,
): Promise<{ readonly id: string }> {
  // Check.
  demand(caller, 'RECORD');
  const { db, remover, inTurn } = parts;
  const where = { id: given, AND: [visiblePlaybacks({ caller })] };
  const playback = isId(given) ? await db.playback.findFirst({ where, select: { id: true } }) : null;
  if (!playback) return { id: given };
  const { id } = playback;

  // End all work on the playback, then delete its row and note its objects for removal. Nobody protects it meanwhile.
  await inTurn.run(id, async () => {
    await demandUnprotected(db, id);
    await discardPlayback(parts, id);
    await db.$transaction((tx) => removePlaybacks(tx, { id }));
    // A job may have begun again while the row was still there.
    await discardPlayback(parts, id);
  });

  // Remove the objects soon.
  remover.nudge();
  return { id };
}
