import { z } from 'zod';
import { newPlayback } from '../db/playbacks.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { longestSec, secondsAfter } from './event-times.ts';
import { visibleCamera } from './find-visible.ts';
import { badField, validate, wholeNumber } from './input.ts';
import type { Parts } from './parts.ts';
import { recordAtOwner } from './record-at-owner.ts';

const rules = z.object({ durationSec: wholeNumber(1, longestSec).optional() });

/**
 * Starts a recording by hand, without an event. It begins with the camera's pre-roll.
 * @param wanted.durationSec the recording's deadline is this long after its start; left out: the camera's
 *   `maxDurationSec`
 * @returns the playback's id
 * @throws RequestError FORBIDDEN, BAD_USER_INPUT, NOT_FOUND, CAPACITY
 */
export async function startRecording(
  parts: Pick<
    Parts,
    'db' | 'now' | 'feeds' | 'admission' | 'recorder' | 'firstCalls' | 'eventRate' | 'tasksOf' | 'isElsewhere'
  >,
  caller: Caller,
  { cameraId, ...given }: { readonly cameraId: string; readonly durationSec?: number | null | undefined },
): Promise<{ readonly id: string }> {
  // Check.
  demand(caller, 'RECORD');
  const { durationSec } = validate(rules, given);
  const camera = await visibleCamera(parts.db, caller, cameraId);
  const { maxDurationSec, preRollSec } = camera;
  if (durationSec && durationSec > maxDurationSec) {
    throw badField('durationSec', `Expected at most the camera’s maxDurationSec, ${maxDurationSec}.`);
  }

  // Write the row and begin to record, at the node that owns the camera.
  const startedAt = parts.now();
  const deadlineAt = secondsAfter(startedAt, durationSec ?? maxDurationSec);
  const playback = newPlayback({ cameraId: camera.id, startedAt, preRollSec, deadlineAt });
  await recordAtOwner(parts, camera, { playback, by: caller.name, at: startedAt });

  // Answer.
  return { id: playback.id };
}
