import type { ReadingFacts } from '../../db/cameras.ts';
import { CameraError, type CameraProblem } from '../../domain/camera-errors.ts';
import type { FeedUnit } from './feed-unit.ts';

/** Why a connection to a camera has ended or could not be made. */
export interface SourceEnd {
  readonly problem: CameraProblem;
  /** Whether the camera refused the user name or the password. Cameras lock accounts after a few tries. */
  readonly isRefused: boolean;
}

export const noPicture = (message: string): CameraProblem => ({ code: 'NO_PICTURE', message });

/** One connection to a camera that delivers access units. */
export interface Source {
  readonly facts: ReadingFacts;
  /**
   * Connects, and delivers units until the connection ends or the signal is aborted. Before it resolves, it tells the
   * camera that the session ends, which takes at most a second.
   * @throws Error with the reason if there is no connection
   */
  run(signal: AbortSignal): Promise<SourceEnd>;
  /**
   * Call it several times a second. Detects stalls and sends reports.
   * @param now steady milliseconds
   * @returns why the camera counts as stalled, once. From then on nothing is delivered, and the connection is being
   *   closed
   */
  tick(now: number): string | undefined;
}

export type TakeUnit = (unit: FeedUnit) => void;

/** The stream cannot be read by this reader. The message is for the person who has to act. */
export class CannotRead extends CameraError {
  override name = 'CannotRead';
  /** Whether ffmpeg may be able to read the stream. */
  readonly isForFfmpeg: boolean;

  constructor(message: string, isForFfmpeg = false) {
    super('NOT_SUPPORTED', message);
    this.isForFfmpeg = isForFfmpeg;
  }
}
