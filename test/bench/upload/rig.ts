// What the benches of uploads share: events at a camera, and what the bucket has got.
import { setTimeout as sleep } from 'node:timers/promises';
import { createEvent } from '../../support/app/playbacks.ts';
import type { S3Server } from '../../support/s3/s3-server.ts';
import type { Open } from '../engine/restart-later.ts';
import type { Rig } from '../engine/rig.ts';
import type { BenchServer } from '../server.ts';

/** The shaped line. */
export const lineBitsPerSec = 20_000_000;
/** The longest recording. At 4 Mbit/s, it has parts of 5 MiB. */
export const maxDurationSec = 4 * 3_600;

export async function begin({ cameras }: Rig, { client }: BenchServer): Promise<Open> {
  const { id, playback } = await createEvent(client, { cameraId: cameras[0]!.id });
  return { id, playback: { id: playback!.id } };
}

/** The size of a full part: 5 MiB, or more where the longest recording would have more parts than a bucket takes. */
export const partBytesIn = ({ log }: S3Server) =>
  Math.max(...log.filter(({ op }) => op === 'UploadPart').map(({ length }) => length));

/** The most resident memory from now on, above that of now. */
export function watchMemory(server: () => BenchServer): { peakMib(): number } {
  const before = server().rssMib();
  let peak = before;
  const sampling = setInterval(() => {
    // While a server is stopped, it has no process.
    try {
      peak = Math.max(peak, server().rssMib());
    } catch {}
  }, 20);
  return {
    peakMib() {
      clearInterval(sampling);
      return peak - before;
    },
  };
}

/** Resolves when every full part of that many uploads is in the bucket. */
export async function untilSent(bucket: S3Server, uploads: number): Promise<void> {
  for (let quietMs = 0, before = -1; quietMs < 3_000; ) {
    await sleep(500);
    const sent = bucket.log.filter(({ op, status }) => op === 'UploadPart' && status === 200).length;
    // The index of ten hours is copied before the first part, which takes longer than this is quiet.
    const isQuiet = sent > 0 && sent === before && bucket.contents.uploads.size === uploads;
    quietMs = isQuiet ? quietMs + 500 : 0;
    before = sent;
  }
}
