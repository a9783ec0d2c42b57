import { camerasOf, hasCamera } from '../../db/cameras.ts';
import type { Db } from '../../db/client.ts';
import { takePrepared } from '../../db/owners.ts';
import type { Incarnation } from '../../db/session.ts';
import type { Camera } from '../../generated/prisma/client.ts';
import type { Log } from '../../log.ts';
import type { Feeds } from './feeds.ts';

export interface OwnCamerasOptions {
  readonly db: Db;
  /** This node, and the number of its present start. The cameras whose rows name both are fed here. */
  readonly self: Incarnation;
  readonly feeds: Feeds;
  readonly log: Log;
  /** In epoch milliseconds. */
  readonly now: () => number;
}

/** How often the cameras of this node are looked up. After a notification they are looked up at once (`nudge`). */
const everyMs = 5_000;
/** How often the rings of cameras that are to become this node's are checked. */
const preparingMs = 500;
/**
 * The new owner waits for its ring at most for the length of the pre-roll and this time: a camera that accepts only one
 * session cannot fill a second ring.
 */
const prepareWithinMs = 15_000;

/**
 * Starts the feeds of the cameras that this node owns, and ends the feeds of those that another node owns by now. Where
 * this node is to become the owner, it starts a feed beforehand, and becomes the owner once that feed's ring is full.
 */
export class OwnCameras {
  readonly #options: OwnCamerasOptions;
  #timer: NodeJS.Timeout | undefined;
  #preparing: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #closed = false;
  /** The number of calls of `changed`. */
  #changes = 0;
  /** For each camera that was given to `changed` while a look-up runs: the number of the newest of those calls. */
  readonly #changedAt = new Map<string, number>();

  constructor(options: OwnCamerasOptions) {
    this.#options = options;
  }

  /** Starts the feeds of all cameras of this node. */
  async start(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => this.nudge(), everyMs);
  }

  /** Call it when cameras may have another owner or other settings. */
  nudge(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#looking ??= this.#lookUntilQuiet().finally(() => {
      this.#looking = undefined;
      this.#changedAt.clear();
    });
  }

  /**
   * Call it with each camera row that was written. Does nothing if another node owns the camera, or if it was deleted.
   */
  async changed(camera: Camera): Promise<void> {
    const { db, feeds } = this.#options;
    if (!this.#isOwn(camera)) return;
    this.#changedAt.set(camera.id, ++this.#changes);
    await feeds.keep(camera);
    if (!(await hasCamera(db, camera.id))) await feeds.remove(camera.id);
  }

  #isOwn({ nodeId, ownerEpoch }: Camera): boolean {
    const { self } = this.#options;
    return nodeId === self.nodeId && ownerEpoch === self.incarnation;
  }

  async #lookUntilQuiet(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#look().catch((error: Error) =>
        this.#options.log.warn({ error }, 'the cameras of this node cannot be looked up; trying again'),
      );
    }
  }

  async #look(): Promise<void> {
    const { db, self, feeds, log } = this.#options;
    const [before, known] = [this.#changes, [...feeds.cameraIds()]];
    const cameras = await camerasOf(db, self);
    // A row that was given to `changed` after the look-up began is newer than the row that the look-up has read.
    const isNewer = (id: string) => (this.#changedAt.get(id) ?? 0) > before;
    for (const camera of cameras) if (!isNewer(camera.id)) await feeds.keep(camera, this.#isOwn(camera));
    await this.#take(cameras.filter((camera) => !this.#isOwn(camera)));
    const kept = new Set(cameras.map(({ id }) => id));
    for (const id of known) {
      if (kept.has(id) || isNewer(id)) continue;
      if (feeds.owns(id)) log.info({ cameraId: id }, 'the camera is another node’s now, or was deleted');
      await feeds.letGo(id);
    }
  }

  /** Becomes the owner of those cameras whose rings are full, and checks soon again if there are more. */
  async #take(toCome: readonly Camera[]): Promise<void> {
    const { db, self, feeds, now } = this.#options;
    clearTimeout(this.#preparing);
    if (toCome.length === 0) return;
    for (const { id, preRollSec, nextSince } of toCome) {
      const isLate = now() - nextSince!.getTime() > preRollSec * 1_000 + prepareWithinMs;
      if (isLate || feeds.isReady(id)) await takePrepared(db, self, id);
    }
    if (!this.#closed) this.#preparing = setTimeout(() => this.nudge(), preparingMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#preparing);
    await this.#looking;
  }
}
