import type { Playback } from '../api/entities.ts';

/** Positions in a clip, in milliseconds from its first frame. */
export interface ClipTime {
  readonly lengthMs: number;
  /** The beginning of the event. */
  readonly eventMs: number;
  /** The end of the event. What follows is post-roll. */
  readonly endMs: number;
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Epoch ms of the first frame. */
  readonly startsAt: number;
}

export function clipTime({
  startedAt,
  clipStartedAt,
  preRollMs,
  durationMs,
  endedAt,
  gaps,
}: Playback): ClipTime {
  const startsAt = Date.parse(clipStartedAt ?? startedAt);
  const lengthMs = durationMs ?? 0;
  const inside = (at: string) => Math.min(lengthMs, Math.max(0, Date.parse(at) - startsAt));
  return {
    lengthMs,
    eventMs: Math.min(lengthMs, preRollMs ?? 0),
    endMs: endedAt ? inside(endedAt) : lengthMs,
    gaps: gaps.map(({ from, to }) => ({ fromMs: inside(from), toMs: inside(to) })),
    startsAt,
  };
}
