import type { AccessUnit } from '../../footage/unit.ts';

/**
 * Frames are wrong if, for `ms` and then again, they come `factor` times as slowly or as fast as they say. A delay makes
 * them slow once and then fast, and buffered frames are fast once.
 */
const wrong = { ms: 3_000, factor: 1.4 };

/**
 * Whether frames of sound come as often as they say. Where timestamps and format agree with each other and not with the
 * arrivals, the description names a wrong sample rate twice: players fail to decode such frames.
 */
export class SoundPace {
  readonly #clockRate: number;
  /** The first frame of those that followed each other without a gap. */
  #since: { readonly timestamp: number; readonly arrivedAt: number } | undefined;
  #next = 0;
  #before: 'RIGHT' | 'SLOW' | 'FAST' = 'RIGHT';
  #isWrong: boolean;

  /** @param isWrong whether an earlier session of the camera has shown that it is wrong */
  constructor(clockRate: number, isWrong: boolean) {
    this.#clockRate = clockRate;
    this.#isWrong = isWrong;
  }

  /** Takes the next frame. @returns whether the format of the frames is wrong, as far as is known by now */
  isWrong({ timestamp, arrivedAt, duration }: Pick<AccessUnit, 'timestamp' | 'arrivedAt' | 'duration'>) {
    const follows = Math.abs((timestamp - this.#next) | 0) <= 1;
    this.#next = timestamp + Math.round(duration);
    if (!this.#since || !follows) this.#since = { timestamp, arrivedAt };
    const passedMs = arrivedAt - this.#since.arrivedAt;
    if (passedMs >= wrong.ms) {
      const saidMs = (((timestamp - this.#since.timestamp) >>> 0) / this.#clockRate) * 1_000;
      this.#since = { timestamp, arrivedAt };
      this.#judge(passedMs / saidMs);
    }
    return this.#isWrong;
  }

  #judge(ratio: number): void {
    const pace = ratio > wrong.factor ? 'SLOW' : ratio < 1 / wrong.factor ? 'FAST' : 'RIGHT';
    if (pace === this.#before) this.#isWrong = pace !== 'RIGHT';
    this.#before = pace;
  }
}
