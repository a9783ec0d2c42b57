import { revokeShareLink as revoke } from '../db/share-links.ts';
import { visiblePlaybacks } from '../db/visible.ts';
import { type Caller, demand } from '../domain/caller.ts';
import type { ShareLink } from '../generated/prisma/client.ts';
import { found } from './input.ts';
import type { Parts } from './parts.ts';

/**
 * Revokes a link to a clip: from now on it shows nothing. A second call changes nothing.
 * @throws RequestError FORBIDDEN, NOT_FOUND
 */
export async function revokeShareLink(
  { db, now, note }: Pick<Parts, 'db' | 'now' | 'note'>,
  caller: Caller,
  given: string,
): Promise<ShareLink> {
  demand(caller, 'RECORD');
  const find = (id: string) =>
    db.shareLink.findFirst({ where: { id, playback: visiblePlaybacks({ caller }) } });
  const { id, playbackId, revokedAt } = await found('share link', given, find);
  if (!revokedAt) {
    await revoke(db, id, now());
    note({ shareLinkId: id, playbackId, by: caller.name }, 'a link to a clip was revoked');
  }
  return found('share link', id, find);
}
