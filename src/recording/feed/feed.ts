import { setTimeout as sleep } from 'node:timers/promises';
import { followsInFile, type SoundFormat, type VideoFormat } from '../../codecs/format.ts';
import type { ReadingFacts } from '../../db/cameras.ts';
import { type CameraProblem, cameraErrorCode } from '../../domain/camera-errors.ts';
import { scrubCredentials } from '../../domain/stream-url.ts';
import type { Log } from '../../log.ts';
import type { FeedUnit } from './feed-unit.ts';
import { Ring } from './ring.ts';
import { noPicture, type Source, type SourceEnd, type TakeUnit } from './source.ts';

export type FeedState = 'CONNECTING' | 'LIVE' | 'OFFLINE';

export interface FeedOptions {
  readonly cameraId: string;
  /** Makes a new connection to the camera. The connection passes its units to `take`. */
  readonly createSource: (take: TakeUnit) => Source;
  readonly preRollSec: number;
  /** The current limit of the ring, in bytes. */
  readonly ringMaxBytes: () => number;
  readonly log: Log;
  /** Whether the camera is being recorded: then the next connection is tried sooner after one has ended. */
  readonly isRecorded: () => boolean;
  readonly onState: (feed: Feed) => void;
  /** Called when the formats of a live camera have changed, or how it is read. */
  readonly onFormats: (feed: Feed) => void;
  readonly onUnit: TakeUnit;
}

/**
 * The ring is longer than the pre-roll by this much, because time passes between an event and the start of its
 * recording: the report goes over the network, and its row is committed.
 */
const ringSlackSec = 2;
const backoffMs = { first: 250, most: 5_000, recorded: 1_000 };
/**
 * Cameras lock an account after about five wrong passwords. So a refused password is retried once, then every five
 * minutes.
 */
const refusedMs = { second: 5_000, later: 300_000 };

/** Reads one camera: fills the ring, passes units on, and connects again when a connection ends. */
export class Feed {
  readonly #options: FeedOptions;
  readonly ring: Ring;
  #state: FeedState = 'CONNECTING';
  #lastError: CameraProblem | undefined;
  #source: Source | undefined;
  #video: VideoFormat | undefined;
  #sound: SoundFormat | undefined;
  #isCut = false;
  #reportedReading: ReadingFacts | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;
  readonly #stop = new AbortController();

  constructor(options: FeedOptions) {
    this.#options = options;
    this.ring = new Ring({ seconds: options.preRollSec + ringSlackSec, maxBytes: options.ringMaxBytes });
  }

  get cameraId(): string {
    return this.#options.cameraId;
  }

  get state(): FeedState {
    return this.#state;
  }

  /** Why the camera is not live; undefined while nothing is wrong. */
  get lastError(): CameraProblem | undefined {
    return this.#lastError;
  }

  /** The formats of its pictures and sound. They stay after a connection is lost. */
  get formats(): { readonly video: VideoFormat | undefined; readonly sound: SoundFormat | undefined } {
    return { video: this.#video, sound: this.#sound };
  }

  /** How the camera is read, or was read last if the connection is lost. */
  get reading(): ReadingFacts | undefined {
    return this.#source?.facts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Call it several times a second.
   * @param now steady milliseconds
   */
  tick(now: number): void {
    const stall = this.#source?.tick(now);
    if (this.#state !== 'LIVE') return;
    if (stall) {
      // The state changes before the connection is closed, because closing it can take a second.
      this.#lastError = noPicture(stall);
      this.#become('CONNECTING');
    } else if (this.reading !== this.#reportedReading) {
      this.#reportedReading = this.reading;
      this.#options.onFormats(this);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop.abort();
    await this.#running;
    this.ring.clear();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    let refusals = 0;
    while (!signal.aborted) {
      const end = await this.#connect();
      if (signal.aborted) return;
      failures = end.delivered ? 0 : failures + 1;
      refusals = end.isRefused ? refusals + 1 : 0;
      this.#lastError = end.problem;
      const waitMs = this.#waitMs(failures, refusals);
      const { log } = this.#options;
      log.warn(
        { cameraId: this.cameraId, error: end.problem.message, waitMs },
        'the camera is not delivering',
      );
      this.#become(end.delivered ? 'CONNECTING' : 'OFFLINE');
      await sleep(waitMs, undefined, { signal }).catch(() => {}); // aborted by close
    }
  }

  #waitMs(failures: number, refusals: number): number {
    if (refusals > 0) return refusals === 1 ? refusedMs.second : refusedMs.later;
    const most = this.#options.isRecorded() ? backoffMs.recorded : backoffMs.most;
    return Math.min(backoffMs.first * 2 ** Math.max(0, failures - 1), most);
  }

  /** Makes one connection and resolves when it has ended. */
  async #connect(): Promise<SourceEnd & { delivered: boolean }> {
    let delivered = false;
    const take: TakeUnit = (unit) => {
      delivered ||= unit.format.kind === 'video';
      this.#take(unit);
    };
    try {
      const source = this.#options.createSource(take);
      this.#source = source;
      return { ...(await source.run(this.#stop.signal)), delivered };
    } catch (error) {
      const { message, refusesCredentials = false } = error as Error & { refusesCredentials?: boolean };
      const problem = { code: cameraErrorCode(error), message: scrubCredentials(message) };
      return { problem, isRefused: refusesCredentials, delivered };
    }
  }

  #take(unit: FeedUnit): void {
    if (this.#isClosed) {
      unit.footage.release();
      return;
    }
    const { format } = unit;
    if (format.kind === 'sound') this.#noteSound(format);
    else if (unit.isSync) this.#noteVideo(format);
    // The takers get the unit before the ring does: they have to hold its footage before the ring may drop it.
    this.#options.onUnit(unit);
    this.#noteLimit(this.ring.push(unit));
  }

  #noteSound(format: SoundFormat): void {
    if (this.#sound === format) return;
    this.#sound = format;
    if (this.#state === 'LIVE') this.#options.onFormats(this);
  }

  #noteVideo(format: VideoFormat): void {
    const isNew = this.#video !== format;
    // One file cannot hold two formats, so earlier units are useless as pre-roll.
    if (this.#video && !followsInFile(format, this.#video)) this.ring.clear();
    this.#video = format;
    if (this.#state !== 'LIVE') {
      this.#lastError = undefined;
      this.#become('LIVE');
    } else if (isNew) {
      this.#options.onFormats(this);
    }
  }

  /** Logs once when the ring is cut short, and once when it is complete again. */
  #noteLimit(isCut: boolean): void {
    if (isCut === this.#isCut) return;
    if (!isCut && !this.ring.isFull) return;
    this.#isCut = isCut;
    const { log, ringMaxBytes } = this.#options;
    const facts = {
      cameraId: this.cameraId,
      limitBytes: ringMaxBytes(),
      heldSec: Math.round(this.ring.heldSeconds * 10) / 10,
    };
    if (isCut) log.warn(facts, 'the ring is at its limit in bytes; the pre-roll is shorter than asked for');
    else log.info(facts, 'the ring holds the whole pre-roll again');
  }

  #become(state: FeedState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState(this);
  }
}
