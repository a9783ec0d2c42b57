import { type Db, untilAnswered } from '../db/client.ts';
import { furtherPlayback, insertFurtherPlayback } from '../db/further-playbacks.ts';
import type { PlaybackToRecord } from '../db/playbacks.ts';
import type { Camera, Playback } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import type { Place } from './places.ts';
import type { RunningRecording } from './running-recording.ts';
import type { WallClock } from './steady-clock.ts';

interface FurtherOptions {
  readonly db: Db;
  readonly log: Log;
  readonly now: () => number;
  /** Resolves when the row of the first playback says how it ended. */
  readonly outcome: Promise<void>;
  readonly recorder: {
    begin(
      playback: PlaybackToRecord,
      camera: Camera,
      how: { place: Place; clock: WallClock; isWritten: Promise<boolean> },
    ): Promise<Playback | undefined>;
    keepUntil(playbackId: string, until: Date): void;
  };
}

/** The recording of the further playback. It gets the place of the first one. */
export interface Continuation {
  /** Resolves when it has begun or is known not to begin; never rejects. */
  readonly begun: Promise<void>;
}

/**
 * Records a stream's new format as a further playback, because one file cannot hold two formats. Both recordings use
 * the clock of the first one: so their times agree, and the deadline holds even if somebody sets the wall clock.
 * @returns undefined if the stream did not change its format
 */
export function continueInNewFormat(
  running: RunningRecording,
  options: FurtherOptions,
): Continuation | undefined {
  const { formatChangedAt } = running;
  if (formatChangedAt === undefined) return undefined;
  return { begun: continueAt(formatChangedAt, running, options) };
}

/** @param changedAt steady milliseconds */
async function continueAt(
  changedAt: number,
  { playback: first, camera, clock, place, outcomeUnwanted }: RunningRecording,
  { db, log, now, outcome, recorder }: FurtherOptions,
): Promise<void> {
  // Dates are whole milliseconds. Rounded down, the start would lie before the picture, and `missedMs`
  // would not be 0.
  const further = furtherPlayback(first, new Date(Math.ceil(clock.toWall(changedAt))));
  const facts = { playbackId: first.id, furtherId: further.id };
  /** Whether the event goes on, so that the further playback was written. */
  const isWritten = async () => {
    await outcome;
    if (outcomeUnwanted.aborted) return false;
    const made = { at: new Date(now()), isClockSet: clock.wasSet };
    return (await untilAnswered(() => insertFurtherPlayback(db, first.id, further, made))) !== undefined;
  };
  try {
    const begun = await recorder.begin(further, camera, { place, clock, isWritten: isWritten() });
    if (!begun) return;
    log.info(facts, 'the stream changed its format; a further playback continues');
    // The event may have ended before this recording began.
    if (begun.recordUntil) recorder.keepUntil(begun.id, begun.recordUntil);
  } catch (error) {
    log.error({ ...facts, error }, 'a recording cannot continue in the stream’s new format');
  }
}
