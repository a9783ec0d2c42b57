import type { AccessUnit } from '../../footage/unit.ts';
import { roundMs } from '../../rtsp/turns.ts';
import { rateKnownMs } from './arrival-line.ts';
import { type Fit, Run } from './run.ts';
import type { SessionClock } from './session-clock.ts';

/** Units that stay late for this long (ms), and at least this many, are not delayed: the clock jumped back. */
const jumped = { ms: 1_500, units: 3 };
/**
 * A sender report contains the timestamp at which it was sent. The time that the run gives this timestamp differs from
 * the report's arrival by at most this (ms).
 */
const reportMs = 1_000;
/** A clock is settled when its run has gone on for `ms` and its units are at most `apartMs` apart. */
const settled = { ms: 8_000, apartMs: 400 };
/** After a clock stops being settled, its feed may still be read in turns (rtsp/turns.ts) for this long (ms). */
const noticedMs = 500;
/**
 * How many runs are kept. One would not be enough: stray timestamps, and those of a second sender, alternate with those
 * of the main run.
 */
const runsKept = 4;

/** What a clock needs to know about an access unit. */
export type Timed = Pick<AccessUnit, 'timestamp' | 'arrivedAt'>;

/** An access unit's timestamp, unwrapped: ticks at the track's clock rate. Ticks are comparable only within one run. */
export interface Stamp {
  readonly run: Run;
  readonly ticks: number;
}

/** A sender report: when the camera's wall clock said `ntpMs` (epoch ms), its RTP clock was at this stamp. */
export interface Report extends Stamp {
  readonly ntpMs: number;
}

/** When the unit was taken, in steady milliseconds, as far as is known by now. */
export const stampTime = ({ run, ticks }: Stamp): number => run.timeOf(ticks);

/** Gives each access unit of a track its stamp, and so its time. */
export class TrackClock {
  readonly session: SessionClock;
  readonly clockRate: number;
  readonly #learnedRate: number;
  #main: Run | undefined;
  /** The newest runs, the main run among them. */
  #runs: Run[] = [];
  /** Late units that may be a run of their own, because the clock jumped back. */
  #suspect: Run | undefined;
  /** How much earlier (ms) a picture's timestamp may be than the timestamp before it, because of decode order. */
  reorderMs = 0;
  #lastReport: Report | undefined;
  /** When the last run began, or when an earlier run became the main run again. */
  #unsettledAt = Number.NEGATIVE_INFINITY;
  #inTurnsUntil = Number.NEGATIVE_INFINITY;

  /** @param rate the rate measured in an earlier session: milliseconds per millisecond of the timestamps */
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

  /** The rate of the clock, as far as is known. */
  get rate(): number {
    return this.#main && this.#main.line.spanMs >= rateKnownMs ? this.#main.line.rate : this.#learnedRate;
  }

  /** Whether more exact arrivals would add nothing. True before the first unit. */
  isSettled(now: number): boolean {
    const main = this.#main;
    if (!main) return true;
    return now - this.#unsettledAt >= settled.ms && main.line.rate === 1 && main.stepMs <= settled.apartMs;
  }

  /**
   * How many milliseconds after its true arrival a unit may be noted, because a feed with settled clocks is read in
   * turns (rtsp/turns.ts).
   */
  inexactMs(at: number): number {
    return this.isSettled(at) || at < this.#inTurnsUntil ? roundMs : 0;
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

  /** Finds the run that the unit belongs to. */
  #place(unit: Timed): Stamp {
    const [run, fit] = this.#goesOnFrom(unit);
    if (run !== this.#main) this.#changeTo(run, unit.arrivedAt);
    if (fit === 'LATE') return this.#suspected(run, unit);
    if (this.#suspect?.maybePartOf === run) this.reorderMs = Math.max(this.reorderMs, this.#suspect.behindMs);
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

  /** The run that the unit continues. */
  #goesOnFrom(unit: Timed): readonly [Run, Fit] {
    const main = this.#main;
    if (!main) return [this.#keep(new Run(this, unit.timestamp, undefined, false)), 'FITS'];
    const fitOf = (run: Run) => run.fit(unit, run === this.#suspect?.maybePartOf);
    const first = main.units > 1 ? fitOf(main) : 'FOREIGN';
    if (first === 'FITS' || this.session.isTrusted) return [main, 'FITS'];
    // If the only unit of the main run was a stray, the next unit continues an earlier run.
    const others = this.#runs.filter((run) => run !== main && run.units > 1).reverse();
    const fits = [...others, main].map((run) => [run, fitOf(run)] as const);
    const late = first === 'LATE' ? ([main, first] as const) : fits.find(([, fit]) => fit === 'LATE');
    const best = fits.find(([, fit]) => fit === 'FITS') ?? late;
    return best ?? [this.#keep(new Run(this, unit.timestamp, main, false)), 'FITS'];
  }

  /** Places a late unit as if it were delayed, until units have been late for too long. */
  #suspected(of: Run, unit: Timed): Stamp {
    if (this.#suspect?.maybePartOf !== of) this.#suspect = new Run(this, of.unwrap(unit.timestamp), of, true);
    const suspect = this.#suspect!;
    const stamp = suspect.take(unit);
    if (suspect.lastsMs >= jumped.ms && suspect.units >= jumped.units) {
      suspect.setFree();
      this.#changeTo(this.#keep(suspect), unit.arrivedAt);
      this.#suspect = undefined;
    }
    return stamp;
  }

  #changeTo(run: Run, at: number): void {
    if (this.isSettled(at)) this.#inTurnsUntil = at + noticedMs;
    this.#main = run;
    this.#unsettledAt = at;
  }

  #keep(run: Run): Run {
    this.#runs = [...this.#runs.filter(({ units }) => units > 1), run].slice(-runsKept);
    return run;
  }
}
