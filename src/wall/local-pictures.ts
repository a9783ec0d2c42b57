import { followsInFile, type VideoFormat } from '../codecs/format.ts';
import type { Camera } from '../generated/prisma/client.ts';
import { buildInit } from '../mp4/build-init.ts';
import { buildMoof, type SampleTimes } from '../mp4/build-moof.ts';
import { type Cut, Cutter } from '../recording/cutter.ts';
import type { FeedSession, FeedUnit } from '../recording/feed/feed-unit.ts';
import type { Feeds } from '../recording/feed/feeds.ts';
import { steadyNow, WallClock } from '../recording/steady-clock.ts';
import { type LiveFormat, LiveFragment, withNumber } from './live-fragment.ts';
import type { LivePictures, PicturesOptions } from './live-pictures.ts';
import { PictureTimes, ticksBeside, timescale } from './picture-times.ts';

const trackId = 1;
/** How many of the newest keyframes are known by their times. A ring has at most some seventy seconds. */
const keyframesKnown = 256;

interface Keyframe {
  readonly unit: FeedUnit;
  readonly ticks: number;
}

/** The live pictures of a camera that this node reads. Made when the first viewer comes, closed when the last one leaves. */
export class LocalPictures implements LivePictures {
  readonly #options: PicturesOptions;
  readonly #feeds: Feeds;
  readonly #cameraId: string;
  readonly #cutter = new Cutter();
  readonly #clock: WallClock;
  readonly #times: PictureTimes;
  readonly #detach: () => void;
  #failed = false;
  #session: FeedSession | undefined;
  #format: { readonly of: VideoFormat; readonly to: LiveFormat } | undefined;
  /** Oldest first. */
  #keyframes: Keyframe[] = [];

  /** Begins with the newest keyframe in the ring. */
  constructor(feeds: Feeds, camera: Camera, options: PicturesOptions) {
    this.#feeds = feeds;
    this.#cameraId = camera.id;
    this.#options = options;
    this.#clock = new WallClock(options.now);
    this.#times = new PictureTimes((ms) => this.#clock.toWall(ms));
    const take = (unit: FeedUnit) => this.#safely(() => this.#take(unit));
    for (const unit of feeds.get(camera.id)?.ring.from(steadyNow()) ?? []) take(unit);
    this.#detach = feeds.attach(camera, take);
  }

  get isHere(): boolean {
    return this.#feeds.owns(this.#cameraId);
  }

  flush(): void {
    this.#safely(() => this.#flush());
  }

  /** Whatever a camera sends, an error ends nothing but this. */
  #safely(work: () => void): void {
    if (this.#failed) return;
    try {
      work();
    } catch (error) {
      this.#failed = true;
      this.#options.onError(error as Error);
    }
  }

  #flush(): void {
    for (let cut = this.#cutter.cut(); cut; cut = this.#cutter.cut()) this.#emit(cut);
    const rest = this.#cutter.cutShort();
    if (rest) this.#emit(rest);
  }

  before(ticks: number): LiveFragment[] {
    const keyframe = this.#keyframes.find((it) => it.ticks === ticks);
    const units = (this.#feeds.get(this.#cameraId)?.ring.from(Number.NEGATIVE_INFINITY) ?? []).filter(
      ({ format }) => format.kind === 'video',
    );
    const end = units.findIndex(({ stamp }) => isSame(stamp, keyframe?.unit.stamp));
    if (!keyframe || end < 1) return [];
    return this.#fragmentsBefore(keyframe, units.slice(0, end));
  }

  close(): void {
    this.#detach();
    this.#cutter.dropPictures();
  }

  #take(unit: FeedUnit): void {
    if (unit.format.kind !== 'video' || !this.#mayFollow(unit, unit.format)) return;
    unit.footage.hold();
    this.#cutter.push(unit);
    this.#options.onNew();
  }

  /** A new connection and a new format begin with a keyframe, and with a fragment of their own. */
  #mayFollow(unit: FeedUnit, format: VideoFormat): boolean {
    const isNew = unit.session !== this.#session || format !== this.#format?.of;
    if (!isNew) return true;
    if (!unit.isSync) {
      return (
        unit.session === this.#session && this.#format !== undefined && followsInFile(format, this.#format.of)
      );
    }
    this.#flushAll();
    this.#session = unit.session;
    this.#format = { of: format, to: this.#formatOf(format) };
    return true;
  }

  #flushAll(): void {
    this.#flush();
    const rest = this.#cutter.flush();
    if (rest) this.#emit(rest);
  }

  #formatOf(format: VideoFormat): LiveFormat {
    const init = buildInit([{ id: trackId, timescale, format }]);
    const mimeType = `video/mp4; codecs="${format.codecString}"`;
    return { mimeType, message: withNumber(this.#options.number, init) };
  }

  #emit({ pictures }: Cut): void {
    if (pictures.length === 0) return;
    const times = this.#times.next(pictures);
    const [first] = pictures;
    if (first!.isSync) {
      this.#keyframes.push({ unit: first!, ticks: times.shown[0]! });
      if (this.#keyframes.length > keyframesKnown) this.#keyframes.shift();
    }
    this.#options.onFragment(this.#fragmentOf(pictures, times));
  }

  #fragmentOf(
    pictures: readonly FeedUnit[],
    times: SampleTimes & { readonly shown: readonly number[] },
  ): LiveFragment {
    const samples = pictures.map(({ footage, isSync }, i) => ({
      size: footage.bytes,
      isSync,
      duration: times.durations[i]!,
      compositionOffset: times.compositionOffsets[i]!,
    }));
    const { moof, mdatHeader } = buildMoof([{ id: trackId, decodeTime: times.decodeTime, samples }]);
    const start = pictures[0]!.isSync ? { format: this.#format!.to, ticks: times.shown[0]! } : undefined;
    return new LiveFragment(
      withNumber(this.#options.number, moof, mdatHeader),
      pictures.map(({ footage }) => footage),
      start,
    );
  }

  /** @param units the pictures before the keyframe, oldest first */
  #fragmentsBefore(keyframe: Keyframe, units: readonly FeedUnit[]): LiveFragment[] {
    const cutter = new Cutter();
    const times = new PictureTimes((ms) => this.#clock.toWall(ms));
    const fragments: LiveFragment[] = [];
    const add = (cut: Cut | undefined) => {
      if (!cut || cut.pictures.length === 0) return;
      const { pictures } = cut;
      const shown = pictures.map((unit) => Math.min(ticksBeside(keyframe, unit), keyframe.ticks - 1));
      fragments.push(this.#fragmentOf(pictures, times.place(shown, pictures[0]!.isSync, keyframe.ticks)));
    };
    let session: FeedSession | undefined;
    for (const unit of units) {
      if (unit.session !== session) add(cutter.flush());
      session = unit.session;
      unit.footage.hold();
      cutter.push(unit);
      for (let cut = cutter.cut(); cut; cut = cutter.cut()) add(cut);
    }
    add(cutter.flush());
    return fragments;
  }
}

const isSame = (a: FeedUnit['stamp'], b: FeedUnit['stamp'] | undefined): boolean =>
  a.run === b?.run && a.ticks === b.ticks;
