import { objectKeys } from '../domain/store-keys.ts';
import type { EventType, Playback, Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { type CompletedClip, columnsOf } from './completed-clip.ts';
import { noteRemovals } from './removals.ts';
import { transition } from './transitions.ts';

/** A clip that was made from the bucket, and what its manifest says of the rows. */
export interface Recovered {
  readonly playback: {
    readonly id: string;
    readonly startedAt: Date;
    readonly clipStartedAt: Date | null;
    readonly preRollSec: number;
    readonly gaps: Prisma.InputJsonValue;
  };
  readonly camera: { readonly id: string; readonly name: string | null };
  readonly event: {
    readonly id: string;
    readonly type: EventType;
    readonly label: string | null;
    readonly description: string | null;
    readonly startedAt: Date;
  } | null;
  readonly clip: CompletedClip & { readonly attempt: number };
}

/** The address of a camera that only the lost database knew. RFC 2606: nothing is ever there. */
const lostAddress = 'rtsp://unknown.invalid/';

/**
 * Makes the playback COMPLETED with its clip, whether the database knows it or not. Camera and event are added if they
 * are missing. A camera that is added is switched off, because its address is lost.
 * @returns false if the playback is COMPLETED already, and nothing was written
 */
export async function saveRecovered(db: Db, recovered: Recovered, at: Date): Promise<boolean> {
  await addMissing(db, recovered, at);
  const { id } = recovered.playback;
  const row = await db.playback.findUniqueOrThrow({ where: { id } });
  if (row.recordingStatus === 'COMPLETED') return false;
  const known = row.recordingStatus === 'PROCESSING' || (await toProcessing(db, row, at));
  return Boolean(known && (await transition(db, id, 'PROCESSING', 'COMPLETED', at, clipOf(recovered, row))));
}

/**
 * Makes a PROCESSING playback of this node COMPLETED with a clip that was made from the bucket. Notes the removal of
 * the recovery objects, and of an upload that was begun under another key. If the playback was deleted meanwhile, the
 * clip is removed as well.
 * @param clip with `posterBytes`, the size of the poster that is in the store, if there is one
 * @param copies the keys of the recovery objects
 */
export async function completeRecovered(
  db: Db,
  row: Playback,
  clip: Recovered['clip'] & { readonly posterBytes: number | undefined },
  copies: readonly string[],
  at: Date,
): Promise<void> {
  const { id, uploadAttempt, uploadId } = row;
  const isOtherKey = clip.attempt !== uploadAttempt;
  const { posterBytes } = clip;
  const { poster } = objectKeys(row);
  const change = {
    ...columnsOf(clip),
    ...(isOtherKey && attemptOf(clip)),
    ...(posterBytes !== undefined && { thumbnailPath: poster, thumbnailSizeBytes: posterBytes }),
  };
  const needless = [
    ...copies.map((key) => ({ key })),
    ...(isOtherKey ? [{ key: objectKeys(row).clip, uploadId }] : []),
  ];
  await db.$transaction(async (tx) => {
    const isDone = await transition(tx, id, 'PROCESSING', 'COMPLETED', at, change);
    const isDeleted = !isDone && (await tx.playback.count({ where: { id } })) === 0;
    if (isDone || isDeleted) await noteRemovals(tx, needless);
    if (isDeleted) await noteRemovals(tx, [{ key: clip.key }, { key: poster }]);
  });
}

/** The columns of an attempt whose clip is stored, and which has no upload to continue. */
const attemptOf = ({ attempt }: Recovered['clip']) => ({
  uploadAttempt: attempt,
  ...{ uploadId: null, uploadPartBytes: null, uploadHeadBytes: null },
});

/**
 * Gives a COMPLETED playback another clip, and notes the removal of its previous one. If the row has changed since it
 * was read, or was deleted, the removal of the new clip is noted instead.
 */
export async function replaceClip(db: Db, row: Playback, clip: Recovered['clip']): Promise<void> {
  const { id, storagePath } = row;
  await db.$transaction(async (tx) => {
    const { count } = await tx.playback.updateMany({
      where: { id, storagePath, recordingStatus: 'COMPLETED' },
      data: { ...columnsOf(clip), ...attemptOf(clip) },
    });
    await noteRemovals(tx, [{ key: count === 1 ? storagePath! : clip.key }]);
  });
}

async function addMissing(db: Db, { playback, camera, event }: Recovered, at: Date): Promise<void> {
  const address = { rtspUrl: lostAddress, enabled: false, state: 'DISABLED' as const };
  await db.camera.createMany({
    data: [{ id: camera.id, name: camera.name ?? `Recovered ${camera.id.slice(0, 8)}`, ...address }],
    skipDuplicates: true,
  });
  if (event) {
    await db.event.createMany({
      data: [{ ...event, cameraId: camera.id, endedAt: at }],
      skipDuplicates: true,
    });
  }
  const { id, startedAt, preRollSec } = playback;
  await db.playback.createMany({
    data: [
      {
        ...{ id, startedAt, preRollSec, cameraId: camera.id, eventId: event?.id ?? null },
        ...{ deadlineAt: at, recordingStatus: 'PROCESSING', createdAt: at },
      },
    ],
    skipDuplicates: true,
  });
}

async function toProcessing(db: Db, { id, recordingStatus }: Playback, at: Date): Promise<boolean> {
  if (recordingStatus === 'PENDING') await transition(db, id, 'PENDING', 'RECORDING', at);
  const from = recordingStatus === 'FAILED' ? 'FAILED' : 'RECORDING';
  return (await transition(db, id, from, 'PROCESSING', at)) !== undefined;
}

function clipOf({ playback, clip }: Recovered, row: Playback): Prisma.PlaybackUpdateManyMutationInput {
  const { startedAt, clipStartedAt, gaps } = playback;
  const endedAt = clipStartedAt && new Date(clipStartedAt.getTime() + clip.durationMs);
  const preRollMs = clipStartedAt && Math.max(0, startedAt.getTime() - clipStartedAt.getTime());
  return {
    endedAt: row.endedAt ?? endedAt,
    endReason: row.endReason ?? 'NODE_LOST',
    ...(clipStartedAt && { clipStartedAt, preRollMs }),
    gaps,
    uploadAttempt: clip.attempt,
    ...columnsOf(clip),
  };
}
