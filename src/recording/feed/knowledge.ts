import { firstReading, type Reading } from './ffmpeg-args.ts';
import type { ClockRates } from './session-clock.ts';

/** What earlier sessions of a camera have taught, for its next session. */
export interface CameraKnowledge {
  /** The longest interval between two pictures, in milliseconds; 0: not known. */
  pictureIntervalMs: number;
  /** The measured rates of the camera's clocks; undefined: unknown. */
  rates: ClockRates | undefined;
  /** SHA-256 of the pinned certificate, the first that the camera presented; undefined: none yet. */
  tlsFingerprint: string | undefined;
  /** Whether the sample rate of its sound is described wrongly, so that its frames cannot be decoded. */
  isSoundWrong: boolean;
  /** How ffmpeg has to read the camera, if ffmpeg reads it. */
  ffmpeg: Reading;
}

export const nothingKnown = (): CameraKnowledge => ({
  pictureIntervalMs: 0,
  rates: undefined,
  tlsFingerprint: undefined,
  isSoundWrong: false,
  ffmpeg: firstReading,
});
