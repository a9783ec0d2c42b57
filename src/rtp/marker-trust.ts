/** How many times a new picture must have followed the marker before the marker alone ends a unit. */
const enough = 2;
/** Until then a unit waits for the next slice, at most this long: a camera may send one picture in five seconds. */
const patienceMs = 100;

/**
 * Whether the marker bit of a track's packets ends pictures. Some cameras set it on every slice; once a marker was
 * wrong, the track's markers are ignored.
 */
export class MarkerTrust {
  readonly #onPatienceEnd: () => void;
  #confirmed = 0;
  #isContradicted = false;
  #isGiven = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onPatienceEnd called when the waiting unit is to be delivered */
  constructor(onPatienceEnd: () => void) {
    this.#onPatienceEnd = onPatienceEnd;
  }

  /** Whether a unit's marker has come, and the unit waits for the next slice to show that the marker was right. */
  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  /** A marker followed a slice. @returns whether the unit ends now */
  mark(): boolean {
    if (this.#isContradicted) return false;
    if (this.#confirmed >= enough) {
      this.#isGiven = true;
      return true;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isGiven = true;
      this.#onPatienceEnd();
    }, patienceMs);
    this.#timer.unref();
    return false;
  }

  /** The next picture has begun. */
  confirm(): void {
    if (this.#timer) this.#confirmed++;
  }

  /** The same picture has continued. */
  contradict(): void {
    if (this.#timer || this.#isGiven) this.#isContradicted = true;
  }

  /** A slice has begun. */
  goOn(): void {
    this.#isGiven = false;
    this.stopWaiting();
  }

  stopWaiting(): void {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
