import type { Playback } from '../api/entities.ts';
import { isRunning } from '../api/running.ts';

/** A playback in wall-clock time, epoch ms. */
export interface Stretch {
  /** The clip's first frame; where there is none, the event. */
  readonly from: number;
  readonly event: number;
  readonly to: number;
}

/** @param now stands for the end of what still runs */
export function stretchOf(playback: Playback, now: number): Stretch {
  const { startedAt, clipStartedAt, durationMs, endedAt } = playback;
  const event = Date.parse(startedAt);
  const from = clipStartedAt ? Date.parse(clipStartedAt) : event;
  if (durationMs != null) return { from, event, to: from + durationMs };
  if (endedAt) return { from, event, to: Math.max(event, Date.parse(endedAt)) };
  return { from, event, to: isRunning(playback) ? Math.max(now, event) : event };
}
