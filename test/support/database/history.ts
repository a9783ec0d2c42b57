// A history for lists and timelines, inserted into the database, because recording it would take days.
import { connectDb } from '../../../src/db/client.ts';
import type { EventType } from '../../../src/generated/prisma/client.ts';

export interface PastPlayback {
  readonly cameraId: string;
  readonly startedAt: Date;
  readonly type?: EventType;
  readonly failed?: boolean;
  readonly gap?: boolean;
}

const lengthMs = 17_000;
const preRollMs = 5_000;

/** Playbacks without objects in the store, each with its own event. */
export async function writePast(databaseUrl: string, past: readonly PastPlayback[]): Promise<void> {
  const db = connectDb(databaseUrl);
  try {
    for (let i = 0; i < past.length; i += 1_000) {
      const rows = past.slice(i, i + 1_000);
      const events = await db.event.createManyAndReturn({
        data: rows.map(({ cameraId, startedAt, type = 'MOTION' }) => ({
          cameraId,
          channel: 1,
          type,
          startedAt,
          endedAt: new Date(startedAt.getTime() + lengthMs - preRollMs),
        })),
      });
      await db.playback.createMany({ data: rows.map((row, j) => playbackRow(row, events[j]!.id)) });
    }
  } finally {
    await db.$disconnect();
  }
}

function playbackRow({ cameraId, startedAt, failed, gap }: PastPlayback, eventId: string) {
  const after = (ms: number) => new Date(startedAt.getTime() + ms);
  const common = {
    cameraId,
    eventId,
    startedAt,
    endedAt: after(lengthMs - preRollMs),
    endReason: 'ENDED' as const,
  };
  if (failed) {
    const errorMessage = 'The camera delivered nothing while the event lasted.';
    return { ...common, recordingStatus: 'FAILED' as const, failureCode: 'CAMERA_UNREACHABLE', errorMessage };
  }
  return {
    ...common,
    recordingStatus: 'COMPLETED' as const,
    clipStartedAt: after(-preRollMs),
    preRollMs,
    missedMs: 0,
    durationMs: lengthMs,
    durationSec: lengthMs / 1_000,
    storagePath: `past/${eventId}.mp4`,
    fileSizeBytes: 1_234_567n,
    codec: 'avc1.64001f',
    resolution: '1920x1080',
    gaps: gap ? [{ from: after(2_000).toISOString(), to: after(5_000).toISOString() }] : [],
  };
}
