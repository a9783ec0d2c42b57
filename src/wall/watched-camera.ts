import type { LiveFragment } from './live-fragment.ts';
import type { LivePictures } from './live-pictures.ts';
import type { Tile } from './tile.ts';

/** A viewer that comes begins with the newest keyframe, unless there are more bytes since then than this. */
const mostSinceKeyframe = 6 * 2 ** 20;
/** How often it asks for the pictures before the newest keyframe, if another keyframe comes meanwhile each time. */
const mostTries = 3;

/** A camera that somebody watches: the tiles that it is in, and the fragments since its newest keyframe. */
export class WatchedCamera {
  readonly id: string;
  readonly number: number;
  readonly tiles = new Set<Tile>();
  /** undefined while no node reads the camera. */
  pictures: LivePictures | undefined;
  /** Since the newest keyframe; empty if there is none, or if these are too many bytes. */
  #newest: LiveFragment[] = [];
  #newestBytes = 0;

  constructor(id: string, number: number) {
    this.id = id;
    this.number = number;
  }

  /** Passes a fragment to all tiles. From now on this camera has to release it. */
  take(fragment: LiveFragment): void {
    if (fragment.start) this.#forget();
    if (fragment.start || this.#newest.length > 0) {
      this.#newest.push(fragment.hold());
      this.#newestBytes += fragment.bytes;
      if (this.#newestBytes > mostSinceKeyframe) this.#forget();
    }
    for (const tile of this.tiles) tile.take(fragment);
    fragment.release();
  }

  add(tile: Tile): void {
    this.tiles.add(tile);
    tile.begin(this.#newest, false);
  }

  /** Sends the tile everything that the ring holds, then what follows. Nothing if the ring holds no more. */
  async sendBack(tile: Tile): Promise<void> {
    for (let tries = 0; tries < mostTries; tries++) {
      const start = this.#newest[0]?.start;
      const before = start && (await this.pictures?.before(start.ticks));
      if (!before || before.length === 0) return;
      // Meanwhile, another keyframe may have come, or the viewer may have left.
      const isRight = this.#newest[0]?.start === start;
      if (isRight && this.tiles.has(tile)) tile.begin([...before, ...this.#newest], true);
      for (const fragment of before) fragment.release();
      if (isRight) return;
    }
  }

  /** Ends the present source of pictures. */
  leave(): void {
    this.pictures?.close();
    this.pictures = undefined;
    this.#forget();
  }

  #forget(): void {
    for (const fragment of this.#newest.splice(0)) fragment.release();
    this.#newestBytes = 0;
  }
}
