import type { SoundFormat } from '../../codecs/format.ts';
import type { AccessUnit } from '../../footage/unit.ts';
import { type Stamp, timeOf as stampTime } from './track-clock.ts';

/** One connection to a camera: its timestamps begin anew with it, and so do the clocks that explain them. */
export interface FeedSession {
  /** What its sound is coded as; undefined while none has come. */
  readonly soundFormat: SoundFormat | undefined;
  /** Whether sound was announced that may still come: false once a second has passed without any. */
  readonly awaitsSound: boolean;
  /** How many pictures were seen to be shown after one that came behind them. */
  readonly reorderDepth: number;
}

/** An access unit as it came out of a feed. */
export interface FeedUnit extends AccessUnit {
  readonly session: FeedSession;
  readonly stamp: Stamp;
}

/** When it was taken, in milliseconds of the monotonic clock, as far as is known by now. */
export const timeOf = ({ stamp }: Pick<FeedUnit, 'stamp'>): number => stampTime(stamp);
