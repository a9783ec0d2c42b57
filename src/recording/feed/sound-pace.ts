import type { AccessUnit } from '../../footage/unit.ts';

/**
 * The sample rate is wrong if, in two successive stretches of `ms`, frames come `factor` times as slowly, or `factor`
 * times as fast, as their timestamps say. A delay makes them slow in one stretch and fast in the next; buffered frames
 * are fast in one stretch only.
 */
const wrong = { ms: 3_000, factor: 1.4 };

/**
 * Detects that a camera describes its sound with a wrong sample rate: the frames do not come as often as their
 * timestamps say. Players cannot decode such sound.
 */
export class SoundPace {
  readonly #clockRate: number;
  /** The first frame of those that followed each other without a gap. */
  #since: { readonly timestamp: number; readonly arrivedAt: number } | undefined;
  #next = 0;
  #before: 'RIGHT' | 'SLOW' | 'FAST' = 'RIGHT';
  #isWrong: boolean;

  /** @param isWrong whether the sample rate was wrong in an earlier session of the camera */
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
