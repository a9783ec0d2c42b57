/** So many reports back the rates are compared. */
const kept = 8;

/** A moment at which a report tied a track to the others, in ticks of its own time line and of theirs. */
interface Tie {
  readonly own: number;
  readonly shared: number;
}

/** What a camera's reports (RFC 3550, 6.4.1) say of a track whose clock runs wrong beside the others. */
export class ReportTies {
  readonly #ties: Tie[] = [];

  add(tie: Tie): void {
    this.#ties.push(tie);
    if (this.#ties.length > kept) this.#ties.shift();
  }

  /** The others' seconds per second of the track; undefined while there are not two reports to compare. */
  get rate(): number | undefined {
    const [first, last] = [this.#ties[0], this.#ties.at(-1)];
    if (!first || !last || first === last) return undefined;
    return (last.shared - first.shared) / (last.own - first.own);
  }

  /** That moment of the track's own time line on that of the others. */
  toShared(own: number): number | undefined {
    const last = this.#ties.at(-1);
    return last && this.rate && last.shared + (own - last.own) * this.rate;
  }
}
