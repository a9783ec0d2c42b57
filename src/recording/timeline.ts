import type { InitSegment } from '../mp4/init-segment.ts';
import { type FeedFragment, type Session, wallEnd, wallStart } from './session.ts';

/** A stretch of a recording in which the camera delivered nothing, in epoch milliseconds. */
export interface GapSpan {
  readonly from: number;
  readonly to: number;
}

/** How far media time may run away from the wall clock inside one session before it is put right. */
const maxDriftMs = 300;
/** Two sessions that follow each other closer than this leave no gap worth telling. */
const minGapMs = 100;

/**
 * Where fragments go in a recording: its time line is the wall clock since the first frame. Within a session
 * media time is kept as it is, so that picture and sound stay together; a new session is placed where the clock
 * says, and so is one whose media time has jumped.
 */
export class Timeline {
  /** The recording's time zero in epoch milliseconds: asked each time, as the first session's clock settles. */
  readonly #origin: () => number;
  #session: Session | undefined;
  /** Seconds to add to the session's media time. */
  #shift = 0;
  /** Where the newest fragment ends, in seconds since time zero. */
  #end: number;

  /** @param endSec where what is recorded already ends: 0 for a new recording */
  constructor(origin: () => number, endSec: number) {
    this.#origin = origin;
    this.#end = endSec;
  }

  /**
   * Places the next fragment.
   * @returns ticks to add per track, and the gap before the fragment if there is one
   */
  place(fragment: FeedFragment): { offsets: Map<number, number>; gap: GapSpan | undefined } {
    let gap: GapSpan | undefined;
    const origin = this.#origin();
    const atSec = (wallStart(fragment) - origin) / 1_000;
    const isNew = fragment.session !== this.#session;
    const drift = fragment.start + this.#shift - atSec;
    if (isNew || Math.abs(drift) > maxDriftMs / 1_000) {
      const start = Math.max(this.#end, atSec);
      const gapSec = start - this.#end;
      if (gapSec * 1_000 >= minGapMs && (this.#session || this.#end > 0)) {
        gap = { from: origin + this.#end * 1_000, to: origin + start * 1_000 };
      }
      this.#session = fragment.session;
      this.#shift = start - fragment.start;
    }
    this.#end = fragment.end + this.#shift;
    return { offsets: offsets(fragment.session.init, this.#shift), gap };
  }
}

function offsets(init: InitSegment, shiftSec: number): Map<number, number> {
  return new Map(init.tracks.map((track) => [track.id, Math.round(shiftSec * track.timescale)]));
}

/** Whether the fragment's last picture was taken at or after that moment (epoch ms). */
export const reaches = (fragment: Pick<FeedFragment, 'session' | 'end'>, wallMs: number): boolean =>
  wallEnd(fragment) >= wallMs;
