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

/** Whether its fragments' times are more than a first impression. */
export const isSettled = ({ clock, camera }: Session): boolean => clock.isSettled && !camera.isInDoubt;

/** A fragment as it came out of a feed. */
export interface FeedFragment extends Fragment {
  readonly session: Session;
  /** Whether its pictures are led by the sound: see asKnown. */
  readonly isLed: boolean;
}

/** What may be kept of it when its memory has been let go of. */
export type FeedFragmentHead = Omit<FeedFragment, 'mdat'>;

/** The fragment with its times as they are known by now: its session may have had to be led by the sound since. */
export const asKnown = <Kind extends FeedFragmentHead>(fragment: Kind): Kind =>
  fragment.isLed || !fragment.session.camera.isLed
    ? fragment
    : { ...fragment.session.camera.ledAgain(fragment), isLed: true };

/** When the fragment's first picture was taken, in epoch milliseconds, as far as is known by now. */
export const wallStart = (fragment: Pick<FeedFragment, 'session' | 'start'>): number =>
  fragment.session.clock.toWall(fragment.start);

/** When the fragment's last picture was over, in epoch milliseconds, as far as is known by now. */
export const wallEnd = (fragment: Pick<FeedFragment, 'session' | 'end'>): number =>
  fragment.session.clock.toWall(fragment.end);
