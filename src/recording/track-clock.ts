import type { Track } from '../mp4/init-segment.ts';
import { type SampleTimes, stretched, usualDuration } from '../mp4/retime.ts';
import { type Leap, type Line, ReportTies } from './report-ties.ts';
import { SessionClock } from './session-clock.ts';

/** ffmpeg never lets time run backwards: after a leap back each sample lasts one tick. So many are no coincidence. */
const squeezedSamples = 3;
/** A sample that lasts this much longer (ms) than is usual, or a hole of that length, may be a leap. */
const leastLeapMs = 300;
/**
 * A leap, and no pause: what came before it was late by this share of it, and what comes behind it is not. A likely one
 * is left in until others have made it certain.
 */
const leapShare = { clear: 0.6, likely: 0.45 };
/** While ffmpeg gives out what it held back (ms after the first arrival), arrivals say nothing about leaps. */
const burstMs = 2_000;
/** The bounds of what a fragment is stretched by; the rest is left to the next one. */
const stretch = { least: 0.1, most: 2 };

/** Tracks whose rates differ by less than this have the same clock, seen with some noise. */
const sameRate = 0.03;

/**
 * The media time of one track as if its clock never leapt. ffmpeg ties the tracks together by the camera's reports
 * (RFC 3550, 6.4.1), so a track whose clock runs wrong beside the others leaps with each report: back, which shows as
 * samples of a tick each, or ahead, which shows as one that lasts too long or as a hole. All are given the usual
 * duration; what is left is a clock that runs evenly, right or wrong, and the leaps tell how wrong.
 */
export class TrackClock {
  readonly track: Track;
  readonly #isAlone: boolean;
  readonly clock = new SessionClock(1);
  /** Ticks to add to all times from now on: what leaps have put too much or too little. */
  #shift = 0;
  /** What of it was leaps of all tracks. */
  #sharedShift = 0;
  /** Ticks of a leap of all tracks that is still to come in this one. */
  owed = 0;
  /** Where the newest sample ends. */
  #end = 0;
  /** Ticks between the newest samples and those before them. */
  #hole = 0;
  #firstAt: number | undefined;
  #arrivedAt: number | undefined;
  /** How late (ms) the newest samples came, and those before them, on a scale of their own. */
  #late: readonly number[] = [];
  #usual: number | undefined;
  /** Samples of a tick each that the newest ones are in a row. */
  #squeezed = 0;
  /** How many of them were left as they are. */
  #unmended = 0;
  /** Where their run began. */
  #squeezedFrom = 0;
  #squeezedSince: number | undefined;
  readonly #ties = new ReportTies();
  /** How what came before it was led lies beside the track that leads it. */
  #untilLed: Line | undefined;
  /** Where the newest sample ends on the time line of another track, once this one is led by it. */
  #endBeside: number | undefined;
  /** How long the one that is ahead of the other waits for it: arrivals are late by that. */
  #waitSec: number | undefined;

  /** @param isAlone there is no other track: ffmpeg ties it to nothing, and what looks like a leap of its own is a pause */
  constructor(track: Track, isAlone: boolean) {
    this.track = track;
    this.#isAlone = isAlone;
  }

  get isStraight(): boolean {
    return this.#shift === 0 && this.owed === 0 && this.#squeezed === 0 && this.#endBeside === undefined;
  }

  /** Where the newest sample ends, in seconds. */
  get end(): number {
    return this.#end / this.track.timescale;
  }

  /** When samples came last, in epoch milliseconds; undefined: none came yet. */
  get arrivedAt(): number | undefined {
    return this.#arrivedAt;
  }

  /** What has been added to its times. */
  get shift(): number {
    return this.#shift;
  }

  /** What of it was for leaps of all tracks. */
  get sharedShift(): number {
    return this.#sharedShift;
  }

  /** For how long (ms) time has been standing still. */
  squeezedMs(now: number): number {
    return this.#squeezedSince === undefined ? 0 : now - this.#squeezedSince;
  }

  /**
   * Takes leaps out of the times of the track's next samples.
   * @param arrivedAt epoch ms at which they were complete
   * @param seenAt the same, but for what ffmpeg held them back
   */
  straighten(times: SampleTimes, arrivedAt: number, seenAt: number): SampleTimes {
    const durations = [...times.durations];
    const loose = this.#loosen(times.decodeTime + this.#shift, durations, arrivedAt);
    const start = this.#takeOutLeap(loose, durations, arrivedAt);
    const straight = { ...times, decodeTime: start, durations };
    this.#hole = straight.decodeTime - this.#end;
    this.#end = straight.decodeTime + sumOf(durations);
    if (this.isTied) this.#ties.noteQuiet({ own: this.#end, shared: this.#toShared(this.#end) });
    this.#firstAt ??= arrivedAt;
    this.#arrivedAt = arrivedAt;
    this.#late = [this.#lateness(this.#end, arrivedAt), ...this.#late.slice(0, 1)];
    // ffmpeg's parsers give a picture out when the next one begins; sound they give out at once.
    const frameSec =
      this.track.kind === 'video' ? sumOf(durations) / durations.length / this.track.timescale : 0;
    this.clock.observe(this.end, seenAt, frameSec);
    return straight;
  }

  /**
   * Gives samples of a tick each the usual duration, and the one behind them, which was cut short for them.
   * @returns the start, later where the samples before it were too few to tell
   */
  #loosen(start: number, durations: number[], arrivedAt: number): number {
    const isSqueezed = durations.map((ticks) => ticks <= 1);
    const carried = this.#squeezed;
    const newest = isSqueezed.lastIndexOf(false);
    this.#squeezed = isSqueezed.length - 1 - newest + (newest < 0 ? carried : 0);
    const stands = this.#squeezed >= squeezedSamples;
    this.#squeezedSince = stands ? (this.#squeezedSince ?? arrivedAt) : undefined;

    const first = isSqueezed.indexOf(true);
    if (first >= 0 && carried === 0) this.#squeezedFrom = start + sumOf(durations.slice(0, first));
    if (isSqueezed.filter(Boolean).length + carried < squeezedSamples) {
      this.#unmended = this.#squeezed;
      return start;
    }
    const usual = this.#usual ?? usualDuration(durations.filter((ticks) => ticks > 1)) ?? 0;
    for (const [i, ticks] of durations.entries()) {
      const isBehind = i === 0 ? carried > 0 : isSqueezed[i - 1]!;
      if (ticks >= usual || !(isSqueezed[i] || isBehind)) continue;
      durations[i] = usual;
      this.#shift += usual - ticks;
    }
    const late = this.#unmended * (usual - 1);
    this.#unmended = 0;
    this.#shift += late;
    if (this.#squeezed === 0) this.#tie({ own: this.#squeezedFrom, ticks: 0, left: 0, isReport: true });
    return start + late;
  }

  /**
   * A leap ahead: out of the sample that lasts too long, or out of the hole in front of them all.
   * @returns the start, earlier where it was a hole
   */
  #takeOutLeap(start: number, durations: number[], arrivedAt: number): number {
    const hole = start - this.#end;
    const longest = durations.indexOf(Math.max(...durations));
    const excess = durations[longest]! - (this.#usual ?? 0);
    const isHole = hole > excess;
    const found = Math.max(hole, excess);
    const behind = start + (isHole ? 0 : sumOf(durations.slice(0, longest + 1)));
    const isShared = this.owed > 0 && found > this.owed / 2;
    const isLeap = !this.#isAlone && this.#usual !== undefined && this.#ms(found) >= leastLeapMs;
    if (!isLeap) this.#usual = usualDuration(durations.filter((ticks) => ticks > 1)) ?? this.#usual;
    if (!isShared && !isLeap) return start;
    const share = this.#reportShare(found, start + sumOf(durations), arrivedAt);
    if (!isShared && share < leapShare.clear) {
      this.#tie({ own: behind, ticks: found, left: found, isReport: share >= leapShare.likely });
      return start;
    }
    const leap = isShared ? this.owed : found;
    this.#shift -= leap;
    if (!isHole) durations[longest]! -= leap;
    if (isShared) {
      this.#sharedShift -= leap;
      this.owed = 0;
    } else this.#tie({ own: behind - leap, ticks: leap, left: 0, isReport: true });
    return isHole ? start - leap : start;
  }

  /**
   * By which share of what the newest samples last too long they came less late than those before: 1 behind a leap of
   * this track alone, 0 behind a pause. The last picture before a pause is late, too, as ffmpeg's parser gives it out
   * with the next one; those before it are not.
   */
  #reportShare(leap: number, end: number, arrivedAt: number): number {
    // A track that leapt twice does it again, also while a busy machine makes arrivals say nothing.
    if (this.isTied) return 1;
    if (this.#firstAt === undefined || arrivedAt - this.#firstAt < burstMs) return 0;
    return (Math.min(...this.#late) - this.#lateness(end, arrivedAt)) / this.#ms(leap);
  }

  #lateness(end: number, arrivedAt: number): number {
    return arrivedAt - this.#ms(end);
  }

  #ms(ticks: number): number {
    return (ticks / this.track.timescale) * 1_000;
  }

  /** With the first sample behind a leap the track's time is that of the others. */
  #tie(leap: Omit<Leap, 'shared'>): void {
    this.#ties.add({ ...leap, shared: this.#toShared(leap.own) });
  }

  #toShared(own: number): number {
    return own - this.#shift + this.#sharedShift;
  }

  /** Whether its clock is another one than that of the other tracks, by the reports. */
  get isTied(): boolean {
    const { line } = this.#ties;
    return line !== undefined && Math.abs(line.rate - 1) > sameRate;
  }

  /** Whether it has leapt, and one report more may tie it. */
  get mayBeTied(): boolean {
    return this.#ties.hasReport && !this.isTied;
  }

  /** Whether a leap of so many ticks is not its first one. */
  isUsualLeap(ticks: number): boolean {
    return this.#ties.isUsual(ticks);
  }

  /** The same by arrivals, where there are no reports: ffmpeg holds back what is beside a track that leaps with them. */
  runsBeside(other: TrackClock): boolean {
    return !this.#ties.hasReport && Math.abs(this.#rateBeside(other) - 1) > sameRate;
  }

  /** From now on it is led by a track that is believed. */
  follow(other: TrackClock): void {
    const rate = this.#rateBeside(other);
    this.#untilLed = this.#ties.line ?? { rate, toShared: (own) => own * rate };
    this.#endBeside = this.#untilLed.toShared(this.#end) / this.track.timescale;
    if (!this.#ties.line) this.#endByArrivals(other);
  }

  /** That moment (seconds) before it was led, on the time line of the track that leads it now. */
  toLed(sec: number): number {
    const { timescale } = this.track;
    return this.#untilLed ? this.#untilLed.toShared(Math.round(sec * timescale)) / timescale : sec;
  }

  /** Times of before it was led, on the time line of the track that leads it now. */
  ledAgain(times: SampleTimes): SampleTimes {
    const line = this.#untilLed;
    if (!line) return times;
    const decodeTime = Math.round(line.toShared(times.decodeTime));
    let [own, end] = [times.decodeTime, decodeTime];
    const durations = times.durations.map((ticks) => {
      const start = end;
      own += ticks;
      end = Math.round(line.toShared(own));
      return end - start;
    });
    const compositionOffsets = times.compositionOffsets.map((ticks) => Math.round(ticks * line.rate));
    return { decodeTime, durations, compositionOffsets };
  }

  /** The newest times on the time line of the track that leads it. */
  beside(times: SampleTimes, other: TrackClock): SampleTimes {
    const { timescale } = this.track;
    const tied = this.#ties.line?.toShared(this.#end);
    const end = tied === undefined ? this.#endByArrivals(other) : tied / timescale;
    const length = sumOf(times.durations) / timescale;
    const hole = (this.#hole / timescale) * this.#rateBeside(other);
    const start = this.#endBeside! + hole;
    const factor = Math.min(stretch.most, Math.max(stretch.least, (end - start) / length));
    this.#endBeside = start + length * factor;
    return stretched(times, factor, start * timescale);
  }

  /** The other track's seconds per second of this one, by the reports or, where there are none, by arrivals. */
  #rateBeside(other: TrackClock): number {
    return this.#ties.line?.rate ?? this.clock.rate / other.clock.rate;
  }

  /**
   * Where the newest sample ends on the other's time line, without reports to go by: when that one's clock says that it
   * ended. ffmpeg makes the track that is ahead wait for the other, and by how much that is tells their beginning, where
   * the two were together.
   */
  #endByArrivals(other: TrackClock): number {
    const end = other.clock.toMedia(this.clock.toWall(this.end));
    this.#waitSec ??= end - this.end * this.#rateBeside(other);
    return end - this.#waitSec;
  }
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
