import type { Camera, CameraState, Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { gatherLookups } from './gather.ts';
import { removeOver, removePlaybacks } from './playbacks.ts';

export type CameraSettings = Pick<
  Camera,
  'name' | 'rtspUrl' | 'channel' | 'enabled' | 'recordOn' | 'preRollSec' | 'postRollSec' | 'maxDurationSec'
> &
  Partial<Pick<Camera, 'transport' | 'reader' | 'tls' | 'allowOldTls'>>;

/** How a camera's stream is read. */
export interface ReadingFacts {
  readonly reader: 'FLASHBACK' | 'FFMPEG';
  readonly transport: 'TCP' | 'UDP';
  /** Why it is not read in the usual way, in words; undefined where it is. */
  readonly reason?: string | undefined;
  /** Why announced sound is not in clips, in words; undefined where it is, or where none is announced. */
  readonly soundLeftOut?: string | undefined;
}

/** What a camera's feed does now, as it stands in the camera's row. */
export interface FeedReport {
  readonly state: CameraState;
  /** undefined: it was in this state before. */
  readonly stateSince?: Date;
  readonly lastError: string | null;
  /** Known once the feed was live; undefined leaves what is known. */
  readonly stream?: {
    codec: string | null;
    audioCodec: string | null;
    resolution: string | null;
    reading?: ReadingFacts;
  };
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
  settings: Partial<CameraSettings & Pick<Camera, 'tlsFingerprint'>>,
): Promise<Camera | undefined> {
  const rows = await db.camera.updateManyAndReturn({ where: { id }, data: settings });
  return rows[0];
}

/** Notes the certificate that a camera showed first; later ones are compared with it. */
export async function pinCertificate(db: Db, id: string, tlsFingerprint: string): Promise<void> {
  await db.camera.updateMany({ where: { id, tlsFingerprint: null }, data: { tlsFingerprint } });
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
  const { reading, ...described } = stream ?? {};
  const data: Prisma.CameraUpdateManyMutationInput = {
    ...state,
    lastError: state.lastError?.slice(0, 500) ?? null,
    ...described,
    ...(reading && { reading: { ...reading } }),
  };
  // Not by Prisma's update: a camera deleted meanwhile is no error.
  await db.camera.updateMany({ where: { id }, data });
}
