import type { Playback, Prisma } from '../generated/prisma/client.ts';

const int4 = 2 ** 31 - 1;

/** A stretch of a recording in which the camera delivered no picture, in epoch milliseconds. */
export interface GapSpan {
  readonly from: number;
  readonly to: number;
}

/** What a playback's row says of where its clip begins. */
export interface ClipBounds {
  clipStartedAt: Date | null;
  preRollMs: number | null;
  missedMs: number | null;
}

/**
 * How the clip's first frame (epoch ms) lies to the moment that was asked for: before it is pre-roll, after it is
 * missed. All null while no frame has come.
 */
export function clipBounds(
  playback: Pick<Playback, 'startedAt'>,
  clipStartedAt: number | undefined,
): ClipBounds {
  if (clipStartedAt === undefined) return { clipStartedAt: null, preRollMs: null, missedMs: null };
  // Where somebody has set the clock meanwhile it may be anything; the column takes 32 bits.
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
