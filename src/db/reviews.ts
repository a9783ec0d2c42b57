import type { Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';

/** Which playbacks each person has reviewed. A person is the name of a caller. */

/**
 * Marks playbacks as reviewed. Playbacks that are marked already keep the time of their mark. Deleted ones are left
 * out.
 */
export async function saveReviews(db: Db, person: string, ids: readonly string[], at: Date): Promise<void> {
  // The lock keeps the rows from being deleted before the marks refer to them.
  await db.$executeRaw`
    INSERT INTO reviews (playback_id, person, at)
    SELECT id, ${person}, ${at} FROM (SELECT id FROM playbacks WHERE id = ANY(${ids}::uuid[]) FOR KEY SHARE) present
    ON CONFLICT DO NOTHING`;
}

export async function removeReviews(db: Db, person: string, ids: readonly string[]): Promise<void> {
  await db.review.deleteMany({ where: { person, playbackId: { in: [...ids] } } });
}

/** A condition for the playbacks that the person has reviewed, or for those that the person has not. */
export const reviewedBy = (person: string, isReviewed: boolean): Prisma.PlaybackWhereInput => ({
  reviews: { [isReviewed ? 'some' : 'none']: { person } },
});
