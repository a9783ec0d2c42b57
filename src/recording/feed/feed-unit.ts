import type { SoundFormat } from '../../codecs/format.ts';
import type { AccessUnit } from '../../footage/unit.ts';
import { type Stamp, stampTime } from './track-clock.ts';

/**
 * What a source knows of its stream, for those who take its units. Each connection to a camera is a session of its own.
 */
export interface FeedSession {
  /** The format of the session's sound; undefined while no sound has come. */
  readonly soundFormat: SoundFormat | undefined;
  /** Whether announced sound may still come. After a second without sound, it counts as absent. */
  readonly awaitsSound: boolean;
  /** The most pictures, so far, that were decoded before a picture which is shown earlier than they are. */
  readonly reorderDepth: number;
}

/** An access unit from a feed. */
export interface FeedUnit extends AccessUnit {
  readonly session: FeedSession;
  readonly stamp: Stamp;
}

/** When the unit was taken, in steady milliseconds, as far as is known by now. */
export const timeOf = ({ stamp }: Pick<FeedUnit, 'stamp'>): number => stampTime(stamp);
