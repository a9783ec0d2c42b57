import { setTimeout as sleep } from 'node:timers/promises';
import { followsInFile, type SoundFormat, type VideoFormat } from '../../codecs/format.ts';
import type { ReadingFacts } from '../../db/cameras.ts';
import { scrubCredentials } from '../../domain/stream-url.ts';
import type { Log } from '../../log.ts';
import type { FeedUnit } from './feed-unit.ts';
import { Ring } from './ring.ts';
import type { Source, SourceEnd, TakeUnit } from './source.ts';

export type FeedState = 'CONNECTING' | 'LIVE' | 'OFFLINE';

export interface FeedOptions {
  readonly cameraId: string;
  /** A new connection to the camera, whose units go to `take`. */
  readonly createSource: (take: TakeUnit) => Source;
  readonly preRollSec: number;
  /** What the ring may hold now, in bytes. */
  readonly ringMaxBytes: () => number;
  readonly log: Log;
  /** Whether somebody records the camera now: it is then tried again sooner. */
  readonly isRecorded: () => boolean;
  readonly onState: (feed: Feed) => void;
  /** The live camera's formats, or how it is read, are others than before. */
  readonly onFormats: (feed: Feed) => void;
  readonly onUnit: TakeUnit;
}

/** Between an event and the recording's first look at the ring lie the caller's network and a commit. */
const ringSlackSec = 2;
const backoffMs = { first: 250, most: 5_000, recorded: 1_000 };
/** Cameras lock an account after some five wrong passwords: one more try, then one in five minutes. */
const refusedMs = { second: 5_000, later: 300_000 };

/** The one reader of a camera: keeps its ring, gives out its units, connects again when a connection is over. */
export class Feed {
  readonly #options: FeedOptions;
  readonly ring: Ring;
  #state: FeedState = 'CONNECTING';
  #lastError: string | undefined;
  #source: Source | undefined;
  #video: VideoFormat | undefined;
  #sound: SoundFormat | undefined;
  #isCut = false;
  #toldReading: ReadingFacts | undefined;
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

  /** Why the camera is not live, as a sentence without credentials; undefined while all is well. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** What its pictures and its sound are coded as; also after the connection was lost. */
  get formats(): { readonly video: VideoFormat | undefined; readonly sound: SoundFormat | undefined } {
    return { video: this.#video, sound: this.#sound };
  }

  /** How the camera is read; also after the connection was lost. */
  get reading(): ReadingFacts | undefined {
    return this.#source?.facts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** To be called several times a second with the monotonic time. */
  tick(now: number): void {
    const stall = this.#source?.tick(now);
    if (this.#state !== 'LIVE') return;
    if (stall) {
      // Now, not when the camera has been told: that may take a second.
      this.#lastError = stall;
      this.#become('CONNECTING');
    } else if (this.reading !== this.#toldReading) {
      this.#toldReading = this.reading;
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
      log.warn({ cameraId: this.cameraId, error: end.problem, waitMs }, 'the camera is not delivering');
      this.#become(end.delivered ? 'CONNECTING' : 'OFFLINE');
      await sleep(waitMs, undefined, { signal }).catch(() => {}); // aborted by close
    }
  }

  #waitMs(failures: number, refusals: number): number {
    if (refusals > 0) return refusals === 1 ? refusedMs.second : refusedMs.later;
    const most = this.#options.isRecorded() ? backoffMs.recorded : backoffMs.most;
    return Math.min(backoffMs.first * 2 ** Math.max(0, failures - 1), most);
  }

  /** One connection, from its beginning to its end. */
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
      return { problem: scrubCredentials(message), isRefused: refusesCredentials, delivered };
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
    // Whoever takes the unit holds it before the ring may drop it.
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
    // One file cannot hold two formats, so what came before is no pre-roll any more.
    if (this.#video && !followsInFile(format, this.#video)) this.ring.clear();
    this.#video = format;
    if (this.#state !== 'LIVE') {
      this.#lastError = undefined;
      this.#become('LIVE');
    } else if (isNew) {
      this.#options.onFormats(this);
    }
  }

  /** Logs once that the ring is cut short, and once that it no longer is. */
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
