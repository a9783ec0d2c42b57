import { setTimeout as sleep } from 'node:timers/promises';
import { type FeedReport, reportFeed } from '../../db/cameras.ts';
import type { Db } from '../../db/client.ts';
import type { Log } from '../../log.ts';
import { clipFormat } from '../sound/encoder.ts';
import type { Feed } from './feed.ts';

const againMs = 1_000;

/** Tries until the state is written, so that the row is right again once the database is back. */
export async function writeReport(
  { db, log }: { readonly db: Db; readonly log: Log },
  cameraId: string,
  report: FeedReport,
  /** Aborted when the camera was removed. */
  gone: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      return await reportFeed(db, cameraId, report);
    } catch (error) {
      log.warn({ cameraId, error }, 'the camera’s state cannot be written; trying again');
      if (gone.aborted) return;
      await sleep(againMs, undefined, { signal: gone }).catch(() => {}); // see `gone`
    }
  }
}

/** The facts about the camera's stream, as the API shows them. */
export function describe({ formats: { video, sound }, reading }: Feed): NonNullable<FeedReport['stream']> {
  return {
    codec: video?.codecString ?? null,
    audioCodec: sound ? clipFormat(sound).codecString : null,
    resolution: video ? `${video.width}x${video.height}` : null,
    ...(reading && { reading }),
  };
}
