import type { Fragment } from '../mp4/fragment.ts';
import type { InitSegment } from '../mp4/init-segment.ts';
import { CameraClock } from './camera-clock.ts';
import { SessionClock } from './session-clock.ts';

/** One connection to a camera: its media time starts anew, and so does the clock that explains it. */
export interface Session {
  readonly init: InitSegment;
  readonly clock: SessionClock;
  readonly camera: CameraClock;
}

/** @param rate what the camera's clock was seen to run at before; undefined where nothing is known of it yet */
export function newSession(init: InitSegment, rate: number | undefined): Session {
  const clock = new SessionClock(rate);
  return { init, clock, camera: new CameraClock(init, clock) };
}

/** A fragment as it came out of a feed. */
export interface FeedFragment extends Fragment {
  readonly session: Session;
}

/** What may be kept of it when its memory has been let go of. */
export type FeedFragmentHead = Omit<FeedFragment, 'mdat'>;

/** When the fragment's first picture was taken, in epoch milliseconds, as far as is known by now. */
export const wallStart = (fragment: Pick<FeedFragment, 'session' | 'start'>): number =>
  fragment.session.clock.toWall(fragment.start);

/** When the fragment's last picture was over, in epoch milliseconds, as far as is known by now. */
export const wallEnd = (fragment: Pick<FeedFragment, 'session' | 'end'>): number =>
  fragment.session.clock.toWall(fragment.end);
