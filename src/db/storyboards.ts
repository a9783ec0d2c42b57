import { objectKeys } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { noteRemovals } from './removals.ts';

/**
 * Saves that the store has the playback's storyboard. If the playback was deleted meanwhile, the objects get removals.
 * @param bytes the sizes that the store has confirmed
 */
export async function saveStoryboard(
  db: Db,
  playback: Playback,
  bytes: Pick<Playback, 'storyboardBytes' | 'storyboardVttBytes'>,
): Promise<void> {
  const where = { id: playback.id, recordingStatus: 'COMPLETED' } as const;
  const { count } = await db.playback.updateMany({ where, data: bytes });
  if (count === 0) await removeStoryboard(db, playback);
}

/** Notes both objects of a storyboard for removal; one that is not in the store is no error. */
export async function removeStoryboard(
  db: Db,
  playback: Pick<Playback, 'id' | 'cameraId' | 'startedAt'>,
): Promise<void> {
  const { storyboard, storyboardVtt } = objectKeys({ ...playback, uploadAttempt: 0 });
  await noteRemovals(db, [{ key: storyboard }, { key: storyboardVtt }]);
}
