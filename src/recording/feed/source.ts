import type { ReadingFacts } from '../../db/cameras.ts';
import type { FeedUnit } from './feed-unit.ts';

/** Why a connection to a camera is over, or why there is none. */
export interface SourceEnd {
  /** In words for the person who has to act, without credentials. */
  readonly problem: string;
  /** The camera did not take the user name or the password: cameras lock accounts after a few tries. */
  readonly isRefused: boolean;
}

/** One connection to a camera that delivers access units. */
export interface Source {
  readonly facts: ReadingFacts;
  /**
   * Connects, and delivers until the connection is over or the signal is aborted; then the camera is told, which takes
   * a second at most.
   * @throws Error with the reason where there is no connection to be had
   */
  run(signal: AbortSignal): Promise<SourceEnd>;
  /**
   * To be called several times a second with the monotonic time: looks for stalls, sends reports.
   * @returns why the camera counts as stalled, once: it delivers nothing from then on, and the connection is being ended
   */
  tick(now: number): string | undefined;
}

export type TakeUnit = (unit: FeedUnit) => void;

/** A stream that this reader cannot read. The message is for the person who has to act. */
export class CannotRead extends Error {
  override name = 'CannotRead';
  /** Whether ffmpeg may be able to. */
  readonly isForFfmpeg: boolean;

  constructor(message: string, isForFfmpeg = false) {
    super(message);
    this.isForFfmpeg = isForFfmpeg;
  }
}
