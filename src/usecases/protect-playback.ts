import { z } from 'zod';
import { type Caller, demand } from '../domain/caller.ts';
import { notFound } from '../domain/errors.ts';
import { NodeAway } from '../nodes/other-nodes.ts';
import { visiblePlayback } from './find-visible.ts';
import { textOf, validate } from './input.ts';
import type { Parts } from './parts.ts';

const rules = z.object({ reason: textOf(500) });

/**
 * Protects a playback, with any status: nothing deletes it until its protection is lifted. A second call replaces the
 * reason.
 * @returns the playback's id
 * @throws RequestError FORBIDDEN, BAD_USER_INPUT, NOT_FOUND
 */
export async function protectPlayback(
  { db, now, tasksOf, note }: Pick<Parts, 'db' | 'now' | 'tasksOf' | 'note'>,
  caller: Caller,
  { id: given, ...rest }: { readonly id: string; readonly reason: string },
): Promise<{ readonly id: string }> {
  demand(caller, 'RECORD');
  const { reason } = validate(rules, rest, []);
  const { id, nodeId, recordingStatus } = await visiblePlayback(db, caller, given);
  // The node that would delete the playback writes the protection, so that the two happen one after the other. A node
  // that is away deletes nothing, so this node may write it then.
  const order = { id, reason, by: caller.name, at: now() };
  const isThere = await tasksOf(recordingStatus === 'COMPLETED' ? null : nodeId)
    .protect(order)
    .catch((error) => {
      if (!(error instanceof NodeAway)) throw error;
      return tasksOf(null).protect(order);
    });
  if (!isThere) throw notFound('playback', given);
  note({ playbackId: id, by: caller.name, reason }, 'a playback was protected');
  return { id };
}
