import { objectKeys } from '../domain/store-keys.ts';
import type { Playback } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { noteRemovals } from './removals.ts';

/** How an upload cuts a clip into parts, in bytes. */
export interface UploadLayout {
  /** The size of every part except the last. */
  readonly partBytes: number;
  /** The size of what comes before the payload in the first part. */
  readonly headBytes: number;
}

/**
 * Gives the playback its next key before anything is stored under it. With a layout, an upload will be begun under that
 * key; without one, one request will store the clip. The key that the playback had is noted for removal, with its
 * unfinished upload.
 * @returns the row; undefined if it was deleted, is COMPLETED or FAILED, or its attempt or upload is not the given one
 */
export function takeAttempt(
  db: Db,
  before: Playback,
  layout: UploadLayout | undefined,
): Promise<Playback | undefined> {
  const { id, uploadAttempt, uploadId } = before;
  return db.$transaction(async (tx) => {
    const [taken] = await tx.playback.updateManyAndReturn({
      where: { id, uploadAttempt, uploadId, recordingStatus: { in: ['RECORDING', 'PROCESSING'] } },
      data: {
        uploadAttempt: uploadAttempt + 1,
        uploadId: null,
        uploadPartBytes: layout?.partBytes ?? null,
        uploadHeadBytes: layout?.headBytes ?? null,
      },
    });
    // While a playback is recorded, nothing is stored under its clip's first key.
    const mayHold = uploadAttempt > 0 || before.recordingStatus === 'PROCESSING';
    if (taken && mayHold) await noteRemovals(tx, [{ key: objectKeys(before).clip, uploadId }]);
    return taken;
  });
}

/**
 * Writes the id that the bucket gave the upload of the row's attempt.
 * @returns the row; undefined if it was deleted, or its attempt is another one or has an upload already
 */
export async function saveUploadId(
  db: Db,
  { id, uploadAttempt }: Playback,
  uploadId: string,
): Promise<Playback | undefined> {
  const where = { id, uploadAttempt, uploadId: null };
  const [saved] = await db.playback.updateManyAndReturn({ where, data: { uploadId } });
  return saved;
}

/** The id of this installation, which is in its database and in what it uploads. */
export async function installationId(db: Db): Promise<string> {
  return (await db.installation.findFirstOrThrow()).id;
}

/** Saves up to when the footage is in the bucket, while it is recorded. */
export async function saveOffsiteUntil(db: Db, id: string, until: Date): Promise<void> {
  await db.playback.updateMany({
    where: { id, recordingStatus: 'RECORDING' },
    data: { offsiteUntil: until },
  });
}

/** The running recordings, on all nodes, of which at least a part is in the bucket. */
export async function offsitePlaybacks(db: Db): Promise<string[]> {
  const where = { recordingStatus: 'RECORDING' as const, offsiteUntil: { not: null } };
  const rows = await db.playback.findMany({ where, select: { id: true }, orderBy: { id: 'asc' } });
  return rows.map(({ id }) => id);
}

/** Tells all nodes, this one too, that the bucket has more footage of these playbacks. */
export async function notifyOffsite(db: Db, playbackIds: readonly string[]): Promise<void> {
  await db.$executeRaw`SELECT pg_notify('flashback_offsite', id) FROM unnest(${playbackIds}::text[]) id`;
}
