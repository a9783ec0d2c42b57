import type { CameraProblem } from '../domain/camera-errors.ts';
import type { RetentionRule } from '../domain/retention.ts';
import type { Camera, CameraState, Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { gatherLookups } from './gather.ts';
import { removeFinished, removePlaybacks } from './playback-removal.ts';
import { demandNoneProtected } from './protection.ts';
import type { Incarnation } from './session.ts';

export type CameraSettings = Pick<
  Camera,
  'name' | 'rtspUrl' | 'channel' | 'enabled' | 'recordOn' | 'preRollSec' | 'postRollSec' | 'maxDurationSec'
> &
  Partial<Pick<Camera, 'transport' | 'reader' | 'tls' | 'allowOldTls' | 'site'>> & {
    readonly retention?: readonly RetentionRule[];
  };

/** How a camera's stream is read at present. */
export interface ReadingFacts {
  readonly reader: 'FLASHBACK' | 'FFMPEG';
  readonly transport: 'TCP' | 'UDP';
  /** Why ffmpeg reads the stream, as a sentence; undefined if Flashback reads it itself. */
  readonly reason?: string | undefined;
  /** Why announced sound is not in clips, as a sentence; undefined if it is, or if none is announced. */
  readonly soundLeftOut?: string | undefined;
}

/** Rates that were measured in a stream; left out if not measured. */
export interface StreamRates {
  readonly framesPerSec?: number;
  /** The time from one keyframe to the next; left out if no second keyframe came. */
  readonly keyframeIntervalSec?: number;
  /** The bit rate of the pictures alone. */
  readonly bitsPerSec?: number;
}

/** What a short look at a camera's stream has shown; what was not seen is undefined. */
export interface CameraTrial extends StreamRates {
  /** Why the camera cannot be recorded; undefined if it can be. */
  readonly problem: CameraProblem | undefined;
  readonly reading: ReadingFacts | undefined;
  /** RFC 6381. */
  readonly codec: string | undefined;
  /** The codec of the sound in clips (RFC 6381). */
  readonly audioCodec: string | undefined;
  readonly resolution: string | undefined;
  readonly jpeg: Buffer | undefined;
}

/** The state of a camera's feed, as it is saved in the camera's row. */
export interface FeedReport {
  readonly state: CameraState;
  /** undefined: the state has not changed. */
  readonly stateSince?: Date;
  readonly lastError: CameraProblem | null;
  /** The formats of the stream, once the feed was live. undefined: the row keeps what it has. */
  readonly stream?: {
    codec: string | null;
    audioCodec: string | null;
    resolution: string | null;
    reading?: ReadingFacts;
  };
}

/** Looks up a camera. Every event does that, so look-ups at the same time are batched. */
export const findCamera = gatherLookups<Camera>(
  (db, ids) => db.camera.findMany({ where: { id: { in: ids } } }),
  ({ id }) => id,
);

/** Adds a camera that no node owns yet (planOwners in owners.ts). */
export function insertCamera(db: Db, settings: CameraSettings): Promise<Camera> {
  return db.camera.create({ data: { ...columnsOf(settings), nodeId: null, ownerEpoch: null } });
}

/** @returns undefined when there is no such camera */
export async function saveCamera(
  db: Db,
  id: string,
  settings: Partial<CameraSettings & Pick<Camera, 'tlsFingerprint'>>,
): Promise<Camera | undefined> {
  const rows = await db.camera.updateManyAndReturn({ where: { id }, data: columnsOf(settings) });
  return rows[0];
}

const columnsOf = <T extends Partial<CameraSettings>>({ retention, ...columns }: T) => ({
  ...columns,
  ...(retention && { retention: retention.map((rule) => ({ ...rule })) }),
});

/** All cameras with their rules of retention. */
export async function retentionOfCameras(
  db: Db,
): Promise<{ readonly id: string; readonly rules: readonly RetentionRule[] }[]> {
  const cameras = await db.camera.findMany({ select: { id: true, retention: true }, orderBy: { id: 'asc' } });
  return cameras.map(({ id, retention }) => ({ id, rules: retention as unknown as RetentionRule[] }));
}

/** Saves the first certificate that a camera presented; later ones are compared with it. */
export async function pinCertificate(db: Db, id: string, tlsFingerprint: string): Promise<void> {
  await db.camera.updateMany({ where: { id, tlsFingerprint: null }, data: { tlsFingerprint } });
}

/** The cameras that this node owns in its present start (incarnation), and those that it is to own next. */
export const camerasOf = (db: Db, { nodeId, incarnation }: Incarnation): Promise<Camera[]> =>
  db.camera.findMany({ where: { OR: [{ nodeId, ownerEpoch: incarnation }, { nextNodeId: nodeId }] } });

/** The ids of all cameras, in the order of their names. */
export async function cameraIds(db: Db): Promise<string[]> {
  const cameras = await db.camera.findMany({ select: { id: true }, orderBy: { name: 'asc' } });
  return cameras.map(({ id }) => id);
}

export const hasCamera = async (db: Db, id: string): Promise<boolean> =>
  (await db.camera.count({ where: { id } })) > 0;

/** Rows per transaction: few enough not to delay other transactions for long. */
const batch = 1_000;

/**
 * Deletes a camera, its events and its playbacks, and adds removals for the playbacks' objects. Finished playbacks and
 * events are deleted first, in batches of one transaction each: a long transaction would delay all transitions. After
 * an error the camera still exists and works, and a second deletion deletes the rest.
 * @param onGone gets the ids of deleted playbacks that may still be recorded or finished, or may have footage on disk
 * @throws RequestError CONFLICT if a playback of the camera is protected, or is protected meanwhile
 */
export async function deleteCameraRows(
  db: Db,
  id: string,
  onGone: (playbackIds: string[]) => Promise<unknown>,
): Promise<void> {
  await demandNoneProtected(db, id);
  for (let removed = batch; removed === batch; ) {
    const gone = await removeFinished(db, id, batch);
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
    // From here on nobody can add events or playbacks to the camera.
    await tx.$queryRaw`SELECT id FROM cameras WHERE id = ${id}::uuid FOR UPDATE`;
    const ids = await removePlaybacks(tx, { cameraId: id });
    await demandNoneProtected(tx, id);
    await tx.camera.deleteMany({ where: { id } });
    return ids;
  });
  await onGone(left);
}

export async function reportFeed(db: Db, id: string, report: FeedReport): Promise<void> {
  const { stream, lastError, ...state } = report;
  const { reading, ...described } = stream ?? {};
  const data: Prisma.CameraUpdateManyMutationInput = {
    ...state,
    lastError: lastError?.message.slice(0, 500) ?? null,
    lastErrorCode: lastError?.code ?? null,
    ...described,
    ...(reading && { reading: { ...reading } }),
  };
  // `updateMany`, because `update` throws if the camera was deleted meanwhile.
  await db.camera.updateMany({ where: { id }, data });
}
