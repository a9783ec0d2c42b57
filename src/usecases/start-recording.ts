import { z } from 'zod';
import { insertPlayback, newPlayback } from '../db/playbacks.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { longestSec, secondsAfter } from './event-times.ts';
import { visibleCamera } from './find-visible.ts';
import { badField, validate, wholeNumber } from './input.ts';
import type { Parts } from './parts.ts';

const rules = z.object({ durationSec: wholeNumber(1, longestSec).optional() });

/**
 * Starts a recording by hand, without an event. It begins with the camera's pre-roll.
 * @param wanted.durationSec the recording stops after this time; left out: after the camera's longest recording
 * @returns the playback's id
 * @throws RequestError FORBIDDEN, BAD_USER_INPUT, NOT_FOUND, CAPACITY
 */
export async function startRecording(
  { db, now, admission, recorder }: Pick<Parts, 'db' | 'now' | 'admission' | 'recorder'>,
  caller: Caller,
  { cameraId, ...given }: { readonly cameraId: string; readonly durationSec?: number | null | undefined },
): Promise<{ readonly id: string }> {
  // Check.
  demand(caller, 'RECORD');
  const { durationSec } = validate(rules, given);
  const camera = await visibleCamera(db, caller, cameraId);
  const { maxDurationSec, preRollSec } = camera;
  if (durationSec && durationSec > maxDurationSec) {
    throw badField('durationSec', `Expected at most the camera’s maxDurationSec, ${maxDurationSec}.`);
  }

  // Admit.
  const place = await admission.admit({ cameraId: camera.id, by: caller.name });

  // Write the row and begin to record, both at the same time.
  const startedAt = now();
  const deadlineAt = secondsAfter(startedAt, durationSec ?? maxDurationSec);
  const playback = newPlayback({ cameraId: camera.id, startedAt, preRollSec, deadlineAt });
  const isWritten = insertPlayback(db, playback, startedAt).then(() => true);
  await recorder.begin(playback, camera, { place, isWritten });

  // Answer.
  return { id: playback.id };
}
