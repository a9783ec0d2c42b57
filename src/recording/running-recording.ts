import type { Db } from '../db/client.ts';
import type { PlaybackToRecord } from '../db/playbacks.ts';
import type { Camera } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import type { GrowingSpools } from '../spool/growing.ts';
import { ClipNotes } from './clip-notes.ts';
import type { FeedUnit } from './feed/feed-unit.ts';
import type { Feeds } from './feed/feeds.ts';
import { FootageRecording, type RecordingEnd, type RecordingLeftover } from './footage-recording.ts';
import type { Place } from './places.ts';
import { ringUnits } from './ring-units.ts';
import { clipBounds, gapsToJson } from './row.ts';
import type { CreateSoundEncoder } from './sound/encoder.ts';
import { steadyNow, WallClock } from './steady-clock.ts';

export interface RunningOptions {
  readonly db: Db;
  readonly feeds: Feeds;
  readonly growing: GrowingSpools;
  readonly createSoundEncoder: CreateSoundEncoder;
  /** Called when a recording has its first picture. */
  readonly onFirstFrame: (playbackId: string) => void;
  readonly log: Log;
  /** The wall clock, in epoch milliseconds. */
  readonly now: () => number;
}

/** What a recording needs to begin. */
export interface Beginning {
  readonly playback: PlaybackToRecord;
  readonly camera: Camera;
  /** The recording's place, which is released when the recording is over. */
  readonly place: Place;
  /** The spool's folder, which exists already. */
  readonly folder: string;
  /** What was recorded before the server was restarted. */
  readonly leftover?: RecordingLeftover | undefined;
  /** The clock of the recording that this one continues; without it, the present wall clock is used. */
  readonly clock?: WallClock | undefined;
  /** Called with the size of each access unit, in bytes. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * A recording at its camera. Takes the units in the ring from the pre-roll on, and then every unit that the camera's
 * feed delivers, until the recording is over.
 */
export class RunningRecording {
  readonly playback: PlaybackToRecord;
  readonly camera: Camera;
  readonly place: Place;
  /** The wall clock as it stood when the recording began. */
  readonly clock: WallClock;
  readonly footage: FootageRecording;
  /** When the stream changed to a format that the file cannot hold, in steady milliseconds; undefined if it did not. */
  formatChangedAt: number | undefined;
  readonly #now: () => number;
  /**
   * Whether the first part was recorded before the server was restarted. Somebody may have set the wall clock since.
   */
  readonly #isResumed: boolean;
  /** The end given to the last call of `keepUntil`, in epoch milliseconds. */
  #until: number | undefined;
  readonly #outcomeUnwanted = new AbortController();
  readonly #detach: () => void;
  readonly #deadlineTimer: NodeJS.Timeout;

  /** Does not wait, so that no unit is lost between the ring and the units that follow. */
  constructor(options: RunningOptions, beginning: Beginning) {
    const { db, feeds, growing, log, now, createSoundEncoder, onFirstFrame } = options;
    const { playback, camera, leftover, onBytes } = beginning;
    this.playback = playback;
    this.camera = camera;
    this.place = beginning.place;
    this.clock = beginning.clock ?? new WallClock(now);
    this.#now = now;
    this.#isResumed = leftover !== undefined;
    const fromRing = ringUnits(feeds, playback, this.clock, leftover);
    const notes = new ClipNotes({ db, log, playbackId: playback.id });
    this.footage = new FootageRecording({
      growing,
      folder: beginning.folder,
      leftover,
      clock: this.clock,
      createSoundEncoder,
      onFirstFrame: (at) => {
        // If the ring holds a picture already, its time is written together with the status RECORDING instead.
        if (fromRing.length === 0) notes.save(clipBounds(playback, at));
        onFirstFrame(playback.id);
      },
      onGap: (gaps) => notes.save({ gaps: gapsToJson(gaps) }),
      onFormatChange: (at) => {
        this.formatChangedAt = at;
      },
    });
    const take = (unit: FeedUnit) => {
      onBytes(unit.footage.bytes);
      this.footage.take(unit);
    };
    for (const unit of fromRing) take(unit);
    this.#detach = feeds.attach(camera, take);
    const deadline = this.#deadline();
    // A timer of its own, so that the recording also ends if somebody sets the clock, or if the row cannot be read.
    this.#deadlineTimer = setTimeout(() => this.footage.endAt(deadline), Math.max(0, deadline - steadyNow()));
    if (playback.recordUntil) this.keepUntil(playback.recordUntil);
  }

  /**
   * The latest end, in steady milliseconds: the playback's deadline, but at most the camera's longest recording from
   * now on, whatever the wall clock was set to.
   */
  #deadline(): number {
    const longest = steadyNow() + this.camera.maxDurationSec * 1_000;
    const { deadlineAt } = this.playback;
    return deadlineAt ? Math.min(this.clock.toSteady(deadlineAt.getTime()), longest) : longest;
  }

  /**
   * Takes footage up to that time, but never beyond the deadline. If the clock may have been set since the recording
   * began, that time may be wrong by any amount. Then everything up to now is kept, and of what follows at most the
   * length of the post-roll. A second call with the same time changes nothing.
   */
  keepUntil(until: Date): void {
    if (this.#until === until.getTime()) return;
    this.#until = until.getTime();
    const end = new WallClock(this.#now).toSteady(this.#until);
    const latest = steadyNow() + this.camera.postRollSec * 1_000;
    const isDoubtful = this.clock.wasSet || this.#isResumed;
    const known = isDoubtful ? Math.min(Math.max(end, steadyNow()), latest) : end;
    this.footage.endAt(Math.min(known, this.#deadline()));
  }

  /**
   * Ends the recording without writing its outcome, for example because the playback is being deleted or the server
   * stops.
   */
  stopWithoutOutcome(): void {
    this.#outcomeUnwanted.abort();
    this.footage.endNow();
  }

  /** Aborted once the outcome must not be written any more. */
  get outcomeUnwanted(): AbortSignal {
    return this.#outcomeUnwanted.signal;
  }

  /** Resolves when the recording is over and its spool is closed and synced. From then on it takes no more units. */
  async whenOver(): Promise<RecordingEnd> {
    try {
      return await this.footage.whenClosed();
    } finally {
      this.#detach();
      clearTimeout(this.#deadlineTimer);
    }
  }
}
