import type { Prisma, ShareLink } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';

/** Links with which anybody can see one clip. The database has the hash of a link's token, not the token. */

export type NewShareLink = Pick<
  ShareLink,
  'playbackId' | 'tokenHash' | 'createdBy' | 'createdAt' | 'expiresAt'
>;

export const insertShareLink = (db: Db, link: NewShareLink): Promise<ShareLink> =>
  db.shareLink.create({ data: link });

/** The links to a playback's clip, newest first, also those that are not valid any more. */
export const shareLinksOf = (db: Db, playbackId: string): Promise<ShareLink[]> =>
  db.shareLink.findMany({ where: { playbackId }, orderBy: { id: 'desc' } });

/** Revokes a link; a revoked link keeps its time of revocation. */
export async function revokeShareLink(db: Db, id: string, at: Date): Promise<void> {
  await db.shareLink.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: at } });
}

const shared = {
  playback: { include: { camera: { select: { name: true } }, event: { select: { type: true } } } },
} satisfies Prisma.ShareLinkInclude;

/** A valid link, with what it shows. */
export type SharedClip = Prisma.ShareLinkGetPayload<{ include: typeof shared }>;

/** The valid link with this hash, if its clip is in the store; undefined for all others. */
export async function findShared(db: Db, tokenHash: string, at: Date): Promise<SharedClip | undefined> {
  const where = {
    ...{ tokenHash, revokedAt: null, expiresAt: { gt: at } },
    playback: { recordingStatus: 'COMPLETED' as const },
  };
  return (await db.shareLink.findFirst({ where, include: shared })) ?? undefined;
}

/** Counts an opening of the link. */
export async function countOpening(db: Db, id: string, at: Date): Promise<void> {
  await db.shareLink.updateMany({ where: { id }, data: { openings: { increment: 1 }, lastOpenedAt: at } });
}
