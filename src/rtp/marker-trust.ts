/** So many times the picture after a marker must have begun before the marker alone ends a unit. */
const enough = 2;
/** Until then a unit waits for the next slice, but not longer: a camera can send a picture every five seconds. */
const patienceMs = 100;

/**
 * Whether the marker of a track's packets is believed to end pictures. Some cameras set it on every slice; one whose
 * marker was contradicted once is not believed again.
 */
export class MarkerTrust {
  readonly #onPatienceEnd: () => void;
  #confirmed = 0;
  #isContradicted = false;
  #isGiven = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onPatienceEnd the unit that waits for a confirmation is to be given out */
  constructor(onPatienceEnd: () => void) {
    this.#onPatienceEnd = onPatienceEnd;
  }

  /** The unit has had its marker and waits for the next slice. */
  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  /** A marker came behind a slice. Whether the unit ends now. */
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

  /** The same picture has gone on. */
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
