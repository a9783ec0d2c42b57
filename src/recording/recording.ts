import type { InitSegment } from '../mp4/init-segment.ts';
import { pictureFirst } from '../mp4/picture-first.ts';
import { fragmentMs, interleaveMs } from './ffmpeg-args.ts';
import { hold } from './footage-memory.ts';
import { asKnown, type FeedFragment, type FeedFragmentHead, wallStart } from './session.ts';
import { Spool } from './spool.ts';
import { steadyNow, type WallClock } from './steady-clock.ts';
import { type GapSpan, reaches, Timeline } from './timeline.ts';

/**
 * A session's clock says only what its last minute was like, and it drifts beside ours. When the first frame was taken
 * is best known when it has seen a minute, and must not drift along in what is recorded for hours.
 */
const beginningKnownMs = 60_000;
/** A fragment may come this much later than its end: it is cut by the next picture, waits for sound, and the network delays it. */
const graceMs = 1_000 + interleaveMs;

export interface RecordingEnd {
  /** By the wall clock as it stood at the beginning, as all that is told. undefined: not one frame came */
  readonly clipStartedAt: number | undefined;
  /** Footage behind it does not belong to the clip. undefined: all of it does */
  readonly recordUntil: number | undefined;
  readonly gaps: readonly GapSpan[];
  /** Why the disk took nothing any more; what came before is kept. */
  readonly diskFailure: Error | undefined;
}

/** What a crash left of this recording: it goes on behind it. */
export interface Leftover {
  readonly file: string;
  readonly startedAt: number;
  readonly wholeBytes: number;
  readonly durationSec: number;
  readonly init: InitSegment;
  readonly gaps: readonly GapSpan[];
}

export interface RecordingOptions {
  readonly folder: string;
  readonly leftover: Leftover | undefined;
  /** The wall clock as it stands at the beginning. All that is told of the recording is told by it. */
  readonly clock: WallClock;
  /** Called with the first fragment, once. */
  readonly onFirstFrame: (clipStartedAt: number) => void;
  readonly onGap: (gaps: readonly GapSpan[]) => void;
  /**
   * The stream came back in a form that this file cannot hold (another codec or resolution): the recording is over
   * and would have to go on elsewhere from this moment on (steady-clock.ts).
   */
  readonly onFormatChange: (from: number) => void;
}

/** One playback being recorded: takes the feed's fragments from a keyframe on and writes them to its spool. */
export class Recording {
  readonly #options: RecordingOptions;
  #spool: Promise<Spool> | undefined;
  #open: Spool | undefined;
  /** What is to be done with the spool once it is open. */
  #waiting: ((spool: Spool) => void)[] = [];
  /** How long the spool is when all that was taken is written. */
  #bytes = 0;
  #init: InitSegment | undefined;
  #timeline: Timeline | undefined;
  #first: FeedFragmentHead | undefined;
  #newest: Pick<FeedFragment, 'session' | 'end'> | undefined;
  #gaps: GapSpan[];
  #until = Number.POSITIVE_INFINITY;
  #giveUp: NodeJS.Timeout | undefined;
  #over = false;
  /** Why the recording was ended before its time, where that was the disk's fault. */
  #stopped: Error | undefined;
  #finished!: () => void;
  readonly #complete = new Promise<void>((resolve) => {
    this.#finished = resolve;
  });
  /** By a clock that nobody sets. */
  #heardAt = performance.now();
  /** What is added to all times that are told: they go on from those of the leftover, as its file was named. */
  #shiftMs = 0;
  /** The first frame's time once it does not change any more. */
  #knownBeginning: number | undefined;

  constructor(options: RecordingOptions) {
    this.#options = options;
    const { leftover } = options;
    this.#gaps = [...(leftover?.gaps ?? [])];
    if (!leftover) return;
    this.#init = leftover.init;
    const { startedAt, durationSec } = leftover;
    // Where the clock was set back meanwhile, what is held would end in the future.
    const beganAt = Math.min(options.clock.toSteady(startedAt), steadyNow() - durationSec * 1_000);
    this.#shiftMs = startedAt - options.clock.toWall(beganAt);
    this.#timeline = new Timeline(() => beganAt, durationSec);
    this.#bytes = leftover.wholeBytes;
    this.#openSpool(Spool.reopen(leftover.file, leftover.wholeBytes));
  }

  /** When the first frame was taken, in epoch milliseconds, as far as is known by now; undefined: none came yet. */
  get clipStartedAt(): number | undefined {
    return this.#first ? this.#toWall(this.#beganAt(this.#first)) : this.#options.leftover?.startedAt;
  }

  #toWall(steadyMs: number): number {
    return this.#options.clock.toWall(steadyMs) + this.#shiftMs;
  }

  #beganAt(first: FeedFragmentHead): number {
    return this.#knownBeginning ?? wallStart(first);
  }

  /** For how long the camera has delivered nothing, in milliseconds. */
  get silentMs(): number {
    return performance.now() - this.#heardAt;
  }

  /** Takes the next fragment; never blocks, never throws. What comes after the end is left out. */
  take(fragment: FeedFragment): void {
    if (this.#over) return;
    this.#heardAt = performance.now();
    if (!this.#newest && !fragment.startsWithKeyframe) return;
    // A cold camera's first picture may come when all is over: then nothing of the event was seen.
    if (!this.#timeline && wallStart(fragment) >= this.#until) {
      this.#end();
      return;
    }
    if (this.#init && !this.#init.bytes.equals(fragment.session.init.bytes)) {
      this.#end();
      this.#options.onFormatChange(wallStart(fragment));
      return;
    }
    if (this.#first) this.#first = asKnown(this.#first);
    this.#timeline ??= this.#begin(fragment);
    if (this.#first && this.#first.session.clock.seenMs >= beginningKnownMs) {
      this.#knownBeginning ??= wallStart(this.#first);
    }
    const isFirst = this.#newest === undefined && !this.#options.leftover;
    const taken = isFirst
      ? { ...fragment, ...pictureFirst(fragment, fragment.session.init.tracks) }
      : fragment;
    const { moof, gap, corrections } = this.#timeline.place(taken, this.#bytes);
    if (gap) {
      this.#gaps.push({ from: this.#toWall(gap.from), to: this.#toWall(gap.to) });
      this.#options.onGap(this.#gaps);
    }
    const { headerBytes, payloadBytes } = taken.mdatShape;
    this.#bytes += moof.length + headerBytes + payloadBytes;
    // Until it is written, and the spool lets go of it.
    hold(taken.mdat);
    this.#write((spool) => {
      spool.append(moof, taken.mdat);
      for (const { at, moof } of corrections) spool.overwrite(at, moof);
    });
    this.#newest = { session: fragment.session, end: fragment.end };
    if (this.#open?.failure || reaches(fragment, this.#until)) this.#end();
  }

  #begin(fragment: FeedFragment): Timeline {
    const startedAt = this.#toWall(wallStart(fragment));
    const head = { ...fragment, mdat: [] };
    this.#first = head;
    this.#init = fragment.session.init;
    this.#bytes = this.#init.bytes.length;
    this.#openSpool(Spool.create(this.#options.folder, startedAt, fragment.session.init));
    this.#options.onFirstFrame(startedAt);
    return new Timeline(() => this.#beganAt(this.#first!), 0);
  }

  #openSpool(opening: Promise<Spool>): void {
    this.#spool = opening;
    opening.then(
      (spool) => {
        this.#open = spool;
        for (const write of this.#waiting.splice(0)) write(spool);
      },
      () => this.#end(),
    );
  }

  #write(write: (spool: Spool) => void): void {
    if (this.#open) write(this.#open);
    else this.#waiting.push(write);
  }

  /**
   * Footage is taken up to here, then the recording is complete; if the camera delivers no fragment that reaches
   * it, a second later. Asking again moves the end.
   * @param until by the steady clock (steady-clock.ts)
   */
  stopAt(until: number): void {
    this.#until = until;
    clearTimeout(this.#giveUp);
    if (this.#over || (this.#newest && reaches(this.#newest, until))) {
      this.#end();
      return;
    }
    const wait = until + fragmentMs + graceMs - steadyNow();
    this.#giveUp = setTimeout(() => this.#end(), Math.max(0, wait));
  }

  /** Ends now, with what is there. @param because where the disk is to take no more */
  abort(because?: Error): void {
    this.#stopped ??= because;
    this.#end();
  }

  /** Resolves when all that was taken so far is written, or cannot be. */
  async written(): Promise<void> {
    const spool = await this.#spool?.catch(() => undefined);
    await spool?.written();
  }

  #end(): void {
    clearTimeout(this.#giveUp);
    this.#over = true;
    this.#finished();
  }

  /** Resolves when the recording is over and its spool is closed and synced. */
  async done(): Promise<RecordingEnd> {
    await this.#complete;
    let diskFailure = this.#stopped;
    try {
      const spool = await this.#spool;
      await spool?.close();
      diskFailure ??= spool?.failure;
    } catch (error) {
      diskFailure ??= error as Error;
    }
    const recordUntil = Number.isFinite(this.#until) ? this.#toWall(this.#until) : undefined;
    return { clipStartedAt: this.clipStartedAt, recordUntil, gaps: this.#gaps, diskFailure };
  }
}
