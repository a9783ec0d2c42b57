import { setTimeout as sleep } from 'node:timers/promises';
import { type FeedReport, hasCamera, pinCertificate, reportFeed } from '../../db/cameras.ts';
import type { Db } from '../../db/client.ts';
import type { Camera, CameraState } from '../../generated/prisma/client.ts';
import type { Log } from '../../log.ts';
import { clipFormat } from '../sound/encoder.ts';
import type { CreateSource } from './create-source.ts';
import { Feed } from './feed.ts';
import { type CameraKnowledge, nothingKnown } from './knowledge.ts';
import type { TakeUnit } from './source.ts';

/** The limits of the rings, in bytes. */
export interface RingLimits {
  readonly ringMaxBytes: number;
  /** The limit of all rings together. Each camera has an equal share. */
  readonly ringsMaxBytes: number;
}

export interface FeedsOptions {
  readonly db: Db;
  /** Makes a connection to a camera. */
  readonly createSource: CreateSource;
  readonly ringLimits: RingLimits;
  readonly log: Log;
  /** The wall clock, in epoch milliseconds. */
  readonly now: () => number;
}

/**
 * How long a feed without pre-roll stays connected after its last recording, so that the next recording begins
 * quickly.
 */
const lingerMs = 10_000;
const reportAgainMs = 1_000;
/** How often feeds are checked for stalls. One timer serves all of them. */
const tickMs = 250;

interface Entry {
  camera: Camera;
  feed: Feed | undefined;
  knowledge: CameraKnowledge;
  readonly takers: Set<TakeUnit>;
  linger: NodeJS.Timeout | undefined;
  state: CameraState | undefined;
  /** Reports are written one after the other, in the order of the changes. */
  reports: Promise<void>;
  readonly gone: AbortController;
}

/** Settings of a camera that its feed depends on. */
const settings = ['rtspUrl', 'preRollSec', 'enabled', 'transport', 'reader', 'tls', 'allowOldTls'] as const;

/**
 * All feeds of this server. A camera with pre-roll always has a feed; one without has it while it is recorded, and 10 s
 * longer. Writes each feed's state into the camera's row.
 */
export class Feeds {
  readonly #options: FeedsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #ticker: NodeJS.Timeout;
  #running = 0;
  #closed = false;

  constructor(options: FeedsOptions) {
    this.#options = options;
    // If this machine was paused, data that arrived meanwhile is read first: no camera has stalled then.
    this.#ticker = setInterval(() => setImmediate(() => this.#tick()), tickMs);
  }

  /** Starts the feeds of all cameras. */
  async start(): Promise<void> {
    for (const camera of await this.#options.db.camera.findMany()) await this.#sync(camera);
  }

  #tick(): void {
    const now = performance.now();
    for (const { feed } of this.#entries.values()) feed?.tick(now);
  }

  /** Starts the camera's feed anew if settings that it depends on have changed. */
  async #sync(camera: Camera): Promise<void> {
    const entry = this.#entries.get(camera.id) ?? this.#add(camera);
    const before = entry.camera;
    entry.camera = camera;
    const isStale = settings.some((name) => before[name] !== camera[name]);
    if (isStale) await this.#stop(entry);
    if (before.rtspUrl !== camera.rtspUrl) entry.knowledge = nothingKnown();
    entry.knowledge.tlsFingerprint = camera.tlsFingerprint ?? undefined;
    this.#settle(entry);
  }

  /** Call it with each camera row that was written. Does nothing if the camera was deleted meanwhile. */
  async changed(camera: Camera): Promise<void> {
    await this.#sync(camera);
    if (!(await hasCamera(this.#options.db, camera.id))) await this.remove(camera.id);
  }

  /** Ends the feed of a deleted camera. */
  async remove(cameraId: string): Promise<void> {
    const entry = this.#entries.get(cameraId);
    if (!entry) return;
    this.#entries.delete(cameraId);
    entry.gone.abort();
    clearTimeout(entry.linger);
    await this.#stop(entry);
    await entry.reports;
  }

  /**
   * Passes every access unit of the camera to `take` from now on, and starts the camera's feed if there is none. A
   * caller that keeps a unit has to hold its footage before `take` returns.
   * @returns a function that ends this
   */
  attach(cameraId: string, take: TakeUnit): () => void {
    const entry = this.#entries.get(cameraId);
    if (!entry) throw new Error(`There is no feed for the camera ${cameraId}.`);
    entry.takers.add(take);
    this.#settle(entry);
    return () => {
      if (!entry.takers.delete(take) || entry.takers.size > 0) return;
      clearTimeout(entry.linger);
      entry.linger = setTimeout(() => this.#settle(entry), lingerMs);
    };
  }

  get(cameraId: string): Feed | undefined {
    return this.#entries.get(cameraId)?.feed;
  }

  all(): Feed[] {
    return [...this.#entries.values()].flatMap((entry) => entry.feed ?? []);
  }

  /** Ids of the cameras that are switched on. */
  *camerasOn(): Iterable<string> {
    for (const { camera } of this.#entries.values()) if (camera.enabled) yield camera.id;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ticker);
    await Promise.all([...this.#entries.keys()].map((id) => this.remove(id)));
  }

  #add(camera: Camera): Entry {
    const entry: Entry = {
      camera,
      feed: undefined,
      knowledge: nothingKnown(),
      takers: new Set(),
      linger: undefined,
      state: undefined,
      reports: Promise.resolve(),
      gone: new AbortController(),
    };
    this.#entries.set(camera.id, entry);
    return entry;
  }

  /** Starts or ends the feed, according to whether it is wanted. */
  #settle(entry: Entry): void {
    if (this.#closed || this.#entries.get(entry.camera.id) !== entry) return;
    const { camera } = entry;
    const wanted = camera.enabled && (camera.preRollSec > 0 || entry.takers.size > 0);
    if (wanted && !entry.feed) this.#start(entry);
    if (!wanted && entry.feed) void this.#stop(entry).then(() => this.#settle(entry));
    if (!wanted && !entry.feed) this.#report(entry, camera.enabled ? 'IDLE' : 'DISABLED');
  }

  #start(entry: Entry): void {
    const { camera, takers, knowledge } = entry;
    const { log, createSource } = this.#options;
    clearTimeout(entry.linger);
    this.#running++;
    entry.feed = new Feed({
      cameraId: camera.id,
      createSource: (take) =>
        createSource({ camera, knowledge, take, onCertificate: (it) => this.#pin(entry, it) }),
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
    if (feed ? entry.feed !== feed : entry.state === state) return;
    const isNew = entry.state !== state;
    entry.state = state;
    const report: FeedReport = {
      state,
      ...(isNew && { stateSince: new Date(this.#options.now()) }),
      lastError: feed?.lastError ?? null,
      ...(feed && state === 'LIVE' && { stream: describe(feed) }),
    };
    const { log } = this.#options;
    if (isNew) {
      const error = report.lastError ?? undefined;
      log.info({ cameraId: entry.camera.id, state, error }, 'the camera’s state has changed');
    }
    entry.reports = entry.reports.then(() => this.#write(entry, report));
  }

  /** Pins the certificate: from now on the camera has to present it. */
  #pin({ camera, knowledge }: Entry, fingerprint: string): void {
    knowledge.tlsFingerprint = fingerprint;
    const { db, log } = this.#options;
    pinCertificate(db, camera.id, fingerprint).catch((error: Error) =>
      log.warn({ cameraId: camera.id, error }, 'the camera’s certificate cannot be saved'),
    );
  }

  /** Tries until the state is written, so that the row is right again once the database is back. */
  async #write(entry: Entry, report: FeedReport): Promise<void> {
    const { db, log } = this.#options;
    const { signal } = entry.gone;
    for (;;) {
      try {
        return await reportFeed(db, entry.camera.id, report);
      } catch (error) {
        log.warn({ cameraId: entry.camera.id, error }, 'the camera’s state cannot be written; trying again');
        if (signal.aborted) return;
        await sleep(reportAgainMs, undefined, { signal }).catch(() => {}); // the camera was removed
      }
    }
  }
}

/** The facts about the camera's stream, as the API shows them. */
function describe({ formats: { video, sound }, reading }: Feed): NonNullable<FeedReport['stream']> {
  return {
    codec: video?.codecString ?? null,
    audioCodec: sound ? clipFormat(sound).codecString : null,
    resolution: video ? `${video.width}x${video.height}` : null,
    ...(reading && { reading }),
  };
}
