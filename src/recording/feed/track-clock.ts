import type { AccessUnit } from '../../footage/unit.ts';
import { roundMs } from '../../rtsp/turns.ts';
import { settledMs } from './arrival-line.ts';
import { type Fit, Run } from './run.ts';
import type { SessionClock } from './session-clock.ts';

/** What stays late for so long (ms), and for so many units, is not delayed: its clock has leapt back. */
const leapt = { ms: 1_500, units: 3 };
/** A report speaks of the moment at which it was sent: within this (ms) of its arrival. */
const reportMs = 1_000;
/** A clock is steady when its run has gone on for so long (ms), with units that are no farther than this (ms) apart. */
const steady = { ms: 8_000, apartMs: 400 };
/** Within this (ms) a feed whose clocks are no longer steady is no longer read in turns. */
const noticedMs = 500;
/** Stray stamps, and those of a second sender, alternate with the stamps of so few runs. */
const runsKept = 4;

/** What a clock has to know of an access unit. */
export type Timed = Pick<AccessUnit, 'timestamp' | 'arrivedAt'>;

/** An access unit's stamp, unwrapped: ticks of the track's clock rate, which only mean something within a run. */
export interface Stamp {
  readonly run: Run;
  readonly ticks: number;
}

/** What a sender report says: at `ntpMs` (epoch ms) of the camera's wall clock its RTP clock was at the stamp. */
export interface Report extends Stamp {
  readonly ntpMs: number;
}

/** When it was taken, in milliseconds of the monotonic clock, as far as is known by now. */
export const timeOf = ({ run, ticks }: Stamp): number => run.timeOf(ticks);

/** Gives the access units of a track their places in time. */
export class TrackClock {
  readonly session: SessionClock;
  readonly clockRate: number;
  readonly #learnedRate: number;
  #main: Run | undefined;
  /** The newest ones, the main run among them. */
  #runs: Run[] = [];
  /** What comes late behind a run. */
  #suspect: Run | undefined;
  /** By so much (ms) a picture may be stamped earlier than one before it because of its decode order. */
  reorderMs = 0;
  #lastReport: Report | undefined;
  /** When a run began last, or was gone back to. */
  #unsteadyAt = Number.NEGATIVE_INFINITY;
  #inTurnsUntil = Number.NEGATIVE_INFINITY;

  /** @param rate what the clock ran at in an earlier session: milliseconds per millisecond of its stamps */
  constructor(session: SessionClock, clockRate: number, rate: number) {
    this.session = session;
    this.clockRate = clockRate;
    this.#learnedRate = rate;
  }

  /** The newest report that can be compared with those of other tracks. */
  get lastReport(): Report | undefined {
    return this.#lastReport;
  }

  set lastReport(report: Report | undefined) {
    this.#lastReport = report;
    this.session.change();
  }

  /** What the clock runs at, as far as is known. */
  get rate(): number {
    return this.#main && this.#main.line.spanMs >= settledMs ? this.#main.line.rate : this.#learnedRate;
  }

  /** Whether more exact arrivals would tell nothing new. Without units it is. */
  isSteady(now: number): boolean {
    const main = this.#main;
    if (!main) return true;
    return now - this.#unsteadyAt >= steady.ms && main.line.rate === 1 && main.stepMs <= steady.apartMs;
  }

  /** By how many milliseconds an arrival may be told too late: a feed whose clocks are steady is read in turns. */
  inexactMs(at: number): number {
    return this.isSteady(at) || at < this.#inTurnsUntil ? roundMs : 0;
  }

  ms(ticks: number): number {
    return (ticks / this.clockRate) * 1_000;
  }

  /** Takes the next unit, in the order in which units came. */
  note(unit: Timed): Stamp {
    const main = this.#main;
    const isUsual = main && !this.#suspect && main.units > 1 && main.fit(unit, false) === 'FITS';
    return isUsual ? this.#take(main, unit) : this.#place(unit);
  }

  /** Finds out where it belongs. */
  #place(unit: Timed): Stamp {
    const [run, fit] = this.#goesOnFrom(unit);
    if (run !== this.#main) this.#changeTo(run, unit.arrivedAt);
    if (fit === 'LATE') return this.#suspected(run, unit);
    if (this.#suspect?.delayed === run) this.reorderMs = Math.max(this.reorderMs, this.#suspect.behindMs);
    this.#suspect = undefined;
    return this.#take(run, unit);
  }

  #take(run: Run, unit: Timed): Stamp {
    const stamp = run.take(unit);
    if (this.session.isTrusted) this.lastReport ??= { ...stamp, ntpMs: this.ms(unit.timestamp) };
    return stamp;
  }

  /**
   * Takes a sender report (RFC 3550, 6.4.1).
   * @param ntpMs the camera's wall clock, in epoch milliseconds
   */
  report(ntpMs: number, timestamp: number, arrivedAt: number): void {
    const isNow = (run: Run) => Math.abs(run.lateMs({ timestamp, arrivedAt })) < reportMs;
    const run = this.#runs.findLast((it) => it.units > 1 && isNow(it));
    if (!run || this.session.isTrusted) return;
    const report = { run, ticks: run.unwrap(timestamp), ntpMs };
    this.session.compare(this.lastReport, report);
    this.lastReport = report;
  }

  /** The run whose stamps the unit continues. */
  #goesOnFrom(unit: Timed): readonly [Run, Fit] {
    const main = this.#main;
    if (!main) return [this.#keep(new Run(this, unit.timestamp, undefined, false)), 'FITS'];
    const fitOf = (run: Run) => run.fit(unit, run === this.#suspect?.delayed);
    const first = main.units > 1 ? fitOf(main) : 'FOREIGN';
    if (first === 'FITS' || this.session.isTrusted) return [main, 'FITS'];
    // A lone unit may have been a stray: then the next one goes on as before.
    const others = this.#runs.filter((run) => run !== main && run.units > 1).reverse();
    const fits = [...others, main].map((run) => [run, fitOf(run)] as const);
    const late = first === 'LATE' ? ([main, first] as const) : fits.find(([, fit]) => fit === 'LATE');
    const best = fits.find(([, fit]) => fit === 'FITS') ?? late;
    return best ?? [this.#keep(new Run(this, unit.timestamp, main, false)), 'FITS'];
  }

  /** It is placed as if it were only delayed, until that has lasted too long. */
  #suspected(of: Run, unit: Timed): Stamp {
    if (this.#suspect?.delayed !== of) this.#suspect = new Run(this, of.unwrap(unit.timestamp), of, true);
    const suspect = this.#suspect!;
    const stamp = suspect.take(unit);
    if (suspect.lastsMs >= leapt.ms && suspect.units >= leapt.units) {
      suspect.setFree();
      this.#changeTo(this.#keep(suspect), unit.arrivedAt);
      this.#suspect = undefined;
    }
    return stamp;
  }

  #changeTo(run: Run, at: number): void {
    if (this.isSteady(at)) this.#inTurnsUntil = at + noticedMs;
    this.#main = run;
    this.#unsteadyAt = at;
  }

  #keep(run: Run): Run {
    this.#runs = [...this.#runs.filter(({ units }) => units > 1), run].slice(-runsKept);
    return run;
  }
}
