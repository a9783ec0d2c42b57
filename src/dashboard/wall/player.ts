/** Where the picture should be behind the newest one (s): the next pictures then have time to arrive. */
const targetSec = 0.25;
/** If it is farther behind than this (s), it jumps to the newest picture. */
const mostBehindSec = 1;
/** By how much the speed changes, depending on how far the picture is behind. */
const speeds = [
  { toSec: 0.1, rate: 0.9 },
  { toSec: 0.4, rate: 1 },
  { toSec: 0.6, rate: 1.05 },
  { toSec: Number.POSITIVE_INFINITY, rate: 1.15 },
] as const;
/** The least and the most seconds that stay in memory; what is older than the camera's pre-roll is removed. */
const leastKeptSec = 10;
const trimSec = 5;
/** How long to wait (ms) for pictures from before the first one. */
const backWithinMs = 4_000;

export type PlayerState = 'waiting' | 'playing' | 'unplayable' | 'failed';

/** Safari on iPhones has only this one. */
const Source: typeof MediaSource | undefined =
  (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource ?? globalThis.MediaSource;

/** Whether the browser can play pictures that are coded like this. */
export const canPlay = (mimeType: string): boolean => Source?.isTypeSupported(mimeType) ?? false;

/** How many seconds one can go back at a camera. */
export const reachSec = (preRollSec: number): number => Math.max(leastKeptSec, preRollSec);

type Step =
  | { readonly mimeType: string }
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly forgetsAll: true };

/** Plays the live pictures of a camera, close behind the newest one or as far behind as the viewer wants. */
export class LivePlayer {
  readonly #video: HTMLVideoElement;
  readonly #keptSec: number;
  readonly #onState: (state: PlayerState) => void;
  readonly #source = Source && new Source();
  readonly #address: string | undefined;
  #buffer: SourceBuffer | undefined;
  #mimeType = '';
  #steps: Step[] = [];
  #state: PlayerState = 'waiting';
  /** How far behind the newest picture the viewer wants to be, in seconds; 0: as close as possible. */
  #behindSec = 0;
  /** The steady time up to which pictures from further back are awaited. */
  #backUntil: number | undefined;
  #isClosed = false;

  constructor(video: HTMLVideoElement, preRollSec: number, onState: (state: PlayerState) => void) {
    this.#video = video;
    this.#keptSec = reachSec(preRollSec);
    this.#onState = onState;
    if (!this.#source) return;
    this.#source.addEventListener('sourceopen', () => this.#next());
    this.#address = URL.createObjectURL(this.#source);
    video.disableRemotePlayback = true;
    video.src = this.#address;
    video.onerror = () => this.#become('failed');
  }

  get behindSec(): number {
    return this.#behindSec;
  }

  setFormat(mimeType: string): void {
    const isPlayable = canPlay(mimeType);
    if (!isPlayable) this.#become('unplayable');
    else if (this.#state === 'unplayable') this.#become('waiting');
    if (isPlayable) this.#do({ mimeType });
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#state !== 'unplayable' && this.#state !== 'failed') this.#do({ bytes });
  }

  /** No more pictures come for now, and those that come then may have other times. */
  lose(): void {
    this.#steps = [];
    this.#do({ forgetsAll: true });
    if (this.#state === 'playing') this.#become('waiting');
  }

  /**
   * Shows the picture of so many seconds ago, and goes on from there. 0: the newest one.
   * @returns whether pictures from before the first one are missing
   */
  goBack(seconds: number): boolean {
    this.#behindSec = seconds;
    this.#backUntil = undefined;
    const range = this.#newestRange();
    if (!range) return false;
    const isMissing = seconds > 0 && range.end - seconds < range.start;
    if (isMissing) this.#backUntil = performance.now() + backWithinMs;
    this.#seek(isMissing ? range.start : range.end - Math.max(seconds, targetSec));
    return isMissing;
  }

  close(): void {
    this.#isClosed = true;
    this.#steps = [];
    this.#video.onerror = null;
    this.#video.removeAttribute('src');
    this.#video.load();
    if (this.#address) URL.revokeObjectURL(this.#address);
  }

  #do(step: Step): void {
    this.#steps.push(step);
    this.#next();
  }

  /** Does the next step, once the one before is done. */
  #next(): void {
    if (this.#isClosed || this.#source?.readyState !== 'open' || this.#buffer?.updating) return;
    const step = this.#steps.shift();
    if (!step) return;
    try {
      if ('mimeType' in step) this.#change(step.mimeType);
      else if ('bytes' in step) this.#buffer?.appendBuffer(step.bytes);
      else if (this.#buffer) this.#buffer.remove(0, Number.POSITIVE_INFINITY);
      else this.#next();
    } catch (error) {
      // The buffer is full: the browser removes nothing that is still to be shown.
      if ((error as Error).name === 'QuotaExceededError' && this.#trim(1)) this.#steps.unshift(step);
      else this.#become('failed');
    }
  }

  #change(mimeType: string): void {
    if (!this.#buffer) {
      this.#buffer = this.#source!.addSourceBuffer(mimeType);
      this.#buffer.addEventListener('updateend', () => this.#updated());
    } else if (mimeType !== this.#mimeType) this.#buffer.changeType(mimeType);
    this.#mimeType = mimeType;
    this.#next();
  }

  #updated(): void {
    if (this.#isClosed) return;
    if (this.#steps.length === 0) this.#trim(this.#keptSec);
    this.#next();
    this.#steer();
  }

  /** Keeps as far behind the newest picture as the viewer wants to be. */
  #steer(): void {
    const range = this.#newestRange();
    if (!range) return;
    const { start, end } = range;
    const video = this.#video;
    const gap = end - video.currentTime;
    if (this.#behindSec > 0) {
      video.playbackRate = 1;
      this.#steerBack(start, end);
    } else if (gap > mostBehindSec || gap < 0 || video.currentTime < start) this.#seek(end - targetSec);
    else video.playbackRate = speeds.find(({ toSec }) => gap <= toSec)!.rate;
    // A browser that saves power may refuse until the picture can be seen.
    if (video.paused) void video.play().catch(() => {});
    this.#become('playing');
  }

  #steerBack(start: number, end: number): void {
    const wanted = end - this.#behindSec;
    if (this.#backUntil !== undefined) {
      const isThere = wanted >= start;
      if (!isThere && performance.now() < this.#backUntil) return;
      this.#backUntil = undefined;
      this.#seek(Math.max(wanted, start));
    } else if (this.#video.currentTime < start) this.#seek(start);
  }

  #seek(to: number): void {
    const range = this.#newestRange();
    if (range) this.#video.currentTime = Math.max(range.start, to);
  }

  #newestRange(): { start: number; end: number } | undefined {
    const buffered = this.#buffer?.buffered;
    if (!buffered || buffered.length === 0) return undefined;
    const last = buffered.length - 1;
    return { start: buffered.start(last), end: buffered.end(last) };
  }

  /** Removes what is older than so many seconds. @returns whether there was anything to remove */
  #trim(keptSec: number): boolean {
    const buffered = this.#buffer!.buffered;
    if (buffered.length === 0) return false;
    const end = buffered.end(buffered.length - 1);
    const to = Math.min(end - keptSec, this.#video.currentTime - 1);
    const isWorth = to - buffered.start(0) > (keptSec < this.#keptSec ? 0 : trimSec);
    if (isWorth) this.#buffer!.remove(0, to);
    return isWorth;
  }

  #become(state: PlayerState): void {
    if (this.#state === state || this.#isClosed) return;
    this.#state = state;
    this.#onState(state);
  }
}
