import type { VideoFormat } from '../codecs/format.ts';
import { cutsOf } from '../mp4/decode-order.ts';
import { type FeedSession, type FeedUnit, timeOf } from './feed/feed-unit.ts';

/** The length of a fragment. A crash of this process loses at most this much footage, and one picture more. */
const fragmentMs = 500;
/** No picture stays only in memory for longer than this, even if the camera sends one picture per second or fewer. */
export const longestHeldMs = 750;

/** The units of one fragment. */
export interface Cut {
  /** In decoding order. */
  readonly pictures: readonly FeedUnit[];
  /** Whether pictures may be shown in another order than the one in which they are decoded. */
  readonly mayReorder: boolean;
  readonly sounds: readonly FeedUnit[];
  /** The picture that is shown first after this fragment; undefined while it is not known. */
  readonly next: FeedUnit | undefined;
}

/**
 * Collects access units until they make a fragment: half a second of pictures, or all pictures before the next
 * keyframe. A cut is made only where no later picture is shown before an earlier one, so that each fragment can be
 * played alone.
 */
export class Cutter {
  #pictures: FeedUnit[] = [];
  #sounds: FeedUnit[] = [];
  /** When the latest collected picture is shown, in steady milliseconds. */
  #latestMs = Number.NEGATIVE_INFINITY;
  /** Whether a collected picture other than the first one is a keyframe. */
  #hasNextKeyframe = false;
  #session: FeedSession | undefined;
  /** The first keyframe of the session, until a picture comes that is shown after it. */
  #entry: FeedUnit | undefined;

  /** Adds a unit. From now on the cutter, and not the caller, has to release its footage. */
  push(unit: FeedUnit): void {
    if (unit.format.kind !== 'video') this.#sounds.push(unit);
    else if (this.#isLeading(unit)) unit.footage.release();
    else this.#pushPicture(unit);
  }

  /**
   * Whether the picture is sent after the session's first keyframe and shown before it. Such pictures refer to
   * pictures before that keyframe (open GOP; ITU-T H.265, 3.78), so they cannot be decoded here.
   */
  #isLeading(unit: FeedUnit): boolean {
    if (unit.session !== this.#session) {
      this.#session = unit.session;
      this.#entry = unit;
      return false;
    }
    const entry = this.#entry?.stamp;
    const isLeading =
      entry?.run.effective === unit.stamp.run.effective &&
      depthOf(unit) > 0 &&
      unit.stamp.ticks < entry.ticks;
    if (!isLeading) this.#entry = undefined;
    return isLeading;
  }

  #pushPicture(unit: FeedUnit): void {
    this.#latestMs = Math.max(this.#latestMs, timeOf(unit));
    this.#hasNextKeyframe ||= unit.isSync && this.#pictures.length > 0;
    this.#pictures.push(unit);
  }

  /**
   * Drops sound from before the recording's first picture.
   * @param time when that picture was taken, in steady milliseconds
   */
  dropSoundBefore(time: number): void {
    const [kept, dropped] = [
      this.#sounds.filter((unit) => timeOf(unit) >= time),
      this.#sounds.filter((unit) => timeOf(unit) < time),
    ];
    this.#sounds = kept;
    for (const { footage } of dropped) footage.release();
  }

  /** When the oldest collected unit arrived, in steady milliseconds; undefined if there is none. */
  get oldestAt(): number | undefined {
    const picture = this.#pictures[0]?.arrivedAt;
    const sound = this.#sounds[0]?.arrivedAt;
    return picture === undefined || sound === undefined ? (picture ?? sound) : Math.min(picture, sound);
  }

  /** The next complete fragment; undefined while there is none. */
  cut(): Cut | undefined {
    const count = this.#count();
    return count === undefined ? undefined : this.#take(count, earliest(this.#pictures.slice(count)));
  }

  /** The collected units as a fragment, however short; undefined if they cannot be cut yet. */
  cutShort(): Cut | undefined {
    const newest = this.#pictures.at(-1);
    if (!newest) return this.flush();
    const count = cutsOf(this.#pictures.map(timeOf), depthOf(newest)).at(-1);
    return count === undefined ? undefined : this.#take(count, earliest(this.#pictures.slice(count)));
  }

  /**
   * All units up to the first picture that is shown at or after that time; undefined while that picture has not come,
   * or while pictures may still come that are shown before it.
   * @param time steady milliseconds
   */
  cutAt(time: number): Cut | undefined {
    const newest = this.#pictures.at(-1);
    // Returns early, because this is called with each picture, and mostly the end is still far away.
    if (!newest || this.#latestMs < time) return undefined;
    const times = this.#pictures.map(timeOf);
    const reached = times.findIndex((it) => it >= time);
    const count = reached < 0 ? undefined : cutsOf(times, depthOf(newest)).find((it) => it > reached);
    return count === undefined ? undefined : this.#take(count, earliest(this.#pictures.slice(count)));
  }

  /** Drops the collected pictures: the recording is complete without them. */
  dropPictures(): void {
    for (const { footage } of this.#pictures.splice(0)) footage.release();
  }

  /** All collected units; undefined if there are none. Call it if no picture follows that is shown before them. */
  flush(): Cut | undefined {
    if (this.#pictures.length + this.#sounds.length === 0) return undefined;
    return this.#take(this.#pictures.length, undefined);
  }

  #take(count: number, next: FeedUnit | undefined): Cut {
    const pictures = this.#pictures;
    const rest = pictures.splice(count);
    this.#pictures = [];
    this.#latestMs = Number.NEGATIVE_INFINITY;
    this.#hasNextKeyframe = false;
    for (const unit of rest) this.#pushPicture(unit);
    const mayReorder = pictures[0] !== undefined && depthOf(pictures[0]) > 0;
    return { pictures, mayReorder, sounds: this.#sounds.splice(0), next };
  }

  /** How many pictures the next fragment has; undefined while there are too few. */
  #count(): number | undefined {
    const newest = this.#pictures.at(-1);
    if (!newest) return undefined;
    // A cheap check that returns early for most pictures.
    if (!this.#hasNextKeyframe && this.#latestMs - timeOf(this.#pictures[0]!) < fragmentMs) return undefined;
    const times = this.#pictures.map(timeOf);
    const begin = Math.min(...times);
    // One more picture is needed: the first picture shown after the cut says how long the last one before the cut
    // lasts.
    return cutsOf(times, depthOf(newest) + 1).find(
      (count) => this.#pictures[count]?.isSync || (times[count] ?? begin) - begin >= fragmentMs,
    );
  }
}

const depthOf = ({ format, session }: FeedUnit): number =>
  (format as VideoFormat).reorderDepth ?? session.reorderDepth;

function earliest(pictures: readonly FeedUnit[]): FeedUnit | undefined {
  let found = pictures[0];
  for (const picture of pictures) if (timeOf(picture) < timeOf(found!)) found = picture;
  return found;
}
