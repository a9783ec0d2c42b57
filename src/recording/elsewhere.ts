import { type Db, untilAnswered } from '../db/client.ts';
import { furtherPlayback, insertFurtherPlayback } from '../db/further-playbacks.ts';
import type { Log } from '../log.ts';
import type { RecordingEnd } from './footage-recording.ts';
import type { RunningRecording } from './running-recording.ts';

export interface ElsewhereOptions {
  readonly db: Db;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * If the disk has ended a recording, writes a further playback that no node owns. This node's heartbeats say that it takes
 * no recording. So another node gets the camera (db/owners.ts), finds the playback (interrupted.ts), and records it from
 * its ring on.
 */
export async function leaveToOthers(
  { playback: first, clock, outcomeUnwanted }: RunningRecording,
  { diskFailure, lastPictureAt }: RecordingEnd,
  { db, log, now }: ElsewhereOptions,
): Promise<void> {
  if (!diskFailure || outcomeUnwanted.aborted) return;
  const at = new Date(now());
  const further = furtherPlayback(first, new Date(Math.ceil(lastPictureAt ?? at.getTime())));
  const made = { at, isClockSet: clock.wasSet, isForOthers: true };
  if (await untilAnswered(() => insertFurtherPlayback(db, first.id, further, made)))
    log.info(
      { playbackId: first.id, furtherId: further.id },
      'another node goes on with a recording that the disk has ended',
    );
}
