import { followsInFile, type SoundFormat, type VideoFormat } from '../codecs/format.ts';
import type { GrowingSpools } from '../spool/growing.ts';
import { type Cut, Cutter, longestHeldMs } from './cutter.ts';
import { type FeedSession, type FeedUnit, timeOf } from './feed/feed-unit.ts';
import { type Leftover, RecordingFile } from './recording-file.ts';
import type { GapSpan } from './row.ts';
import { type CreateSoundEncoder, clipFormat, type SoundEncoder } from './sound/encoder.ts';
import { steadyNow, type WallClock } from './steady-clock.ts';

/**
 * The network may delay the last picture by this much. When a recording ends, it does not wait longer for that picture.
 */
const graceMs = 1_000;

export interface RecordingEnd {
  /** When the first picture was taken, by the recording's clock (epoch ms); undefined: no picture came */
  readonly clipStartedAt: number | undefined;
  /** The clip ends here; later footage does not belong to it. undefined: all footage belongs to it */
  readonly recordUntil: number | undefined;
  /** When the last picture in the spool was taken, by the recording's clock (epoch ms); undefined: the spool has none */
  readonly lastPictureAt: number | undefined;
  readonly gaps: readonly GapSpan[];
  /** Why the disk stopped accepting footage; undefined if it did not. Earlier footage is kept. */
  readonly diskFailure: Error | undefined;
  /** The error of the server that ended the recording; undefined if none did. Earlier footage is kept. */
  readonly internalError: Error | undefined;
}

/** What was recorded of a playback before the server was restarted, with its gaps. */
export type RecordingLeftover = Leftover & { readonly gaps: readonly GapSpan[] };

export interface FootageRecordingOptions {
  readonly growing: GrowingSpools;
  readonly folder: string;
  /** What was recorded before the server was restarted; this recording continues it. */
  readonly leftover: RecordingLeftover | undefined;
  /** The wall clock as it stands at the beginning. It gives all times of the recording. */
  readonly clock: WallClock;
  readonly createSoundEncoder: CreateSoundEncoder;
  /** Called once, when the first picture is being written. */
  readonly onFirstFrame: (clipStartedAt: number) => void;
  readonly onGap: (gaps: readonly GapSpan[]) => void;
  /**
   * Called when the stream has a format that this file cannot hold, before the recording's end. This recording is
   * over.
   * @param from when the new format begins, in steady milliseconds: the further playback starts there
   */
  readonly onFormatChange: (from: number) => void;
}

/** Records one playback: takes the feed's units from a keyframe on and writes them to the spool. */
export class FootageRecording {
  readonly #options: FootageRecordingOptions;
  readonly #cutter = new Cutter();
  readonly #gaps: GapSpan[];
  #file: RecordingFile | undefined;
  /** The encoder of the present sound format. */
  #encoder: { readonly format: SoundFormat; readonly to: SoundEncoder } | undefined;
  /** Resolves when the encoders of earlier formats have emitted everything. */
  #encoded: Promise<unknown> = Promise.resolve();
  /** The first picture; undefined if none came yet, or if it was recorded before a restart. */
  #first: FeedUnit | undefined;
  #session: FeedSession | undefined;
  /** Added to all times that are reported, so that they continue the times of the leftover. */
  #shiftMs = 0;
  /** The end, in steady milliseconds. */
  #until = Number.POSITIVE_INFINITY;
  /** When the newest written picture was taken, in steady milliseconds. */
  #writtenTo = Number.NEGATIVE_INFINITY;
  #isOver = false;
  /** Why the recording was ended early, if the disk was the reason. */
  #diskFailure: Error | undefined;
  /** Why the recording was ended early, if an error of the server was the reason. */
  #internalError: Error | undefined;
  #heardAt = steadyNow();
  #resolveOver!: () => void;
  readonly #over = new Promise<void>((resolve) => {
    this.#resolveOver = resolve;
  });

  constructor(options: FootageRecordingOptions) {
    this.#options = options;
    const { growing, leftover, clock } = options;
    this.#gaps = [...(leftover?.gaps ?? [])];
    if (!leftover) return;
    const { startedAt, durationSec } = leftover;
    // At the latest, the leftover ends now. (If the wall clock was set back since, it would end in the future.)
    const beganAt = Math.min(clock.toSteady(startedAt), steadyNow() - durationSec * 1_000);
    this.#shiftMs = startedAt - clock.toWall(beganAt);
    this.#file = RecordingFile.reopen(growing, leftover, beganAt);
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

  /** Takes the next unit and holds its footage if it is kept. Never blocks, never throws. */
  take(unit: FeedUnit): void {
    if (this.#isOver) return;
    this.#heardAt = steadyNow();
    const { format } = unit;
    if (format.kind === 'video') this.#takePicture(unit, format);
    else this.#takeSound(unit, format);
  }

  /**
   * Call it several times a second. Writes units that have waited too long, and ends a recording whose last picture
   * does not come.
   */
  tick(): void {
    if (this.#isOver) return;
    const now = steadyNow();
    if (now >= this.#until + graceMs) this.#finish();
    else if (now - (this.#cutter.oldestAt ?? now) > longestHeldMs && this.#canBegin())
      this.#write(this.#cutter.cutShort());
  }

  #takePicture(unit: FeedUnit, format: VideoFormat): void {
    if (!this.#session && !unit.isSync) return;
    const time = timeOf(unit);
    // If the first picture was taken only after the end, nothing of the event was seen.
    if (!this.#session && !this.#file && time >= this.#until) this.#finish();
    else if (this.#file && !followsInFile(format, this.#file.formats.video)) this.#changeFormat(time);
    else {
      if (!this.#session) this.#cutter.dropSoundBefore(time);
      if (!this.#file) this.#first ??= unit;
      this.#push(unit);
      this.#finishIfReached();
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
    this.#finish();
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

  /** The first bytes of a file fix its tracks, so announced sound is waited for, but not for long. */
  #canBegin(): boolean {
    return this.#file !== undefined || (this.#session !== undefined && !this.#session.awaitsSound);
  }

  #write(cut: Cut | undefined): void {
    if (!cut) return;
    try {
      this.#file ??= this.#createFile();
      this.#noteGap(this.#file.write(cut));
      for (const picture of cut.pictures) this.#writtenTo = Math.max(this.#writtenTo, timeOf(picture));
      if (this.#file.failure) this.#finish();
    } catch (error) {
      // The spool reports errors of the disk through `failure`. So this is an error in making the fragment. Whatever a
      // camera sends, the error ends this recording only.
      this.#internalError ??= error as Error;
      this.#finish();
    }
  }

  #noteGap(gap: { from: number; to: number } | undefined): void {
    if (!gap) return;
    this.#gaps.push({ from: this.#toWall(gap.from), to: this.#toWall(gap.to) });
    this.#options.onGap(this.#gaps);
  }

  #createFile(): RecordingFile {
    const { growing, folder, onFirstFrame } = this.#options;
    const { session, format } = this.#first!;
    const startedAt = this.#toWall(timeOf(this.#first!));
    const sound = session.soundFormat && clipFormat(session.soundFormat);
    const file = RecordingFile.create(growing, folder, startedAt, { video: format as VideoFormat, sound });
    onFirstFrame(startedAt);
    return file;
  }

  #toWall(steadyMs: number): number {
    return this.#options.clock.toWall(steadyMs) + this.#shiftMs;
  }

  /** Resolves when everything taken so far is written, or cannot be written. */
  async written(): Promise<void> {
    await this.#file?.written();
  }

  /**
   * Keeps footage up to that time. The recording is over with the first picture at or after it, or one second later
   * if none comes. Another call moves the end.
   * @param until steady milliseconds
   */
  endAt(until: number): void {
    this.#until = until;
    this.#finishIfReached();
    this.tick();
  }

  #finishIfReached(): void {
    if (this.#writtenTo < this.#until) this.#write(this.#cutter.cutAt(this.#until));
    if (this.#writtenTo < this.#until) return;
    this.#cutter.dropPictures();
    this.#finish();
  }

  /**
   * Ends the recording now and keeps what there is.
   * @param diskFailure the error of the disk, if the disk is the reason
   */
  endNow(diskFailure?: Error): void {
    this.#diskFailure ??= diskFailure;
    this.#finish();
  }

  /** The recording is over: `whenClosed` resolves, and recorder.ts (`#follow`) goes on from there. */
  #finish(): void {
    this.#isOver = true;
    this.#resolveOver();
  }

  /** Resolves when the recording is over and its spool is closed and synced. */
  async whenClosed(): Promise<RecordingEnd> {
    await this.#over;
    this.#endEncoder();
    await this.#encoded;
    const rest = this.#cutter.flush();
    if (this.#session || this.#file) this.#write(rest);
    const failure = await this.#file?.close();
    const recordUntil = Number.isFinite(this.#until) ? this.#toWall(this.#until) : undefined;
    return {
      clipStartedAt: this.clipStartedAt,
      recordUntil,
      lastPictureAt: Number.isFinite(this.#writtenTo) ? this.#toWall(this.#writtenTo) : undefined,
      gaps: this.#gaps,
      diskFailure: this.#diskFailure ?? failure,
      internalError: this.#internalError,
    };
  }
}
