import type { Camera, CameraState } from '../../generated/prisma/client.ts';
import type { CreateSource } from './create-source.ts';
import { Feed } from './feed.ts';
import { FeedReports, type FeedReportsOptions } from './feed-reports.ts';
import { type CameraKnowledge, nothingKnown } from './knowledge.ts';
import type { TakeUnit } from './source.ts';

/** The limits of the rings, in bytes. */
export interface RingLimits {
  readonly ringMaxBytes: number;
  /** The limit of all rings together. Each camera has an equal share. */
  readonly ringsMaxBytes: number;
}

export interface FeedsOptions extends FeedReportsOptions {
  /** Makes a connection to a camera. */
  readonly createSource: CreateSource;
  readonly ringLimits: RingLimits;
}

/** How long a feed without pre-roll stays connected after its last recording: the next one may come soon. */
const lingerMs = 10_000;
/** How often feeds are checked for stalls. One timer serves all of them. */
const tickMs = 250;

interface Entry {
  camera: Camera;
  /**
   * Whether this node owns the camera. If not, the feed is here for a recording that has begun here, or to fill the
   * ring before this node becomes the owner.
   */
  isOwn: boolean;
  feed: Feed | undefined;
  knowledge: CameraKnowledge;
  readonly takers: Set<TakeUnit>;
  linger: NodeJS.Timeout | undefined;
  readonly reports: FeedReports;
}

/** Settings of a camera that its feed depends on. */
const settings = ['rtspUrl', 'preRollSec', 'enabled', 'transport', 'reader', 'tls', 'allowOldTls'] as const;

/** Whether the camera has a feed also while it is not recorded. */
const isAlwaysRead = ({ enabled, preRollSec }: Camera): boolean => enabled && preRollSec > 0;

/**
 * All feeds of this server. Each camera that it owns and that has pre-roll always has a feed. A camera without pre-roll
 * has one while it is recorded, and 10 s longer. Each feed's state is reported to the camera's row. If another node
 * becomes the owner of a camera, the feed here goes on until the recordings here are over.
 */
export class Feeds {
  readonly #options: FeedsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #ticker: NodeJS.Timeout;
  #running = 0;
  #closed = false;
  /** The problem that the cameras' rows tell of. */
  #toldProblem: string | undefined;

  constructor(options: FeedsOptions) {
    this.#options = options;
    // setImmediate: after a pause of this machine, data that arrived meanwhile is read before feeds are checked.
    this.#ticker = setInterval(() => setImmediate(() => this.#tick()), tickMs);
  }

  #tick(): void {
    const now = performance.now();
    for (const { feed } of this.#entries.values()) feed?.tick(now);
    this.#tellProblem();
  }

  /** When recordings can no longer begin here, or can again, each camera's row says so. */
  #tellProblem(): void {
    const problem = this.#options.problem();
    if (problem === this.#toldProblem) return;
    this.#toldProblem = problem;
    for (const entry of this.#entries.values()) {
      const { feed, reports } = entry;
      if (feed) this.#report(entry, feed.state, feed);
      else if (entry.isOwn && reports.state) reports.report(reports.state, undefined);
    }
  }

  /**
   * Keeps a feed for a camera, or starts it anew if settings that it depends on have changed.
   * @param isOwn false: another node owns the camera. This node becomes the owner once the ring here is full
   */
  async keep(camera: Camera, isOwn = true): Promise<void> {
    const entry = this.#entries.get(camera.id) ?? this.#add(camera, isOwn);
    const before = entry.camera;
    entry.camera = camera;
    // While another node owned the camera, this node did not write its state into the row.
    if (entry.isOwn !== isOwn) entry.reports.forget();
    entry.isOwn = isOwn;
    const isStale = settings.some((name) => before[name] !== camera[name]);
    if (isStale) await this.#stop(entry);
    if (before.rtspUrl !== camera.rtspUrl) entry.knowledge = nothingKnown();
    entry.knowledge.tlsFingerprint = camera.tlsFingerprint ?? undefined;
    this.#settle(entry);
  }

  /** Another node owns the camera now. Its feed here goes on until the recordings here are over. */
  async letGo(cameraId: string): Promise<void> {
    const entry = this.#entries.get(cameraId);
    if (!entry) return;
    entry.isOwn = false;
    if (entry.takers.size === 0) await this.remove(cameraId);
  }

  /** Ends the feed of a deleted camera. */
  async remove(cameraId: string): Promise<void> {
    const entry = this.#entries.get(cameraId);
    if (!entry) return;
    this.#entries.delete(cameraId);
    clearTimeout(entry.linger);
    await Promise.all([entry.reports.close(), this.#stop(entry)]);
  }

  /**
   * Passes every access unit of the camera to `take` from now on, and starts the camera's feed if there is none. A
   * caller that keeps a unit has to hold its footage before `take` returns.
   * @returns a function that ends this
   */
  attach(camera: Camera, take: TakeUnit): () => void {
    // Another node may own the camera: a recording that began before this server was restarted goes on here.
    const entry = this.#entries.get(camera.id) ?? this.#add(camera, false);
    entry.takers.add(take);
    this.#settle(entry);
    return () => {
      if (!entry.takers.delete(take) || entry.takers.size > 0) return;
      clearTimeout(entry.linger);
      if (!entry.isOwn) void this.remove(camera.id);
      else entry.linger = setTimeout(() => this.#settle(entry), lingerMs);
    };
  }

  get(cameraId: string): Feed | undefined {
    return this.#entries.get(cameraId)?.feed;
  }

  all(): Feed[] {
    return [...this.#entries.values()].flatMap((entry) => entry.feed ?? []);
  }

  /** Whether the ring holds the camera's whole pre-roll. True for a camera without pre-roll. */
  isReady(cameraId: string): boolean {
    const entry = this.#entries.get(cameraId);
    return entry !== undefined && (entry.feed ? entry.feed.ring.isFull : !isAlwaysRead(entry.camera));
  }

  /** Whether this node owns the camera. */
  owns(cameraId: string): boolean {
    return this.#entries.get(cameraId)?.isOwn ?? false;
  }

  /** The row of a camera that this node owns, as it was last read; undefined if it owns no such camera. */
  ownCamera(cameraId: string): Camera | undefined {
    const entry = this.#entries.get(cameraId);
    return entry?.isOwn ? entry.camera : undefined;
  }

  /** The ids of all cameras that are known here, with or without a feed at present. */
  cameraIds(): Iterable<string> {
    return this.#entries.keys();
  }

  /** Ids of this node's cameras that are switched on. */
  *camerasOn(): Iterable<string> {
    for (const { camera, isOwn } of this.#entries.values()) if (isOwn && camera.enabled) yield camera.id;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ticker);
    await Promise.all([...this.#entries.keys()].map((id) => this.remove(id)));
  }

  #add(camera: Camera, isOwn = true): Entry {
    const entry: Entry = {
      ...{ camera, isOwn },
      feed: undefined,
      knowledge: nothingKnown(),
      takers: new Set(),
      linger: undefined,
      reports: new FeedReports(camera.id, this.#options),
    };
    this.#entries.set(camera.id, entry);
    return entry;
  }

  /** Starts or ends the feed, according to whether it is wanted. */
  #settle(entry: Entry): void {
    if (this.#closed || this.#entries.get(entry.camera.id) !== entry) return;
    const { camera } = entry;
    const wanted = isAlwaysRead(camera) || (camera.enabled && entry.takers.size > 0);
    if (wanted && !entry.feed) this.#start(entry);
    if (!wanted && entry.feed) void this.#stop(entry).then(() => this.#settle(entry));
    if (!wanted && !entry.feed) this.#report(entry, camera.enabled ? 'IDLE' : 'DISABLED');
    if (entry.feed && entry.reports.state === undefined) this.#report(entry, entry.feed.state, entry.feed);
  }

  #start(entry: Entry): void {
    const { camera, takers, knowledge } = entry;
    const { log, createSource } = this.#options;
    // From now on the camera has to present this certificate.
    const onCertificate = (fingerprint: string) => {
      knowledge.tlsFingerprint = fingerprint;
      entry.reports.pin(fingerprint);
    };
    clearTimeout(entry.linger);
    this.#running++;
    entry.feed = new Feed({
      cameraId: camera.id,
      createSource: (take) => createSource({ camera, knowledge, take, onCertificate }),
      preRollSec: camera.preRollSec,
      ringMaxBytes: () => this.#ringMaxBytes(),
      log,
      isRecorded: () => takers.size > 0,
      onState: (feed) => this.#report(entry, feed.state, feed),
      onFormats: (feed) => this.#report(entry, feed.state, feed),
      onUnit: (unit) => {
        for (const take of takers) take(unit);
      },
    });
    this.#report(entry, 'CONNECTING');
    entry.feed.start();
  }

  #ringMaxBytes(): number {
    const { ringMaxBytes, ringsMaxBytes } = this.#options.ringLimits;
    return Math.min(ringMaxBytes, ringsMaxBytes / Math.max(1, this.#running));
  }

  async #stop(entry: Entry): Promise<void> {
    const { feed } = entry;
    entry.feed = undefined;
    if (!feed) return;
    await feed.close();
    this.#running--;
  }

  /** @param feed the feed whose state it is; undefined if there is none */
  #report(entry: Entry, state: CameraState, feed?: Feed): void {
    // Only the camera's owner may write its row: PostgreSQL refuses other nodes.
    if (!entry.isOwn || (feed ? entry.feed !== feed : entry.reports.state === state)) return;
    entry.reports.report(state, feed);
  }
}
