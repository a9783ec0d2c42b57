import type { LiveFragment } from './live-fragment.ts';

/** Where the live pictures of a watched camera come from. */
export interface LivePictures {
  /** Whether they still come from there. If not, another node reads the camera now. */
  readonly isHere: boolean;
  /** Makes fragments of all pictures that have come, and passes them on. */
  flush(): void;
  /**
   * What the ring holds from before the keyframe that is shown at `ticks`, oldest first. The caller has to release
   * each fragment.
   */
  before(ticks: number): LiveFragment[] | Promise<LiveFragment[]>;
  close(): void;
}

export interface PicturesOptions {
  /** The number of the camera in messages to viewers. */
  readonly number: number;
  /** The wall clock, in epoch milliseconds. */
  readonly now: () => number;
  /** Called when there are pictures to flush. */
  readonly onNew: () => void;
  /** Gets each fragment, and has to release it. */
  readonly onFragment: (fragment: LiveFragment) => void;
  /** Called once if the pictures cannot be made into fragments. No more come. */
  readonly onError: (error: Error) => void;
}
