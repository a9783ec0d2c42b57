import type { Format } from '../codecs/format.ts';
import type { Footage } from './memory.ts';

/** A picture or a frame of sound as it came from the camera: coded, with the timestamp as sent. */
export interface AccessUnit {
  /** The receiver of the unit has to release it. NAL units are preceded by their length in four bytes. */
  readonly footage: Footage;
  /** RTP timestamp as sent: 32 bits, in ticks of the track's clock rate. */
  readonly timestamp: number;
  /** When its last packet was read, in milliseconds of a clock that nobody sets (performance.now). */
  readonly arrivedAt: number;
  /** Whether a decoder can begin here. Always true for sound. */
  readonly isSync: boolean;
  /** Intra refresh: after how many pictures the picture is correct. 0 or left out: at once. */
  readonly recoveryPictures?: number;
  /** The same object for every unit as long as the format does not change. */
  readonly format: Format;
  /** How long a frame of sound lasts, in ticks of the track's clock rate; 0 for pictures, which last until the next. */
  readonly duration: number;
}
