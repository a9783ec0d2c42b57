import { scrubCredentials } from '../domain/stream-url.ts';
import type { Log } from '../log.ts';
import { mendBeginning } from '../mp4/beginning.ts';
import type { Fragment } from '../mp4/fragment.ts';
import type { InitSegment } from '../mp4/init-segment.ts';
import { createSplitter } from '../mp4/splitter.ts';
import type { Launcher } from '../processes/launcher.ts';
import { awaitReturn } from './camera-return.ts';
import { withAddress } from './feed-address.ts';
import { explain, refusesCredentials } from './feed-problem.ts';
import { feedArgs, firstReading, learn } from './ffmpeg-args.ts';
import type { Ffmpeg } from './ffmpeg-binary.ts';
import { takeMemory } from './footage-memory.ts';
import { watchPictures } from './picture-watch.ts';
import { Ring } from './ring.ts';
import { type FeedFragment, newSession, type Session } from './session.ts';
import type { Turnstile } from './turnstile.ts';

export type FeedState = 'CONNECTING' | 'LIVE' | 'OFFLINE';

export interface FeedOptions {
  readonly cameraId: string;
  readonly url: string;
  readonly preRollSec: number;
  /** Wall-clock seconds per second of the camera's clock, as an earlier feed of it has measured, if one has. */
  readonly rate: number | undefined;
  /** What the ring may hold now, in bytes. */
  readonly ringMaxBytes: () => number;
  /** Whether the camera may be at an address of this machine or of a private network. */
  readonly privateCameras: boolean;
  readonly ffmpeg: Ffmpeg;
  readonly launcher: Launcher;
  readonly turnstile: Turnstile;
  readonly log: Log;
  /** A clock that nobody sets (steady-clock.ts): all its fragments' times are told by it. */
  readonly now: () => number;
  /** Whether somebody records the camera now: it is then tried again sooner. */
  readonly isRecorded: () => boolean;
  readonly onState: (feed: Feed) => void;
  readonly onFragment: (fragment: FeedFragment) => void;
}

/** Between an event and the recording's first look at the ring lie the caller's network and a commit. */
const ringSlackSec = 2;
const backoffMs = { first: 250, most: 5_000 };
/** Starting ffmpeg is what costs; one that waits for a camera which says nothing is in nobody's way. */
const startsWithinMs = 2_000;
const lastWordsKept = 1_000;

/** How a session ended. */
interface Outcome {
  readonly delivered: boolean;
  /** Why it ended, for a person. */
  readonly problem: string;
  /** The camera did not take the credentials: too many tries with them lock accounts. */
  readonly isRefused?: boolean;
  /** The last of what ffmpeg said, for the log. */
  readonly lastWords?: string | undefined;
}

/** The one running ffmpeg of a camera: reads RTSP, gives out fragments, keeps the ring, connects again when it ends. */
export class Feed {
  readonly #options: FeedOptions;
  readonly ring: Ring;
  #state: FeedState = 'CONNECTING';
  #lastError: string | undefined;
  #session: Session | undefined;
  #reading = firstReading;
  /** Fragments of a new session whose clock is not right yet. */
  readonly #held: FeedFragment[] = [];
  /** The ring had to drop what it should still hold. */
  #isCut = false;
  #running: Promise<void> | undefined;
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

  /** The newest connection that delivered, also after it was lost. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Wall-clock seconds per second of the camera's clock; undefined while nothing is known of it. */
  get rate(): number | undefined {
    const { isSettled, rate } = this.#session?.clock ?? { isSettled: false, rate: 1 };
    return isSettled || rate !== 1 ? rate : this.#options.rate;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.ring.clear();
  }

  async #run(): Promise<void> {
    const { turnstile, log } = this.#options;
    const { signal } = this.#stop;
    let delay = backoffMs.first;
    while (!signal.aborted) {
      const leave = await turnstile.enter(signal);
      const outcome: Outcome = await this.#connect(leave).catch((error: Error) => ({
        delivered: false,
        problem: error.message,
      }));
      leave();
      if (signal.aborted) return;
      this.#lastError = scrubCredentials(outcome.problem);
      log.warn(
        { cameraId: this.cameraId, problem: this.#lastError, lastWords: outcome.lastWords },
        'the camera is not delivering; connecting again',
      );
      if (outcome.delivered) delay = backoffMs.first;
      this.#become(outcome.delivered ? 'CONNECTING' : 'OFFLINE');
      await this.#awaitReturn(delay, outcome);
      delay = Math.min(delay * 2, backoffMs.most);
    }
  }

  /** Resolves when it makes sense to try again. The camera's name may come to mean another address meanwhile. */
  async #awaitReturn(atMostMs: number, { isRefused }: Outcome): Promise<void> {
    const { url, privateCameras, isRecorded } = this.#options;
    const { signal } = this.#stop;
    let isThere = false;
    while (!isThere && !signal.aborted) {
      isThere = await awaitReturn({
        address: await withAddress(url, privateCameras).catch(() => undefined),
        atMostMs,
        isUrgent: () => isRecorded() && !isRefused,
        onAway: (problem) => {
          this.#lastError = problem;
          this.#become('OFFLINE');
        },
        signal,
      });
    }
  }

  /** One session, from connect to its end. @param onStarted called when another feed may start, once or more often */
  async #connect(onStarted: () => void): Promise<Outcome> {
    const { ffmpeg, launcher, now, url, privateCameras } = this.#options;
    const address = await withAddress(url, privateCameras);
    let delivered = false;
    let problem: string | undefined;
    const ending = new AbortController();
    const kill = (why: string) => {
      problem ??= why;
      ending.abort('SIGKILL');
    };
    const watch = watchPictures(kill);
    let session: Session | undefined;
    const onFragment = (fragment: Fragment) => {
      if (!session) return;
      onStarted();
      delivered ||= fragment.hasVideo;
      const arrivedAt = now();
      const straight = session.camera.straighten(fragment, arrivedAt);
      watch.saw(straight, session.clock.lateMs(straight.end, arrivedAt));
      this.#take({ ...straight, session, isLed: session.camera.isLed });
    };
    const onInit = (init: InitSegment) => {
      session = newSession(init, this.rate);
    };
    const splitter = createSplitter({ onInit, onFragment }, takeMemory);
    const onOutput = (bytes: Buffer) => {
      if (problem) return;
      try {
        splitter.push(bytes);
      } catch (error) {
        kill((error as Error).message);
      }
    };
    const endInPeace = () => ending.abort();
    this.#stop.signal.addEventListener('abort', endInPeace);
    if (this.#stop.signal.aborted) endInPeace();
    const started = setTimeout(onStarted, startsWithinMs);
    const args = feedArgs({ ffmpeg, url: address, reading: this.#reading });
    const { stderr } = await launcher
      .stream('feed', ffmpeg.path, args, { onOutput, end: ending.signal })
      .catch((error: Error) => {
        problem ??= `ffmpeg cannot be run: ${error.message}.`;
        return { stderr: '' };
      });
    this.#stop.signal.removeEventListener('abort', endInPeace);
    clearTimeout(started);
    watch.end();
    this.#release();
    const learnt = learn(this.#reading, stderr);
    if (learnt) {
      this.#reading = learnt.reading;
      return { delivered: true, problem: learnt.why };
    }
    // Scrubbed before it is cut: half an address could not be told from other text.
    const said = scrubCredentials(stderr).trim();
    const lastWords = said.slice(-lastWordsKept) || undefined;
    return { delivered, problem: problem ?? explain(said), isRefused: refusesCredentials(said), lastWords };
  }

  /**
   * While ffmpeg probes a new session it holds fragments back and then gives them out in a burst, late by up to a
   * second. The clock is right with the first fragment that comes as it happens: until then all are held here, so
   * that whoever gets a fragment can believe its time.
   */
  #take(fragment: FeedFragment): void {
    const isNew = fragment.session !== (this.#held.at(-1)?.session ?? this.#session);
    if (isNew && !fragment.startsWithKeyframe) return;
    this.#held.push(fragment);
    if (!isNew && fragment.session.clock.isPrompt) this.#release();
  }

  #release(): void {
    const held = this.#held.splice(0);
    const session = held[0]?.session;
    if (!session) return;
    const isBeginning = session !== this.#session;
    const fragments = isBeginning ? mendBeginning(held, session.init.tracks) : held;
    for (const fragment of fragments) this.#giveOut(fragment);
  }

  #giveOut(fragment: FeedFragment): void {
    // One file cannot hold two forms of the stream, so what was before is no pre-roll any more.
    const { init } = fragment.session;
    if (this.#session && !this.#session.init.bytes.equals(init.bytes)) this.ring.clear();
    this.#session = fragment.session;
    this.#noteLimit(this.ring.push(fragment));
    if (this.#state !== 'LIVE') {
      this.#lastError = undefined;
      this.#become('LIVE');
    }
    this.#options.onFragment(fragment);
  }

  /** Says once that the ring is cut short, and once that it is not any more. */
  #noteLimit(isCut: boolean): void {
    const { log, ringMaxBytes } = this.#options;
    const facts = () => ({
      cameraId: this.cameraId,
      limitBytes: ringMaxBytes(),
      heldSec: Math.round(this.ring.heldSeconds * 10) / 10,
    });
    if (isCut && !this.#isCut) {
      this.#isCut = true;
      log.warn(facts(), 'the ring is at its limit in bytes; the pre-roll is shorter than asked for');
    } else if (this.#isCut && this.ring.isFull) {
      this.#isCut = false;
      log.info(facts(), 'the ring holds the whole pre-roll again');
    }
  }

  #become(state: FeedState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState(this);
  }
}
