import { hasCamera } from '../db/cameras.ts';
import type { Db } from '../db/client.ts';
import { ownerOfCamera } from '../db/owners.ts';
import type { Log } from '../log.ts';
import type { OtherNodes } from '../nodes/other-nodes.ts';
import type { Feeds } from '../recording/feed/feeds.ts';
import { steadyNow } from '../recording/steady-clock.ts';
import type { LiveFragment } from './live-fragment.ts';
import type { PicturesOptions } from './live-pictures.ts';
import { LocalPictures } from './local-pictures.ts';
import { NodePictures } from './node-pictures.ts';
import { Tile, type Viewer } from './tile.ts';
import { WatchedCamera } from './watched-camera.ts';

export interface WallOptions {
  readonly db: Db;
  readonly feeds: Feeds;
  readonly others: OtherNodes;
  /** The wall clock, in epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** Pictures that come within this time (ms) are sent together. */
const togetherMs = 40;
/** How often it is checked which node reads a watched camera. */
const checkMs = 1_000;

/**
 * The live wall: cameras that are watched as they are now, without a recording. Each picture is made into a fragment
 * once, however many watch, and not at all if nobody does.
 */
export class Wall {
  readonly #options: WallOptions;
  readonly #cameras = new Map<string, WatchedCamera>();
  readonly #viewers = new Set<Viewer>();
  #numbers = 0;
  #flushedAt = Number.NEGATIVE_INFINITY;
  #isFlushDue = false;
  #check: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: WallOptions) {
    this.#options = options;
  }

  /**
   * Shows a camera to a viewer, from its newest keyframe on.
   * @param onNumber gets the number of the camera in the messages that follow
   */
  watch(viewer: Viewer, cameraId: string, onNumber?: (number: number) => void): void {
    if (this.#closed || viewer.tiles.has(cameraId)) return;
    let camera = this.#cameras.get(cameraId);
    if (!camera) {
      camera = new WatchedCamera(cameraId, ++this.#numbers);
      this.#cameras.set(cameraId, camera);
    }
    onNumber?.(camera.number);
    const tile = new Tile(viewer, camera.number);
    viewer.tiles.set(cameraId, tile);
    this.#viewers.add(viewer);
    camera.add(tile);
    if (!camera.pictures) this.#find(camera);
    this.#check ??= setInterval(() => this.#checkAll(), checkMs);
    this.#onNew();
  }

  /** @param cameraId undefined: all */
  leave(viewer: Viewer, cameraId?: string): void {
    const left = cameraId === undefined ? [...viewer.tiles.keys()] : [cameraId];
    for (const id of left) this.#leave(viewer, id);
  }

  #leave(viewer: Viewer, cameraId: string): void {
    const tile = viewer.tiles.get(cameraId);
    const camera = this.#cameras.get(cameraId);
    if (!tile || !camera) return;
    tile.close();
    viewer.tiles.delete(cameraId);
    if (viewer.tiles.size === 0) this.#viewers.delete(viewer);
    camera.tiles.delete(tile);
    if (camera.tiles.size > 0) return;
    camera.leave();
    this.#cameras.delete(cameraId);
    if (this.#cameras.size > 0) return;
    clearInterval(this.#check);
    this.#check = undefined;
  }

  /** Sends a viewer what the ring of the camera holds, and then what follows. */
  async sendBack(viewer: Viewer, cameraId: string): Promise<void> {
    const tile = viewer.tiles.get(cameraId);
    if (!tile?.mayGoBack()) return;
    await this.#cameras.get(cameraId)?.sendBack(tile);
    viewer.send();
  }

  /** Whether this node reads the camera. */
  owns(cameraId: string): boolean {
    return this.#options.feeds.owns(cameraId);
  }

  /** What the ring of a watched camera holds from before a keyframe. The caller has to release each fragment. */
  async before(cameraId: string, ticks: number): Promise<LiveFragment[]> {
    return (await this.#cameras.get(cameraId)?.pictures?.before(ticks)) ?? [];
  }

  /** Finds the node that reads the camera, and gets its pictures there. */
  #find(camera: WatchedCamera): void {
    const { feeds, now, log } = this.#options;
    const options = {
      number: camera.number,
      now,
      onNew: () => this.#onNew(),
      onFragment: (fragment: LiveFragment) => camera.take(fragment),
      onError: (error: Error) =>
        log.error({ cameraId: camera.id, error }, 'the live pictures of a camera cannot be sent'),
    };
    const own = feeds.ownCamera(camera.id);
    if (own) {
      camera.pictures = new LocalPictures(feeds, own, options);
      return;
    }
    this.#findElsewhere(camera, options).catch((error: Error) =>
      log.warn({ cameraId: camera.id, error }, 'it is not known which server reads a camera'),
    );
  }

  async #findElsewhere(camera: WatchedCamera, options: PicturesOptions): Promise<void> {
    const { db, others } = this.#options;
    const isThere = await hasCamera(db, camera.id);
    const owner = isThere ? await ownerOfCamera(db, camera.id) : null;
    if (this.#cameras.get(camera.id) !== camera || camera.pictures) return;
    if (!isThere) this.#end(camera);
    else if (others.isElsewhere(owner)) {
      camera.pictures = new NodePictures(others, owner, camera.id, options);
    }
  }

  /** The camera was deleted. */
  #end(camera: WatchedCamera): void {
    for (const viewer of this.#viewersOf(camera)) {
      this.#leave(viewer, camera.id);
      viewer.connection.gone(camera.id);
    }
  }

  /** Another node reads the camera now, or perhaps none. */
  #lose(camera: WatchedCamera): void {
    camera.leave();
    for (const viewer of this.#viewersOf(camera)) viewer.connection.moved();
  }

  #viewersOf = ({ id }: WatchedCamera): Viewer[] => [...this.#viewers].filter(({ tiles }) => tiles.has(id));

  #checkAll(): void {
    for (const camera of this.#cameras.values()) {
      if (camera.pictures && !camera.pictures.isHere) this.#lose(camera);
      if (!camera.pictures) this.#find(camera);
    }
    // Also when no picture comes: what has waited for too long is dropped.
    for (const viewer of this.#viewers) viewer.send();
  }

  #onNew(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    const waitMs = this.#flushedAt + togetherMs - steadyNow();
    // setImmediate: all cameras that are read in one turn (rtsp/turns.ts) are flushed together.
    if (waitMs > 0) setTimeout(() => this.#flush(), waitMs);
    else setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    this.#flushedAt = steadyNow();
    for (const camera of this.#cameras.values()) camera.pictures?.flush();
    for (const viewer of this.#viewers) viewer.send();
  }

  close(): void {
    this.#closed = true;
    for (const viewer of [...this.#viewers]) this.leave(viewer);
  }
}
