import { firstReading, type Reading } from './ffmpeg-args.ts';
import type { ClockRates } from './session-clock.ts';

/** What a camera's sessions have taught, for its next one. */
export interface CameraKnowledge {
  /** The longest interval between two pictures, in milliseconds; 0: not known. */
  pictureIntervalMs: number;
  /** What its clocks were seen to run at; undefined: not known. */
  rates: ClockRates | undefined;
  /** SHA-256 of the certificate that it showed first; undefined: it has shown none. */
  tlsFingerprint: string | undefined;
  /** How ffmpeg has to read it, where it does. */
  ffmpeg: Reading;
}

export const nothingKnown = (): CameraKnowledge => ({
  pictureIntervalMs: 0,
  rates: undefined,
  tlsFingerprint: undefined,
  ffmpeg: firstReading,
});
