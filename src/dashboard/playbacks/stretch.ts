import type { Playback } from '../api/entities.ts';
import { isRunning } from '../api/running.ts';

/** The time that a playback covers on the wall clock, in epoch ms. */
export interface Stretch {
  /** The clip's first frame; without a clip, the event. */
  readonly from: number;
  readonly event: number;
  readonly to: number;
}

/** @param now the end of a recording that still runs */
export function stretchOf(playback: Playback, now: number): Stretch {
  const { startedAt, clipStartedAt, durationMs, endedAt } = playback;
  const event = Date.parse(startedAt);
  const from = clipStartedAt ? Date.parse(clipStartedAt) : event;
  if (durationMs != null) return { from, event, to: from + durationMs };
  if (endedAt) return { from, event, to: Math.max(event, Date.parse(endedAt)) };
  return { from, event, to: isRunning(playback) ? Math.max(now, event) : event };
}
