/**
 * Markers are trusted once, this many times, a new picture has followed a marker. From then on a unit is delivered at
 * its marker.
 */
const enough = 2;
/**
 * Until markers are trusted, a unit waits for the next slice, but not longer than this (ms): a camera may send one
 * picture in five seconds.
 */
const patienceMs = 100;

/**
 * Finds out whether the marker bit of a track's packets shows the end of a picture. Some cameras set it on every slice.
 * Once a marker was wrong, the markers of the track are ignored.
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

  /**
   * Call it when a marker followed a slice.
   * @returns whether the unit ends now
   */
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

  /** Call it when the next picture has begun: the marker was right. */
  confirm(): void {
    if (this.#timer) this.#confirmed++;
  }

  /** Call it when the same picture has continued: the marker was wrong. */
  contradict(): void {
    if (this.#timer || this.#isGiven) this.#isContradicted = true;
  }

  /** Call it when a slice has begun. */
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
