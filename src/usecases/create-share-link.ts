import { z } from 'zod';
import { hashOf, newShareToken } from '../access/secret.ts';
import { insertShareLink } from '../db/share-links.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { conflict } from '../domain/errors.ts';
import type { ShareLink } from '../generated/prisma/client.ts';
import { visiblePlayback } from './find-visible.ts';
import { badField, validate } from './input.ts';
import type { Parts } from './parts.ts';

const longestDays = 366;
const expectedSec = 'Expected seconds from the beginning of the clip, from 0 to 100000.';
const rules = z.object({
  atSec: z.number(expectedSec).min(0, expectedSec).max(100_000, expectedSec).optional(),
});

/**
 * Makes a link with which anybody can see the clip, without a key, until the link expires or is revoked. It stays valid
 * when the caller's key is revoked.
 * @param wanted.atSec where in the clip the player begins
 * @returns the link and its token, which is not stored
 * @throws RequestError FORBIDDEN, BAD_USER_INPUT, NOT_FOUND, or CONFLICT if there is no clip
 */
export async function createShareLink(
  { db, now, note }: Pick<Parts, 'db' | 'now' | 'note'>,
  caller: Caller,
  wanted: {
    readonly playbackId: string;
    readonly expiresAt: Date;
    readonly atSec?: number | null | undefined;
  },
): Promise<{ shareLink: ShareLink; token: string; atSec: number | undefined }> {
  // Check.
  demand(caller, 'RECORD');
  const { atSec } = validate(rules, { atSec: wanted.atSec });
  const createdAt = now();
  const { expiresAt } = wanted;
  const latest = new Date(createdAt.getTime() + longestDays * 86_400_000);
  if (expiresAt <= createdAt || expiresAt > latest) {
    throw badField('expiresAt', `Expected a moment in the future, at most ${longestDays} days from now.`);
  }
  const { id, recordingStatus } = await visiblePlayback(db, caller, wanted.playbackId);
  if (recordingStatus !== 'COMPLETED') {
    throw conflict(`The playback ${id} is ${recordingStatus}; only a clip that is COMPLETED can be shared.`);
  }

  // Write.
  const token = newShareToken();
  const link = { playbackId: id, tokenHash: hashOf(token), createdBy: caller.name, createdAt, expiresAt };
  const shareLink = await insertShareLink(db, link);
  note({ shareLinkId: shareLink.id, playbackId: id, by: caller.name, expiresAt }, 'a clip was shared');
  return { shareLink, token, atSec };
}
