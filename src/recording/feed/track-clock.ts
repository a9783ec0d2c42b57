import { type Fit, Run } from './run.ts';
import type { SessionClock } from './session-clock.ts';

/** What stays late for so long (ms), and for so many units, is not delayed: its clock has leapt back. */
const leapt = { ms: 1_500, units: 3 };
/** A report speaks of now: its stamp is not farther (ms) than this from the newest one. */
const reportReachMs = 10_000;
/** Stray stamps, and those of a second sender, alternate with the stamps of so few runs. */
const runsKept = 4;

/** An access unit's stamp, unwrapped. */
export interface Stamp {
  readonly run: Run;
  /** Of the track's clock rate; only differences within a run mean something. */
  readonly ticks: number;
}

/** What a clock has to know of an access unit. */
export interface Timed {
  /** RTP timestamp as sent: 32 bits. */
  readonly timestamp: number;
  /** Milliseconds of the monotonic clock. */
  readonly arrivedAt: number;
  /** How long a frame of sound lasts, in ticks; 0 for a picture. */
  readonly duration: number;
}

/** What a sender report says: at that moment of the camera's wall clock its RTP clock was there. */
export interface Report extends Stamp {
  /** Epoch milliseconds by the camera's wall clock. */
  readonly ntpMs: number;
}

/** When it was taken, in milliseconds of the monotonic clock, as far as is known by now. */
export const timeOf = ({ run, ticks }: Stamp): number => run.timeOf(ticks);

/** Gives each access unit of a track its place in time. */
export class TrackClock {
  readonly session: SessionClock;
  readonly clockRate: number;
  readonly #rate: number;
  #main: Run | undefined;
  /** The newest ones; the main run is one of them. */
  #runs: readonly Run[] = [];
  /** What came late behind the main run, and since when. */
  #suspect: { readonly run: Run; readonly of: Run; readonly since: number; backMs: number } | undefined;
  #reorderMs = 0;
  #report: Report | undefined;

  /** @param rate what the clock ran at in an earlier session: milliseconds per millisecond of media time */
  constructor(session: SessionClock, clockRate: number, rate: number) {
    this.session = session;
    this.clockRate = clockRate;
    this.#rate = rate;
  }

  /** Takes the next unit, in the order in which units came. */
  note(unit: Timed): Stamp {
    const { run, fit } = this.#runOf(unit);
    this.#main = run;
    if (fit === 'LATE') return this.#suspected(run, unit);
    if (this.#suspect?.of === run) this.#reorderMs = Math.max(this.#reorderMs, this.#suspect.backMs);
    this.#suspect = undefined;
    const stamp = run.take(unit);
    if (this.isTrusted) this.#report ??= { ...stamp, ntpMs: this.ms(unit.timestamp) };
    return stamp;
  }

  /**
   * Takes a sender report (RFC 3550, 6.4.1).
   * @param ntpMs epoch milliseconds by the camera's wall clock
   */
  report(ntpMs: number, timestamp: number): void {
    const run = this.#main;
    if (!run || this.isTrusted) return;
    const ticks = run.unwrap(timestamp);
    if (Math.abs(run.backMs(timestamp)) > reportReachMs) return;
    const report = { run, ticks, ntpMs };
    this.session.noteReport(this.#report, report);
    this.#report = report;
  }

  /** What the clock runs at, as far as is known: milliseconds per millisecond of its stamps. */
  get rate(): number {
    return this.#main?.line.isSettled ? this.#main.line.rate : this.#rate;
  }

  get isTrusted(): boolean {
    return this.session.isTrusted;
  }

  /** So much (ms) earlier than a picture before it a picture was stamped because of its place in decode order. */
  get reorderMs(): number {
    return this.#reorderMs;
  }

  /** The newest report that can be compared with those of other tracks. */
  get comparable(): Report | undefined {
    return this.#report;
  }

  forgetReport(): void {
    this.#report = undefined;
  }

  /** Milliseconds to add to what arrivals say, because reports say that this track is later on its way than others. */
  get shiftMs(): number {
    return this.session.shiftOf(this);
  }

  ms(ticks: number): number {
    return (ticks / this.clockRate) * 1_000;
  }

  /** The run whose stamps the unit continues; a new one where there is none. */
  #runOf(unit: Timed): { run: Run; fit: Fit } {
    const main = this.#main;
    if (!main) return { run: this.#begin(unit, undefined), fit: 'FITS' };
    if (this.isTrusted) return { run: main, fit: 'FITS' };
    // A lone unit ahead of its arrival or far behind may have been a stray: then the next one goes on as before.
    const others = this.#runs.filter((run) => run !== main && run.units > 1).reverse();
    const fits = (main.units > 1 ? [main, ...others] : [...others, main]).map((run) => ({
      run,
      fit: run.fit(unit),
    }));
    const best = fits.find(({ fit }) => fit === 'FITS') ?? fits.find(({ fit }) => fit === 'LATE');
    return best ?? { run: this.#begin(unit, main), fit: 'FITS' };
  }

  #begin({ timestamp }: Timed, before: Run | undefined): Run {
    const run = new Run(this, timestamp, { before, isTied: false });
    this.#keep(run);
    return run;
  }

  #keep(run: Run): void {
    this.#runs = [...this.#runs, run].slice(-runsKept);
  }

  /** It is placed as if it were delayed, until it has been late for too long. */
  #suspected(of: Run, unit: Timed): Stamp {
    if (this.#suspect?.of !== of) {
      const run = new Run(this, of.unwrap(unit.timestamp), { before: of, isTied: true });
      this.#suspect = { run, of, since: unit.arrivedAt, backMs: 0 };
    }
    const suspect = this.#suspect!;
    suspect.backMs = Math.max(suspect.backMs, of.backMs(unit.timestamp));
    const { run, since } = suspect;
    const stamp = run.take(unit);
    if (unit.arrivedAt - since >= leapt.ms && run.units >= leapt.units) {
      run.setFree();
      this.#keep(run);
      this.#main = run;
      this.#suspect = undefined;
    }
    return stamp;
  }
}
