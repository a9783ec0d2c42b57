import type { EventType, Playback, Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { type CompletedClip, columnsOf } from './completed-clip.ts';
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
 * Makes the playback COMPLETED with its clip, whether the database knows it or not; camera and event are added where they
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
