import { letGo } from './footage-memory.ts';
import { asKnown, type FeedFragment, wallEnd, wallStart } from './session.ts';

/**
 * The newest fragments of a feed: from a keyframe at least `seconds` back, and within `maxBytes`. A clip can only
 * begin with a keyframe, so the ring is longer than the pre-roll by up to one keyframe interval. What it drops may be
 * overwritten: whoever takes fragments from it holds them (footage-memory.ts) before anything else comes.
 */
export class Ring {
  readonly #seconds: number;
  readonly #maxBytes: () => number;
  #fragments: FeedFragment[] = [];
  #bytes = 0;

  /** @param options.maxBytes asked each time: what one ring may hold can depend on how many there are */
  constructor(options: { seconds: number; maxBytes: () => number }) {
    this.#seconds = options.seconds;
    this.#maxBytes = options.maxBytes;
  }

  /** @returns whether fragments had to go before their time because of the bytes */
  push(fragment: FeedFragment): boolean {
    this.#fragments = [...this.#fragments, fragment].map(asKnown);
    this.#bytes = this.#fragments.reduce((sum, { bytes }) => sum + bytes, 0);
    const needed = wallEnd(fragment) - this.#seconds * 1_000;
    for (let second = this.#secondGop(); second > 0; second = this.#secondGop()) {
      if (wallStart(this.#fragments[second]!) > needed) break;
      this.#drop(second);
    }
    let cut = false;
    const maxBytes = this.#maxBytes();
    while (this.#bytes > maxBytes && this.#fragments.length > 1) {
      cut = true;
      const second = this.#secondGop();
      this.#drop(second < 0 ? this.#fragments.length - 1 : second);
    }
    return cut;
  }

  /**
   * Everything from the last keyframe at or before that moment on; from the oldest keyframe where none is that old.
   * @param wallMs epoch milliseconds
   */
  from(wallMs: number): FeedFragment[] {
    let first = -1;
    for (const [i, fragment] of this.#fragments.entries()) {
      if (!fragment.startsWithKeyframe) continue;
      if (first >= 0 && wallStart(fragment) > wallMs) break;
      first = i;
    }
    return first < 0 ? [] : this.#fragments.slice(first);
  }

  /** The newest fragment that begins with a keyframe. */
  newestKeyframe(): FeedFragment | undefined {
    return this.#fragments.findLast((f) => f.startsWithKeyframe);
  }

  get newest(): FeedFragment | undefined {
    return this.#fragments.at(-1);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** From the oldest picture held to the newest, in seconds. */
  get heldSeconds(): number {
    const [oldest] = this.#fragments;
    const { newest } = this;
    return oldest && newest ? (wallEnd(newest) - wallStart(oldest)) / 1_000 : 0;
  }

  /** Whether it reaches as far back as it should. */
  get isFull(): boolean {
    return this.heldSeconds >= this.#seconds;
  }

  clear(): void {
    this.#drop(this.#fragments.length);
  }

  /** Where the second keyframe in the ring stands; -1 where there is none. */
  #secondGop(): number {
    return this.#fragments.findIndex((f, i) => i > 0 && f.startsWithKeyframe);
  }

  #drop(count: number): void {
    for (const { bytes, mdat } of this.#fragments.splice(0, count)) {
      this.#bytes -= bytes;
      letGo(mdat);
    }
  }
}
