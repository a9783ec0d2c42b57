import { followsInFile, type SoundFormat, type VideoFormat } from '../codecs/format.ts';
import { type Cut, Cutter, longestHeldMs } from './cutter.ts';
import { type FeedSession, type FeedUnit, timeOf } from './feed/feed-unit.ts';
import { type Leftover, RecordingFile } from './recording-file.ts';
import type { GapSpan } from './row.ts';
import { type CreateSoundEncoder, clipFormat, type SoundEncoder } from './sound/encoder.ts';
import { steadyNow, type WallClock } from './steady-clock.ts';

/** The network may delay the last picture by this much; an end waits no longer for it. */
const graceMs = 1_000;

export interface RecordingEnd {
  /** By the wall clock as it stood at the beginning. undefined: not one picture came */
  readonly clipStartedAt: number | undefined;
  /** Footage behind it does not belong to the clip. undefined: all of it does */
  readonly recordUntil: number | undefined;
  readonly gaps: readonly GapSpan[];
  /** Why the disk took nothing any more; what came before is kept. */
  readonly diskFailure: Error | undefined;
}

/** What a crash left of a recording, and the gaps in it. */
export type RecordingLeftover = Leftover & { readonly gaps: readonly GapSpan[] };

export interface RecordingOptions {
  readonly folder: string;
  /** What a crash left of this recording, which goes on behind it. */
  readonly leftover: RecordingLeftover | undefined;
  /** The wall clock as it stands at the beginning. All times that are told of the recording are told by it. */
  readonly clock: WallClock;
  readonly createSoundEncoder: CreateSoundEncoder;
  /** Called once, when the first picture is on its way to the disk. */
  readonly onFirstFrame: (clipStartedAt: number) => void;
  readonly onGap: (gaps: readonly GapSpan[]) => void;
  /**
   * The stream came back in a format that this file cannot hold: the recording is over and would have to go on
   * elsewhere from this moment on (steady milliseconds), which is before its end.
   */
  readonly onFormatChange: (from: number) => void;
}

/** One playback being recorded: takes the feed's units from a keyframe on and writes them to its spool. */
export class Recording {
  readonly #options: RecordingOptions;
  readonly #cutter = new Cutter();
  readonly #gaps: GapSpan[];
  #file: RecordingFile | undefined;
  /** Of the sound that comes now. */
  #encoder: { readonly format: SoundFormat; readonly to: SoundEncoder } | undefined;
  /** When those of earlier sound have given out all of it. */
  #encoded: Promise<unknown> = Promise.resolve();
  /** The first picture; undefined also where a crash left it. */
  #first: FeedUnit | undefined;
  #session: FeedSession | undefined;
  /** What is added to all times that are told: they go on from those of the leftover, as its file was named. */
  #shiftMs = 0;
  /** Steady milliseconds. */
  #until = Number.POSITIVE_INFINITY;
  /** When the newest picture that was written was taken, steady milliseconds. */
  #writtenTo = Number.NEGATIVE_INFINITY;
  #isOver = false;
  /** Why the recording was ended before its time, where that was the disk's fault. */
  #stopped: Error | undefined;
  #heardAt = steadyNow();
  #end!: () => void;
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = () => {
      this.#isOver = true;
      resolve();
    };
  });

  constructor(options: RecordingOptions) {
    this.#options = options;
    const { leftover, clock } = options;
    this.#gaps = [...(leftover?.gaps ?? [])];
    if (!leftover) return;
    const { startedAt, durationSec } = leftover;
    // Where the clock was set back meanwhile, what is held would end in the future.
    const beganAt = Math.min(clock.toSteady(startedAt), steadyNow() - durationSec * 1_000);
    this.#shiftMs = startedAt - clock.toWall(beganAt);
    this.#file = RecordingFile.reopen(leftover, beganAt);
  }

  /** When the first picture was taken, in epoch milliseconds, as far as is known by now; undefined: none came yet. */
  get clipStartedAt(): number | undefined {
    const { leftover } = this.#options;
    if (leftover) return leftover.startedAt;
    const beganAt = this.#file?.originMs ?? (this.#first && timeOf(this.#first));
    return beganAt === undefined ? undefined : this.#toWall(beganAt);
  }

  /** For how long the camera has delivered nothing, in milliseconds. */
  get silentMs(): number {
    return steadyNow() - this.#heardAt;
  }

  /** Takes the next unit; never blocks, never throws. Holds the footage that it keeps. */
  take(unit: FeedUnit): void {
    if (this.#isOver) return;
    this.#heardAt = steadyNow();
    const { format } = unit;
    if (format.kind === 'video') this.#takePicture(unit, format);
    else this.#takeSound(unit, format);
  }

  /** To be called several times a second: what must not wait in memory any longer, and an end that nothing reaches. */
  tick(): void {
    if (this.#isOver) return;
    const now = steadyNow();
    if (now >= this.#until + graceMs) this.#end();
    else if (now - (this.#cutter.oldestAt ?? now) > longestHeldMs && this.#canBegin())
      this.#write(this.#cutter.cutShort());
  }

  #takePicture(unit: FeedUnit, format: VideoFormat): void {
    if (!this.#session && !unit.isSync) return;
    const time = timeOf(unit);
    // A cold camera's first picture may come when all is over: then nothing of the event was seen.
    if (!this.#session && !this.#file && time >= this.#until) this.#end();
    else if (this.#file && !followsInFile(format, this.#file.formats.video)) this.#changeFormat(time);
    else {
      if (!this.#session) this.#cutter.dropSoundBefore(time);
      if (!this.#file) this.#first ??= unit;
      this.#push(unit);
      this.#endIfReached();
    }
  }

  #takeSound(unit: FeedUnit, format: SoundFormat): void {
    const written = clipFormat(format);
    const inFile = this.#file?.formats.sound;
    if (this.#file && !inFile) return;
    if (inFile && inFile.key !== written.key) this.#changeFormat(timeOf(unit));
    else if (written === format) this.#push(unit);
    else this.#encoderOf(format).push(unit);
  }

  #encoderOf(format: SoundFormat): SoundEncoder {
    if (this.#encoder?.format.key !== format.key) {
      this.#endEncoder();
      this.#encoder = { format, to: this.#options.createSoundEncoder(format, (unit) => this.#push(unit)) };
    }
    return this.#encoder.to;
  }

  #endEncoder(): void {
    this.#encoded = Promise.all([this.#encoded, this.#encoder?.to.finish()]);
    this.#encoder = undefined;
  }

  #changeFormat(at: number): void {
    this.#end();
    if (at < this.#until) this.#options.onFormatChange(at);
  }

  #push(unit: FeedUnit): void {
    if (unit.format.kind === 'video') {
      if (this.#session && this.#session !== unit.session) this.#write(this.#cutter.flush());
      this.#session = unit.session;
    }
    unit.footage.hold();
    this.#cutter.push(unit);
    if (this.#canBegin()) for (let cut = this.#cutter.cut(); cut; cut = this.#cutter.cut()) this.#write(cut);
  }

  /** A file's tracks are fixed with its first bytes: sound that is announced is waited for, but not for long. */
  #canBegin(): boolean {
    return this.#file !== undefined || (this.#session !== undefined && !this.#session.awaitsSound);
  }

  #endIfReached(): void {
    if (this.#writtenTo < this.#until) this.#write(this.#cutter.cutAt(this.#until));
    if (this.#writtenTo < this.#until) return;
    this.#cutter.dropPictures();
    this.#end();
  }

  #write(cut: Cut | undefined): void {
    if (!cut) return;
    try {
      this.#file ??= this.#createFile();
      this.#noteGap(this.#file.write(cut));
      for (const picture of cut.pictures) this.#writtenTo = Math.max(this.#writtenTo, timeOf(picture));
      if (this.#file.failure) this.#end();
    } catch (error) {
      // Whatever a camera sends, it ends one recording at most.
      this.abort(error as Error);
    }
  }

  #noteGap(gap: { from: number; to: number } | undefined): void {
    if (!gap) return;
    this.#gaps.push({ from: this.#toWall(gap.from), to: this.#toWall(gap.to) });
    this.#options.onGap(this.#gaps);
  }

  #createFile(): RecordingFile {
    const { folder, onFirstFrame } = this.#options;
    const { session, format } = this.#first!;
    const startedAt = this.#toWall(timeOf(this.#first!));
    const sound = session.soundFormat && clipFormat(session.soundFormat);
    const file = RecordingFile.create(folder, startedAt, { video: format as VideoFormat, sound });
    onFirstFrame(startedAt);
    return file;
  }

  #toWall(steadyMs: number): number {
    return this.#options.clock.toWall(steadyMs) + this.#shiftMs;
  }

  /**
   * Footage is taken up to here, then the recording is complete; if the camera delivers no picture that reaches it, a
   * second later. Asking again moves the end.
   * @param until steady milliseconds
   */
  stopAt(until: number): void {
    this.#until = until;
    this.#endIfReached();
    this.tick();
  }

  /** Ends now, with what is there. @param because where the disk is to take no more */
  abort(because?: Error): void {
    this.#stopped ??= because;
    this.#end();
  }

  /** Resolves when all that was taken so far is written, or cannot be. */
  async written(): Promise<void> {
    await this.#file?.written();
  }

  /** Resolves when the recording is over and its spool is closed and synced. */
  async done(): Promise<RecordingEnd> {
    await this.#ended;
    this.#endEncoder();
    await this.#encoded;
    const rest = this.#cutter.flush();
    if (this.#session || this.#file) this.#write(rest);
    const failure = await this.#file?.close();
    const recordUntil = Number.isFinite(this.#until) ? this.#toWall(this.#until) : undefined;
    return {
      clipStartedAt: this.clipStartedAt,
      recordUntil,
      gaps: this.#gaps,
      diskFailure: this.#stopped ?? failure,
    };
  }
}
