/** So many leaps back the rates are compared. */
const kept = 8;
/** A clock that has not leapt for so many times as long as it ever did runs right again. RFC 3550 varies its intervals by three. */
const quietTimes = 4;

/** Where a track leapt, or paused: the moment behind it, in ticks of the track's own time line and of the others'. */
export interface Leap {
  readonly own: number;
  readonly shared: number;
  /** By how much. */
  readonly ticks: number;
  /** What of it the track's own time line still has. */
  readonly left: number;
  /** Arrivals say that it was a report, and no pause. */
  readonly isReport: boolean;
}

/** How a track's own time line lies beside that of the others. */
export interface Line {
  /** The others' seconds per second of the track. */
  readonly rate: number;
  /** That moment of the track's own time line on that of the others, both in ticks. */
  toShared(own: number): number;
}

/**
 * What a camera's reports (RFC 3550, 6.4.1) say of a track whose clock runs wrong beside the others: each ties the
 * track to them. A report that comes while the machine is busy is taken for a pause. Once others have told how wrong
 * the clock is, that one was a report, too.
 */
export class ReportTies {
  #leaps: readonly Leap[] = [];

  add(leap: Leap): void {
    this.#leaps = [...this.#leaps, leap].slice(-kept);
  }

  /** @param own how far the track is, in ticks of its own time line, and of that of the others as long as it is right */
  noteQuiet({ own, shared }: Pick<Leap, 'own' | 'shared'>): void {
    const spans = this.#leaps.slice(1).map((leap, i) => leap.own - this.#leaps[i]!.own);
    const last = this.#leaps.at(-1);
    if (!last || spans.length === 0 || own - last.own <= Math.max(...spans) * quietTimes) return;
    const right = { ticks: 0, left: 0, isReport: true };
    this.#leaps = [
      { own: own - 1, shared: shared - 1, ...right },
      { own, shared, ...right },
    ];
  }

  get hasReport(): boolean {
    return this.#leaps.some(({ isReport }) => isReport);
  }

  /** Whether it has leapt, or paused, by about as much before. */
  isUsual(ticks: number): boolean {
    return this.#leaps.some((leap) => Math.abs(leap.ticks - ticks) < ticks / 2);
  }

  /** As it is known by now; undefined until there are two reports to compare, and no more pauses than reports. */
  get line(): Line | undefined {
    const leaps = this.#leaps;
    const [first, last] = [leaps[0], leaps.at(-1)];
    const reports = leaps.filter(({ isReport }) => isReport).length;
    if (!first || !last || reports < 2 || reports * 2 < leaps.length) return undefined;
    // Without what leaps have left in it.
    const even = (own: number) => leaps.reduce((at, leap) => (leap.own <= own ? at - leap.left : at), own);
    const rate = (last.shared - first.shared) / (even(last.own) - even(first.own));
    return { rate, toShared: (own) => last.shared + (even(own) - even(last.own)) * rate };
  }
}
