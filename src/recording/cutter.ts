import type { VideoFormat } from '../codecs/format.ts';
import { cutsOf } from '../mp4/decode-order.ts';
import { type FeedSession, type FeedUnit, timeOf } from './feed/feed-unit.ts';

/** Length of a fragment. What an end waits for, and what a crash loses, is at most this and the next picture. */
const fragmentMs = 500;
/** A camera that sends a picture a second or less must not keep one in memory only for so long. */
export const longestHeldMs = 750;

/** What becomes one fragment. */
export interface Cut {
  /** In decoding order. */
  readonly pictures: readonly FeedUnit[];
  /** Whether pictures can be shown in another order than they are decoded in. */
  readonly mayReorder: boolean;
  readonly sounds: readonly FeedUnit[];
  /** Of what follows, the picture that is shown first; undefined where that is not known yet. */
  readonly next: FeedUnit | undefined;
}

/**
 * Gathers access units until they make a fragment: half a second of pictures, or all before the next keyframe. It is
 * cut where no later picture is shown before an earlier one, so that each fragment can be played by itself.
 */
export class Cutter {
  #pictures: FeedUnit[] = [];
  #sounds: FeedUnit[] = [];
  /** Of the pictures that wait: when the last one is shown, and whether one behind the first is a keyframe. */
  #latestMs = Number.NEGATIVE_INFINITY;
  #hasNextKeyframe = false;
  #session: FeedSession | undefined;
  /** The keyframe that the session's pictures begin with, until one comes that is shown after it. */
  #entry: FeedUnit | undefined;

  /** Takes over the hold on the unit's footage. */
  push(unit: FeedUnit): void {
    if (unit.format.kind !== 'video') this.#sounds.push(unit);
    else if (this.#isLeading(unit)) unit.footage.release();
    else this.#pushPicture(unit);
  }

  /**
   * Whether it is sent after the keyframe that a session's pictures begin with and shown before it. Such pictures refer
   * to what came before that keyframe (open GOP; ITU-T H.265, 3.78), so here nothing can decode them.
   */
  #isLeading(unit: FeedUnit): boolean {
    if (unit.session !== this.#session) {
      this.#session = unit.session;
      this.#entry = unit;
      return false;
    }
    const entry = this.#entry?.stamp;
    const isLeading =
      entry?.run.stretch === unit.stamp.run.stretch && depthOf(unit) > 0 && unit.stamp.ticks < entry.ticks;
    if (!isLeading) this.#entry = undefined;
    return isLeading;
  }

  #pushPicture(unit: FeedUnit): void {
    this.#latestMs = Math.max(this.#latestMs, timeOf(unit));
    this.#hasNextKeyframe ||= unit.isSync && this.#pictures.length > 0;
    this.#pictures.push(unit);
  }

  /** The recording begins with a picture that was taken then (monotonic milliseconds): earlier sound is left out. */
  dropSoundBefore(time: number): void {
    const [kept, dropped] = [
      this.#sounds.filter((unit) => timeOf(unit) >= time),
      this.#sounds.filter((unit) => timeOf(unit) < time),
    ];
    this.#sounds = kept;
    for (const { footage } of dropped) footage.release();
  }

  /** When the oldest unit that waits here came, in monotonic milliseconds; undefined where none does. */
  get oldestAt(): number | undefined {
    const picture = this.#pictures[0]?.arrivedAt;
    const sound = this.#sounds[0]?.arrivedAt;
    return picture === undefined || sound === undefined ? (picture ?? sound) : Math.min(picture, sound);
  }

  /** The next whole fragment; undefined while there is none. */
  cut(): Cut | undefined {
    const count = this.#count();
    return count === undefined ? undefined : this.#take(count, earliest(this.#pictures.slice(count)));
  }

  /** What can be told now to be a fragment, however short; undefined where nothing can. */
  cutShort(): Cut | undefined {
    const newest = this.#pictures.at(-1);
    if (!newest) return this.flush();
    const count = cutsOf(this.#pictures.map(timeOf), depthOf(newest)).at(-1);
    return count === undefined ? undefined : this.#take(count, earliest(this.#pictures.slice(count)));
  }

  /**
   * All up to the picture that is shown at that moment (monotonic milliseconds) or first behind it; undefined while it
   * has not come, or others may still come that are shown before it.
   */
  cutAt(time: number): Cut | undefined {
    const newest = this.#pictures.at(-1);
    // Asked with each picture, and most of the time the end is far away.
    if (!newest || this.#latestMs < time) return undefined;
    const times = this.#pictures.map(timeOf);
    const reached = times.findIndex((it) => it >= time);
    const count = reached < 0 ? undefined : cutsOf(times, depthOf(newest)).find((it) => it > reached);
    return count === undefined ? undefined : this.#take(count, earliest(this.#pictures.slice(count)));
  }

  /** The recording is whole without the pictures that wait. */
  dropPictures(): void {
    for (const { footage } of this.#pictures.splice(0)) footage.release();
  }

  /** All that waits, where nothing follows that is shown earlier; undefined where nothing waits. */
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

  /** How many pictures make the next fragment; undefined while there are too few. */
  #count(): number | undefined {
    const newest = this.#pictures.at(-1);
    if (!newest) return undefined;
    // So it is behind most pictures.
    if (!this.#hasNextKeyframe && this.#latestMs - timeOf(this.#pictures[0]!) < fragmentMs) return undefined;
    const times = this.#pictures.map(timeOf);
    const begin = Math.min(...times);
    // One picture more, so that the first one to be shown behind the cut is known, and with it how long the last lasts.
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
