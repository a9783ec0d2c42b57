import type { Camera, CameraState, Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { gather } from './gather.ts';
import { removePlaybacks } from './playbacks.ts';

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
export const findCamera = gather<string, Camera | undefined>(async (db, ids) => {
  const rows = await db.camera.findMany({ where: { id: { in: [...ids] } } });
  const byId = new Map(rows.map((camera) => [camera.id, camera]));
  return ids.map((id) => byId.get(id));
});

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

/**
 * Deletes the camera, its events and its playbacks; their objects are noted for removal in the same transaction.
 * @returns whether there was such a camera
 */
export async function deleteCamera(db: Db, id: string): Promise<boolean> {
  return db.$transaction(
    async (tx) => {
      await removePlaybacks(tx, { cameraId: id });
      const { count } = await tx.camera.deleteMany({ where: { id } });
      return count > 0;
    },
    { timeout: 60_000 },
  );
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
