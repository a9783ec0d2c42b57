import type { Ffmpeg } from '../ffmpeg/binary.ts';
import { jpegOf } from '../ffmpeg/jpeg.ts';
import type { Launcher } from '../processes/launcher.ts';
import type { FeedUnit } from './feed/feed-unit.ts';
import type { Feeds } from './feed/feeds.ts';
import { movieOf } from './feed/picture.ts';

interface Snapshot {
  readonly of: FeedUnit;
  readonly jpeg: Promise<Buffer>;
}

/** Snapshots: JPEGs of the newest keyframe in a camera's ring, made on request, once per keyframe. */
export class Snapshots {
  readonly #feeds: Feeds;
  readonly #launcher: Launcher;
  readonly #ffmpeg: Ffmpeg;
  readonly #newest = new Map<string, Snapshot>();
  readonly #making = new Set<string>();

  constructor(options: { feeds: Feeds; launcher: Launcher; ffmpeg: Ffmpeg }) {
    this.#feeds = options.feeds;
    this.#launcher = options.launcher;
    this.#ffmpeg = options.ffmpeg;
  }

  /** Whether the camera's ring holds a keyframe. */
  has(cameraId: string): boolean {
    return this.#feeds.get(cameraId)?.ring.newestKeyframe() !== undefined;
  }

  /**
   * Makes a snapshot. Requests that come meanwhile share it.
   * @returns undefined if the ring holds no keyframe
   */
  async of(cameraId: string): Promise<Buffer | undefined> {
    const keyframe = this.#feeds.get(cameraId)?.ring.newestKeyframe();
    const newest = this.#newest.get(cameraId);
    if (!keyframe) {
      this.#newest.delete(cameraId);
      return undefined;
    }
    if (newest && (newest.of === keyframe || this.#making.has(cameraId))) return newest.jpeg;
    this.#making.add(cameraId);
    const jpeg = jpegOf(this.#launcher, this.#ffmpeg, movieOf(keyframe)).finally(() =>
      this.#making.delete(cameraId),
    );
    this.#newest.set(cameraId, { of: keyframe, jpeg });
    return jpeg;
  }
}
