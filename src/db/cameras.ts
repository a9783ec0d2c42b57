import type { Camera, CameraState, Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { gatherLookups } from './gather.ts';
import { removeOver, removePlaybacks } from './playbacks.ts';

export type CameraSettings = Pick<
  Camera,
  'name' | 'rtspUrl' | 'channel' | 'enabled' | 'recordOn' | 'preRollSec' | 'postRollSec' | 'maxDurationSec'
>;

/** What a camera's feed does now, as it stands in the camera's row. */
export interface FeedReport {
  readonly state: CameraState;
  readonly stateSince: Date;
  readonly lastError: string | null;
  /** Known once the feed was live; undefined leaves what is known. */
  readonly stream?: { codec: string | null; audioCodec: string | null; resolution: string | null };
}

/** Asked for with every event, so that many at once share the look-up. */
export const findCamera = gatherLookups<Camera>(
  (db, ids) => db.camera.findMany({ where: { id: { in: ids } } }),
  ({ id }) => id,
);

export function createCamera(db: Db, settings: CameraSettings): Promise<Camera> {
  return db.camera.create({ data: settings });
}

/** @returns undefined when there is no such camera */
export async function updateCamera(
  db: Db,
  id: string,
  settings: Partial<CameraSettings>,
): Promise<Camera | undefined> {
  const rows = await db.camera.updateManyAndReturn({ where: { id }, data: settings });
  return rows[0];
}

/** Of all cameras, by name. */
export async function cameraIds(db: Db): Promise<string[]> {
  const cameras = await db.camera.findMany({ select: { id: true }, orderBy: { name: 'asc' } });
  return cameras.map(({ id }) => id);
}

export const hasCamera = async (db: Db, id: string): Promise<boolean> =>
  (await db.camera.count({ where: { id } })) > 0;

/** Small enough that nobody waits long behind one. */
const batch = 1_000;

/**
 * Deletes the camera, its events and its playbacks; the playbacks' objects are noted for removal with them. What is
 * over goes first, in batches that are each whole: a transaction that lasts would hold up all transitions. Where it
 * fails the camera goes on, and deleting it again goes on with what is left.
 * @param onGone gets the ids of the deleted playbacks of which something may be under way or on disk
 */
export async function deleteCamera(
  db: Db,
  id: string,
  onGone: (playbackIds: string[]) => Promise<unknown>,
): Promise<void> {
  for (let removed = batch; removed === batch; ) {
    const gone = await removeOver(db, id, batch);
    removed = gone.length;
    await onGone(gone.filter((it) => it.recordingStatus !== 'COMPLETED').map((it) => it.id));
  }
  for (let removed = batch; removed === batch; ) {
    removed = await db.$executeRaw`
      DELETE FROM events WHERE id IN (
        SELECT id FROM events e WHERE camera_id = ${id}::uuid AND ended_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM playbacks WHERE event_id = e.id) LIMIT ${batch})`;
  }
  const left = await db.$transaction(async (tx) => {
    // Nothing is added to it from here on.
    await tx.$queryRaw`SELECT id FROM cameras WHERE id = ${id}::uuid FOR UPDATE`;
    const ids = await removePlaybacks(tx, { cameraId: id });
    await tx.camera.deleteMany({ where: { id } });
    return ids;
  });
  await onGone(left);
}

export async function reportFeed(db: Db, id: string, report: FeedReport): Promise<void> {
  const { stream, ...state } = report;
  const data: Prisma.CameraUpdateManyMutationInput = {
    ...state,
    lastError: state.lastError?.slice(0, 500) ?? null,
    ...stream,
  };
  // Not by Prisma's update: a camera deleted meanwhile is no error.
  await db.camera.updateMany({ where: { id }, data });
}
