import type { Playback, Prisma } from '../generated/prisma/client.ts';

const int4 = 2 ** 31 - 1;

/** A stretch of a recording in which the camera delivered no picture, in epoch milliseconds. */
export interface GapSpan {
  readonly from: number;
  readonly to: number;
}

/** What a playback's row says about the beginning of its clip. */
export interface ClipBounds {
  clipStartedAt: Date | null;
  preRollMs: number | null;
  missedMs: number | null;
}

/**
 * Compares the clip's first frame with the start that was asked for: an earlier frame gives pre-roll, a later one
 * gives missed time. All null while there is no frame.
 * @param clipStartedAt epoch milliseconds
 */
export function clipBounds(
  playback: Pick<Playback, 'startedAt'>,
  clipStartedAt: number | undefined,
): ClipBounds {
  if (clipStartedAt === undefined) return { clipStartedAt: null, preRollMs: null, missedMs: null };
  // Limited to the 32 bits of the column: if the clock was set meanwhile, the difference may have any size.
  const before = Math.round(Math.max(-int4, Math.min(int4, playback.startedAt.getTime() - clipStartedAt)));
  return {
    clipStartedAt: new Date(Math.round(clipStartedAt)),
    preRollMs: Math.max(0, before),
    missedMs: Math.max(0, -before),
  };
}

export function gapsToJson(gaps: readonly GapSpan[]): Prisma.InputJsonValue {
  return gaps.map(({ from, to }) => ({
    from: new Date(Math.round(from)).toISOString(),
    to: new Date(Math.round(to)).toISOString(),
  }));
}

export function gapsFromJson(gaps: unknown): GapSpan[] {
  return (gaps as { from: string; to: string }[]).map(({ from, to }) => ({
    from: Date.parse(from),
    to: Date.parse(to),
  }));
}
