import { mutate } from '../api/client.ts';
import type { Camera } from '../api/entities.ts';
import {
  CreateEventDocument,
  type CreateEventInput,
  StartRecordingDocument,
  StopRecordingDocument,
} from '../gql/graphql.ts';
import { say, sayProblem } from '../parts/notice.tsx';
import { t } from '../texts/text.ts';

/** What users do to recordings. Failures are shown in the server's words; none of these functions throws. */

/** @returns the playback's id; undefined if the request failed */
export async function recordByHand(camera: Camera, durationSec?: number): Promise<string | undefined> {
  try {
    const variables = { cameraId: camera.id, durationSec: durationSec ?? null };
    const { startRecording } = await mutate(StartRecordingDocument, variables);
    say(t('now.isRecorded', { camera: camera.name }));
    return startRecording.playback.id;
  } catch (error) {
    sayProblem(error);
    return undefined;
  }
}

export async function triggerEvent(input: CreateEventInput, camera: Camera): Promise<void> {
  try {
    const { createEvent } = await mutate(CreateEventDocument, { input });
    say(t(createEvent.playback ? 'now.reported' : 'now.notRecorded', { camera: camera.name }));
  } catch (error) {
    sayProblem(error);
  }
}

export async function stopRecording(playbackId: string): Promise<void> {
  await mutate(StopRecordingDocument, { playbackId }).catch(sayProblem);
}
