import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, untilAnswered } from '../db/client.ts';
import {
  createFurtherPlayback,
  endPlaybacks,
  furtherPlayback,
  type PlaybackToRecord,
} from '../db/playbacks.ts';
import { beginRecording } from '../db/transitions.ts';
import { conflict, RequestError } from '../domain/errors.ts';
import { RecordingFailure } from '../domain/failures.ts';
import { maskStreamUrl } from '../domain/stream-url.ts';
import type { Camera, Playback } from '../generated/prisma/client.ts';
import type { SpoolLimits } from '../spool/disk.ts';
import { makeSpoolFolder, removeSpool, spoolFolder } from '../spool/spool.ts';
import { DueEnds, type DueEndsOptions, type RunningRecording } from './due-ends.ts';
import { type FeedUnit, timeOf } from './feed/feed-unit.ts';
import type { Feeds } from './feed/feeds.ts';
import { failPlayback, writeOutcome } from './outcome.ts';
import { type Claim, Places } from './places.ts';
import { Recording, type RecordingLeftover } from './recording.ts';
import { clipBounds, gapsToJson } from './row.ts';
import type { CreateSoundEncoder } from './sound/encoder.ts';
import { steadyNow, WallClock } from './steady-clock.ts';

export interface RecorderOptions extends DueEndsOptions {
  readonly feeds: Feeds;
  readonly limits: SpoolLimits & { readonly maxRecordings: number };
  readonly createSoundEncoder: CreateSoundEncoder;
  /** A recording has begun to take footage. */
  readonly onFirstFrame: (playbackId: string) => void;
}

export interface Beginning {
  /** The name of who asked for it: it counts in their share. */
  readonly by?: string | undefined;
  /** What a crash left of it. */
  readonly leftover?: RecordingLeftover | undefined;
  /** By which its times are told, where it goes on with another recording; else as the clock stands now. */
  readonly clock?: WallClock;
  /**
   * Where its row is being written at the same moment: whether it was. The disk need not wait for the database, nor
   * the other way round; where there will be no row, what has begun is undone.
   */
  readonly isWritten?: Promise<boolean>;
}

interface Running extends RunningRecording {
  readonly playback: PlaybackToRecord;
  readonly camera: Camera;
  /** With what an earlier run of this server has left behind, maybe by another clock. */
  readonly goesOn: boolean;
  /** The end that it was told of last, in epoch milliseconds. */
  until: number | undefined;
  /** Resolves when the row says what became of it. */
  readonly settled: Promise<void>;
  /** Aborted where the row is not to be written any more: the playback is deleted, or the server stops. */
  readonly forget: AbortController;
}

/** How often recordings look at what waits in memory, and at their end. One timer for all of them. */
const tickMs = 100;

/** By the steady clock; from now on a recording lasts no longer than the camera's longest, whatever the clock was set to. */
function deadlineOf({ deadlineAt }: PlaybackToRecord, { maxDurationSec }: Camera, clock: WallClock): number {
  const longest = steadyNow() + maxDurationSec * 1_000;
  return deadlineAt ? Math.min(clock.toSteady(deadlineAt.getTime()), longest) : longest;
}

/** All recordings of this node: begins them, ends them, and says in their rows what became of them. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #running = new Map<string, Running>();
  readonly #beginning = new Map<string, Promise<Playback | undefined>>();
  readonly #closing = new AbortController();
  /** Footage handed to recordings since the start. */
  recordedBytes = 0;
  #draining = false;
  readonly #places: Places;
  readonly #ends: DueEnds;
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#places = new Places(options.limits.maxRecordings);
    this.#ends = new DueEnds(options, this.#running, (playback, until) => this.stop(playback, until));
  }

  start(): void {
    this.#ends.start();
    this.#ticker = setInterval(() => {
      for (const { recording } of this.#running.values()) recording.tick();
    }, tickMs);
  }

  get running(): number {
    return this.#running.size;
  }

  /** Whether it is recorded here, or about to be. */
  isRunning(playbackId: string): boolean {
    return this.#running.has(playbackId) || this.#beginning.has(playbackId);
  }

  /** Whether footage of it is still in memory, where it should have been recorded and was not. */
  holdsInRing({ cameraId, startedAt, preRollSec, recordUntil }: PlaybackToRecord): boolean {
    const clock = new WallClock(this.#options.now);
    const until = recordUntil ? clock.toSteady(recordUntil.getTime()) : Number.POSITIVE_INFINITY;
    const ring = this.#options.feeds.get(cameraId)?.ring;
    const held = ring?.from(clock.toSteady(startedAt.getTime() - preRollSec * 1_000)) ?? [];
    return held.some((unit) => timeOf(unit) < until);
  }

  /** The server is about to stop: what runs goes on until close, no further recording may begin. */
  drain(): void {
    this.#draining = true;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /**
   * Keeps a place for a recording that is about to begin, so that many at once do not all take the last one.
   * @returns what gives the place back: to be called once, before `begin` or instead of it
   * @throws RequestError CAPACITY when no further recording may begin
   */
  async admit(claim: Claim): Promise<() => void> {
    if (this.#draining) throw new RequestError('CAPACITY', 'The server is stopping; ask again in a moment.');
    const { feeds, disk } = this.#options;
    const release = this.#places.take(claim, feeds.camerasOn());
    try {
      await disk.look();
      if (disk.problem) throw new RequestError('CAPACITY', `No further recording can begin: ${disk.problem}`);
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Begins to record a PENDING playback, or goes on with one that a crash interrupted. When it returns, the row
   * says RECORDING and every fragment from the pre-roll on is being kept; where the camera is not live yet, from
   * its first keyframe on. What keeps it from recording makes the playback FAILED, not this call.
   * @returns the row as it is then; undefined: it was not written, or the playback was deleted meanwhile
   */
  begin(
    playback: PlaybackToRecord,
    camera: Camera,
    beginning: Beginning = {},
  ): Promise<Playback | undefined> {
    const { id } = playback;
    const underWay = this.#beginning.get(id) ?? this.#begin(playback, camera, beginning);
    this.#beginning.set(id, underWay);
    return underWay.finally(() => {
      if (this.#beginning.get(id) === underWay) this.#beginning.delete(id);
    });
  }

  async #begin(
    playback: PlaybackToRecord,
    camera: Camera,
    { isWritten = Promise.resolve(true), ...beginning }: Beginning,
  ): Promise<Playback | undefined> {
    const already = this.#running.get(playback.id);
    if (already) return this.#sayRecording(already);
    const [row, running] = await Promise.allSettled([isWritten, this.#takeUp(playback, camera, beginning)]);
    if (row.status === 'rejected') {
      if (running.status === 'fulfilled') void this.#findOut(running.value);
      throw row.reason;
    }
    if (!row.value) {
      await this.discard(playback.id);
      return undefined;
    }
    if (running.status === 'fulfilled') return this.#sayRecording(running.value);
    if (running.reason instanceof RecordingFailure) {
      return failPlayback(this.#options, playback, running.reason);
    }
    throw running.reason;
  }

  /** Resolves when the footage so far is written. @throws RecordingFailure where there can be none */
  async #takeUp(playback: PlaybackToRecord, camera: Camera, beginning: Beginning): Promise<Running> {
    if (!camera.enabled) {
      const why = 'The camera is switched off; switch it on to record.';
      throw new RecordingFailure('CAMERA_DISABLED', why);
    }
    const release = this.#places.add({ cameraId: camera.id, by: beginning.by });
    try {
      const folder = await makeSpoolFolder(this.#options.limits.recordDir, playback.id).catch(
        (error: Error) => {
          throw new RecordingFailure('DISK_FAILED', `The spool’s folder cannot be made: ${error.message}.`);
        },
      );
      const running = this.#record(playback, camera, folder, beginning);
      void running.settled.then(release, release);
      // What the caller is promised must be in the file, not in memory: the pre-roll comes only once.
      await running.recording.written();
      return running;
    } catch (error) {
      if (!this.#running.has(playback.id)) release();
      throw error;
    }
  }

  /** Where the row cannot be written, the recording runs on; it is written when it ends, or by whoever asks again. */
  async #sayRecording({ playback, recording, camera }: Running): Promise<Playback | undefined> {
    const { db, now, limits } = this.#options;
    const began = await beginRecording(db, {
      id: playback.id,
      at: new Date(now()),
      localPath: spoolFolder(limits.recordDir, playback.id),
      streamUrl: maskStreamUrl(camera.rtspUrl),
      ...clipBounds(playback, recording.clipStartedAt),
    });
    if (began) return began;
    const found = await db.playback.findUnique({ where: { id: playback.id } });
    if (!found) await this.discard(playback.id);
    return found ?? undefined;
  }

  /** Without an answer the row may be written all the same: its recording goes on until the database can tell. */
  async #findOut(running: Running): Promise<void> {
    const { signal } = this.#closing;
    for (let pause = 100; !signal.aborted; pause = Math.min(pause * 2, 1_000)) {
      try {
        await this.#sayRecording(running);
        return;
      } catch {
        await sleep(pause, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** From here to the attachment nothing waits, so that no fragment falls between the ring and what follows it. */
  #record(
    playback: PlaybackToRecord,
    camera: Camera,
    folder: string,
    { by, leftover, clock = new WallClock(this.#options.now) }: Beginning,
  ): Running {
    const { db, feeds, log, createSoundEncoder, onFirstFrame } = this.#options;
    const write = (what: string, change: Parameters<Db['playback']['updateMany']>[0]['data']) => {
      db.playback
        .updateMany({ where: { id: playback.id, recordingStatus: 'RECORDING' }, data: change })
        .catch((error: Error) =>
          log.warn({ playbackId: playback.id, error: error.message }, `${what} cannot be written`),
        );
    };
    const heldUntil = leftover && clock.toSteady(leftover.startedAt + leftover.durationSec * 1_000);
    const since = heldUntil ?? clock.toSteady(playback.startedAt.getTime() - playback.preRollSec * 1_000);
    const ring = feeds.get(camera.id)?.ring.from(since) ?? [];
    const held = heldUntil ? ring.filter((unit) => timeOf(unit) >= heldUntil) : ring;
    let changedAt: number | undefined;
    const recording = new Recording({
      folder,
      leftover,
      clock,
      createSoundEncoder,
      onFirstFrame: (at) => {
        // One from the ring is written with the status.
        if (held.length === 0) write('the clip’s beginning', clipBounds(playback, at));
        onFirstFrame(playback.id);
      },
      onGap: (gaps) => write('gaps', { gaps: gapsToJson(gaps) }),
      onFormatChange: (from) => {
        changedAt = from;
      },
    });
    const take = (unit: FeedUnit) => {
      this.recordedBytes += unit.footage.bytes;
      recording.take(unit);
    };
    for (const unit of held) take(unit);
    const detach = feeds.attach(camera.id, take);
    const forget = new AbortController();
    // By itself, so that it ends also where the clock was set, or the row cannot be read.
    const deadline = deadlineOf(playback, camera, clock);
    const timer = setTimeout(() => recording.stopAt(deadline), Math.max(0, deadline - steadyNow()));
    const settled = recording.done().then(async (end) => {
      detach();
      clearTimeout(timer);
      const written = writeOutcome(this.#options, { playback, camera, end, forget: forget.signal });
      const isOver = written.then(() => !forget.signal.aborted);
      const further =
        changedAt !== undefined &&
        this.#goOnElsewhere(playback, camera, { by, clock, from: changedAt, isOver });
      await written;
      this.#running.delete(playback.id);
      await further;
    });
    const goesOn = leftover !== undefined;
    const what = { playback, camera, recording, clock };
    const running: Running = { ...what, goesOn, until: undefined, settled, forget };
    this.#running.set(playback.id, running);
    if (playback.recordUntil) this.stop(playback, playback.recordUntil);
    return running;
  }

  /**
   * One file cannot hold two forms of a stream: what comes in the new one becomes a further playback. It begins while
   * the first one's end is still being written, as the ring reaches back only so far.
   * @param beginning.clock the first one's: so their times agree, and its deadline holds, wherever the clock is set
   * @param beginning.from steady milliseconds
   * @param beginning.isOver resolves when the first one's row says how it ended: whether there is to be another
   */
  async #goOnElsewhere(
    first: PlaybackToRecord,
    camera: Camera,
    {
      by,
      clock,
      from,
      isOver,
    }: { by?: string | undefined; clock: WallClock; from: number; isOver: Promise<boolean> },
  ): Promise<void> {
    const { db, log, now } = this.#options;
    // Dates are whole milliseconds: rounded down, it would be before the picture, which would be missed then.
    const further = furtherPlayback(first, new Date(Math.ceil(clock.toWall(from))));
    const facts = { playbackId: first.id, furtherId: further.id };
    const write = async () => {
      if (!(await isOver)) return false;
      const made = { at: new Date(now()), isClockSet: clock.wasSet };
      return (await untilAnswered(() => createFurtherPlayback(db, first.id, further, made))) !== undefined;
    };
    try {
      const begun = await this.begin(further, camera, { by, clock, isWritten: write() });
      if (!begun) return;
      log.info(facts, 'the stream changed its form; a further playback goes on');
      // It may have been ended before it ran here.
      if (begun.recordUntil) this.stop(begun, begun.recordUntil);
    } catch (error) {
      log.error({ ...facts, error }, 'a recording cannot go on in the stream’s new form');
    }
  }

  /**
   * Footage is taken up to that moment, but never beyond the playback's deadline. Where the clock may have been set
   * since the recording began, the moment may be any: all that has come until now is kept, and at most the post-roll is
   * added. Being told again changes nothing. Not running: nothing happens.
   */
  stop(playback: { id: string }, until: Date): void {
    const running = this.#running.get(playback.id);
    if (!running || running.until === until.getTime()) return;
    const { clock, camera, recording, goesOn } = running;
    running.until = until.getTime();
    const end = new WallClock(this.#options.now).toSteady(running.until);
    const isDoubtful = clock.wasSet || goesOn;
    const latest = steadyNow() + camera.postRollSec * 1_000;
    const known = isDoubtful ? Math.min(Math.max(end, steadyNow()), latest) : end;
    recording.stopAt(Math.min(known, deadlineOf(running.playback, camera, clock)));
  }

  /** Ends a recording whose playback is deleted, and removes its spool. */
  async discard(playbackId: string): Promise<void> {
    const running = this.#running.get(playbackId);
    running?.forget.abort();
    running?.recording.abort();
    await running?.settled;
    await removeSpool(this.#options.limits.recordDir, playbackId);
  }

  /** Stops a recording by hand, now. @throws RequestError CONFLICT where none runs */
  async stopByHand(playback: Playback): Promise<void> {
    const endedAt = new Date(this.#options.now());
    const ended = await endPlaybacks(
      this.#options.db,
      { id: playback.id },
      { endedAt, reason: 'STOPPED', recordUntil: endedAt },
    );
    if (ended.length === 0) {
      throw conflict(
        `The playback ${playback.id} is ${playback.recordingStatus}; there is no recording of it to stop.`,
      );
    }
    this.stop(playback, endedAt);
  }

  /** Closes all spools. Rows stay RECORDING: the next start goes on with events still open and finishes the others. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#ticker);
    await this.#ends.close();
    for (const { recording, forget } of this.#running.values()) {
      forget.abort();
      recording.abort();
    }
    await Promise.allSettled([...this.#running.values()].map((r) => r.settled));
  }
}
