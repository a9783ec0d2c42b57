import { shiftFragment } from '../mp4/fragment.ts';
import type { InitSegment } from '../mp4/init-segment.ts';
import { retime, stretched } from '../mp4/retime.ts';
import { type FeedFragment, type Session, wallEnd, wallStart } from './session.ts';

/** A stretch of a recording in which the camera delivered nothing, in epoch milliseconds. */
export interface GapSpan {
  readonly from: number;
  readonly to: number;
}

/** A fragment as it is written: the moof with its place on the time line, and the gap before it if there is one. */
export interface Placed {
  readonly moof: Buffer;
  readonly gap: GapSpan | undefined;
}

/** Media time of a session with a right rate may run away from the wall clock this far before it is put right. */
const driftSec = 0.3;
/** What runs away farther than this in one session was not slow: the camera paused. */
const pauseSec = 1;
/** Two sessions that follow each other closer than this leave no gap worth telling. */
const minGapSec = 0.1;
/** The bounds of what a fragment is stretched by to put its time right; the rest is left to the next one. */
const stretch = { least: 0.5, most: 2 };

/**
 * Where fragments go in a recording: its time line is the wall clock since the first frame. Within a session
 * media time is kept as it is, so that picture and sound stay together; where it does not keep pace with the wall
 * clock, each fragment is made to end when the clock says that it ended. A new session is placed where the clock
 * says.
 */
export class Timeline {
  /** The recording's time zero in epoch milliseconds: asked each time, as the first session's clock settles. */
  readonly #origin: () => number;
  #session: Session | undefined;
  /** The end of the newest fragment, in seconds of its session's media time. */
  #mediaEnd = 0;
  /** The same moment in seconds since time zero. */
  #end: number;

  /** @param endSec where what is recorded already ends: 0 for a new recording */
  constructor(origin: () => number, endSec: number) {
    this.#origin = origin;
    this.#end = endSec;
  }

  /** Places the next fragment. */
  place(fragment: FeedFragment): Placed {
    const origin = this.#origin();
    const wall = {
      start: (wallStart(fragment) - origin) / 1_000,
      end: (wallEnd(fragment) - origin) / 1_000,
    };
    const { init, clock } = fragment.session;
    const follows = this.#end + (fragment.start - this.#mediaEnd) * clock.rate;
    const goesOn = fragment.session === this.#session && Math.abs(wall.start - follows) < pauseSec;
    const start = goesOn ? follows : Math.max(this.#end, wall.start);
    const gapSec = goesOn ? 0 : start - this.#end;
    const isGap = gapSec >= minGapSec && (this.#session !== undefined || this.#end > 0);
    const gap = isGap ? { from: origin + this.#end * 1_000, to: origin + start * 1_000 } : undefined;

    const length = fragment.end - fragment.start;
    const isRight = clock.rate === 1 && Math.abs(wall.end - start - length) <= driftSec;
    const wanted = isRight ? 1 : (wall.end - start) / length;
    const factor = Math.min(stretch.most, Math.max(stretch.least, wanted));
    this.#session = fragment.session;
    this.#mediaEnd = fragment.end;
    this.#end = start + length * factor;
    return { moof: moofAt(fragment, init, start, factor), gap };
  }
}

/** The fragment's moof with its beginning moved to `start` seconds and its length multiplied. */
function moofAt(fragment: FeedFragment, init: InitSegment, start: number, factor: number): Buffer {
  if (factor === 1) {
    const shift = start - fragment.start;
    return shiftFragment(
      fragment,
      new Map(init.tracks.map(({ id, timescale }) => [id, Math.round(shift * timescale)])),
    );
  }
  return retime(fragment, init.tracks, (times, { timescale }) => {
    const sinceStart = times.decodeTime - fragment.start * timescale;
    return stretched(times, factor, start * timescale + sinceStart * factor);
  }).moof;
}

/** Whether the fragment's last picture was taken at or after that moment (epoch ms). */
export const reaches = (fragment: Pick<FeedFragment, 'session' | 'end'>, wallMs: number): boolean =>
  wallEnd(fragment) >= wallMs;
