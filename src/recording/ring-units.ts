import type { PlaybackToRecord } from '../db/playbacks.ts';
import { type FeedUnit, timeOf } from './feed/feed-unit.ts';
import type { Feeds } from './feed/feeds.ts';
import type { RecordingLeftover } from './footage-recording.ts';
import type { WallClock } from './steady-clock.ts';

/**
 * The units in the camera's ring that belong to the playback: from its pre-roll on, or from the end of a leftover on.
 */
export function ringUnits(
  feeds: Feeds,
  { cameraId, startedAt, preRollSec }: PlaybackToRecord,
  clock: WallClock,
  leftover?: RecordingLeftover,
): FeedUnit[] {
  const recordedTo = leftover && clock.toSteady(leftover.startedAt + leftover.durationSec * 1_000);
  const since = recordedTo ?? clock.toSteady(startedAt.getTime() - preRollSec * 1_000);
  const held = feeds.get(cameraId)?.ring.from(since) ?? [];
  return recordedTo === undefined ? held : held.filter((unit) => timeOf(unit) >= recordedTo);
}

/** Whether the ring still holds footage of a playback that was not recorded. */
export function isInRing(feeds: Feeds, playback: PlaybackToRecord, clock: WallClock): boolean {
  const { recordUntil } = playback;
  const until = recordUntil ? clock.toSteady(recordUntil.getTime()) : Number.POSITIVE_INFINITY;
  return ringUnits(feeds, playback, clock).some((unit) => timeOf(unit) < until);
}
