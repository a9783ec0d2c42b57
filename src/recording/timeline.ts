import { shiftFragment } from '../mp4/fragment.ts';
import type { InitSegment } from '../mp4/init-segment.ts';
import { retime, stretched } from '../mp4/retime.ts';
import { asKnown, type FeedFragmentHead, isSettled, type Session, wallEnd, wallStart } from './session.ts';

/** A stretch of a recording in which the camera delivered no picture, in epoch milliseconds. */
export interface GapSpan {
  readonly from: number;
  readonly to: number;
}

/** A fragment as it is written: the moof with its place on the time line, and the gap before it if there is one. */
export interface Placed {
  readonly moof: Buffer;
  readonly gap: GapSpan | undefined;
  /** What has turned out to be wrong since: moofs of the same size in the place of those written there. */
  readonly corrections: readonly Correction[];
}

export interface Correction {
  /** Where it stands in the file, in bytes. */
  readonly at: number;
  readonly moof: Buffer;
}

/** How far a time line has come. */
interface Reach {
  readonly newest: FeedFragmentHead | undefined;
  /** Where it ends, in seconds since time zero. */
  readonly end: number;
  /** Where the newest picture ends: sound may have gone on without any. */
  readonly seenUntil: number;
}

/** What was placed by a first impression of its session. */
interface Provisional {
  readonly from: Reach;
  fragments: readonly { readonly fragment: FeedFragmentHead; readonly at: number }[];
  rate: number;
  isLed: boolean;
}

/** Media time of a session with a right rate may run away from the wall clock this far before it is put right. */
const driftSec = 0.3;
/** What runs away farther than this in one session was not slow: the camera paused. */
const pauseSec = 1;
/** Two sessions that follow each other closer than this leave no gap worth telling. */
const minGapSec = 0.1;
/** So many fragments are kept to be placed anew. A session settles long before, unless its pictures stay away. */
const provisionalMost = 60;
/** The bounds of what a fragment is stretched by to put its time right; the rest is left to the next one. */
const stretch = { least: 0.5, most: 2 };

/**
 * Where fragments go in a recording: its time line is the wall clock since the first frame. Within a session
 * media time is kept as it is, so that picture and sound stay together; where it does not keep pace with the wall
 * clock, each fragment is made to end when the clock says that it ended. A new session is placed where the clock
 * says. A camera's first seconds come before its rate is known: when it is, they are placed anew.
 */
export class Timeline {
  /** The recording's time zero in epoch milliseconds: asked each time, as the first session's clock settles. */
  readonly #origin: () => number;
  #reach: Reach;
  #provisional: Provisional | undefined;

  /** @param endSec where what is recorded already ends: 0 for a new recording */
  constructor(origin: () => number, endSec: number) {
    this.#origin = origin;
    this.#reach = { newest: undefined, end: endSec, seenUntil: endSec };
  }

  /**
   * Places the next fragment.
   * @param at where its moof will stand in the file, in bytes
   */
  place(fragment: FeedFragmentHead, at: number): Placed {
    const { session } = fragment;
    const corrections = this.#placeAgain(session);
    if (isSettled(session)) return { ...this.#placeNext(fragment, false), corrections };
    const { isLed } = session.camera;
    this.#provisional ??= { from: this.#reach, fragments: [], rate: session.clock.rate, isLed };
    this.#provisional.fragments = [...this.#provisional.fragments, { fragment, at }];
    return { ...this.#placeNext(fragment, true), corrections };
  }

  /** Places anew what was placed by a rate that is no longer believed, or before its pictures were led. */
  #placeAgain(session: Session): Correction[] {
    const it = this.#provisional;
    if (!it) return [];
    const { rate } = session.clock;
    const { isLed } = session.camera;
    const isOver = it.fragments[0]!.fragment.session !== session || it.fragments.length >= provisionalMost;
    if (isOver || isSettled(session)) this.#provisional = undefined;
    if (isOver || (rate === it.rate && isLed === it.isLed)) return [];
    const fragments = it.fragments.map(({ fragment, at }) => ({ fragment: asKnown(fragment), at }));
    Object.assign(it, { fragments, rate, isLed });
    this.#reach = it.from;
    return fragments.map(({ fragment, at }) => ({ at, moof: this.#placeNext(fragment, true).moof }));
  }

  #placeNext(fragment: FeedFragmentHead, keepsSize: boolean): Pick<Placed, 'moof' | 'gap'> {
    const { end, seenUntil } = this.#reach;
    const newest = this.#reach.newest && asKnown(this.#reach.newest);
    const origin = this.#origin();
    const wall = {
      start: (wallStart(fragment) - origin) / 1_000,
      end: (wallEnd(fragment) - origin) / 1_000,
    };
    const { init, clock } = fragment.session;
    const follows = end + (fragment.start - (newest?.end ?? 0)) * clock.rate;
    const goesOn = fragment.session === newest?.session && Math.abs(wall.start - follows) < pauseSec;
    const start = goesOn ? follows : Math.max(end, wall.start);
    const gapSec = goesOn ? 0 : start - seenUntil;
    const isGap = gapSec >= minGapSec && (newest !== undefined || end > 0);
    const gap = isGap ? { from: origin + seenUntil * 1_000, to: origin + start * 1_000 } : undefined;

    const length = fragment.end - fragment.start;
    const isRight = clock.rate === 1 && Math.abs(wall.end - start - length) <= driftSec;
    const wanted = isRight ? 1 : (wall.end - start) / length;
    const factor = Math.min(stretch.most, Math.max(stretch.least, wanted));
    const reached = start + length * factor;
    this.#reach = { newest: fragment, end: reached, seenUntil: fragment.hasVideo ? reached : seenUntil };
    const isOnlyMoved = factor === 1 && !keepsSize;
    return {
      moof: isOnlyMoved ? shifted(fragment, init, start) : retimed(fragment, init, start, factor),
      gap,
    };
  }
}

/** The fragment's moof with its beginning moved to `start` seconds. */
function shifted(fragment: FeedFragmentHead, { tracks }: InitSegment, start: number): Buffer {
  const shift = start - fragment.start;
  return shiftFragment(
    fragment,
    new Map(tracks.map(({ id, timescale }) => [id, Math.round(shift * timescale)])),
  );
}

/** The same, with its length multiplied; of the same size whatever the times. */
function retimed(fragment: FeedFragmentHead, { tracks }: InitSegment, start: number, factor: number): Buffer {
  return retime(fragment, tracks, (times, { timescale }) => {
    const sinceStart = times.decodeTime - fragment.start * timescale;
    return stretched(times, factor, start * timescale + sinceStart * factor);
  }).moof;
}

/** Whether the fragment's last picture was taken at or after that moment (epoch ms). */
export const reaches = (fragment: Pick<FeedFragmentHead, 'session' | 'end'>, wallMs: number): boolean =>
  wallEnd(fragment) >= wallMs;
