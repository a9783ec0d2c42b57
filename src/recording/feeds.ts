import { setTimeout as sleep } from 'node:timers/promises';
import { type FeedReport, reportFeed } from '../db/cameras.ts';
import type { Db } from '../db/client.ts';
import type { Camera, CameraState } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import { resolution } from '../mp4/init-segment.ts';
import type { Launcher } from '../processes/launcher.ts';
import { Feed } from './feed.ts';
import type { Ffmpeg } from './ffmpeg-binary.ts';
import type { FeedFragment, Session } from './session.ts';
import { steadyNow } from './steady-clock.ts';
import { Turnstile } from './turnstile.ts';

/** What rings may hold, in bytes. */
export interface RingLimits {
  readonly ringMaxBytes: number;
  /** Of all cameras together; each camera has an equal share of it. */
  readonly ringsMaxBytes: number;
}

export interface FeedsOptions {
  readonly db: Db;
  readonly launcher: Launcher;
  readonly ffmpeg: Ffmpeg;
  readonly ringLimits: RingLimits;
  readonly log: Log;
  readonly now: () => number;
  readonly privateCameras: boolean;
}

type Take = (fragment: FeedFragment) => void;

/** How long the feed of a camera without pre-roll stays after the last recording, so that the next is not cold. */
const lingerMs = 10_000;

const reportAgainMs = 1_000;

interface Entry {
  camera: Camera;
  feed: Feed | undefined;
  /** What its feeds have measured: a cold camera's next one need not find out anew. */
  rate: number | undefined;
  readonly takers: Set<Take>;
  linger: NodeJS.Timeout | undefined;
  state: CameraState | undefined;
  /** Reports of state are written one after the other, in the order in which they happened. */
  reports: Promise<void>;
  readonly gone: AbortController;
}

/**
 * All feeds of this node: one per camera, always on where there is pre-roll, on demand where there is none
 * (DESIGN 5). Keeps what a camera's feed does in the camera's row.
 */
export class Feeds {
  readonly #options: FeedsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #turnstile = new Turnstile({ atOnce: 8, apartMs: 150 });
  #closed = false;

  constructor(options: FeedsOptions) {
    this.#options = options;
  }

  /** Brings the camera's feed into line with its settings; a changed address or pre-roll starts it anew. */
  async sync(camera: Camera): Promise<void> {
    const entry = this.#entries.get(camera.id) ?? this.#add(camera);
    const before = entry.camera;
    entry.camera = camera;
    const stale =
      before.rtspUrl !== camera.rtspUrl || before.preRollSec !== camera.preRollSec || !camera.enabled;
    if (stale) await this.#stop(entry);
    if (before.rtspUrl !== camera.rtspUrl) entry.rate = undefined;
    this.#settle(entry);
  }

  /** Ends the feed of a camera that is gone. */
  async remove(cameraId: string): Promise<void> {
    const entry = this.#entries.get(cameraId);
    if (!entry) return;
    this.#entries.delete(cameraId);
    entry.gone.abort();
    clearTimeout(entry.linger);
    await this.#stop(entry);
    await entry.reports;
  }

  /** Hands every fragment of the camera to `take` from now on, and sees to it that there is a feed. */
  attach(cameraId: string, take: Take): () => void {
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
    await Promise.all([...this.#entries.keys()].map((id) => this.remove(id)));
  }

  #add(camera: Camera): Entry {
    const entry: Entry = {
      camera,
      feed: undefined,
      rate: undefined,
      takers: new Set(),
      linger: undefined,
      state: undefined,
      reports: Promise.resolve(),
      gone: new AbortController(),
    };
    this.#entries.set(camera.id, entry);
    return entry;
  }

  /** Starts the feed if it is wanted and not there, ends it if it is there and not wanted. */
  #settle(entry: Entry): void {
    if (this.#closed || this.#entries.get(entry.camera.id) !== entry) return;
    const { camera } = entry;
    const wanted = camera.enabled && (camera.preRollSec > 0 || entry.takers.size > 0);
    if (wanted && !entry.feed) this.#start(entry);
    if (!wanted && entry.feed) void this.#stop(entry).then(() => this.#settle(entry));
    if (!wanted && !entry.feed) this.#report(entry, camera.enabled ? 'IDLE' : 'DISABLED');
  }

  #start(entry: Entry): void {
    const { camera } = entry;
    clearTimeout(entry.linger);
    entry.feed = new Feed({
      ...this.#options,
      now: steadyNow,
      cameraId: camera.id,
      url: camera.rtspUrl,
      preRollSec: camera.preRollSec,
      rate: entry.rate,
      ringMaxBytes: () => this.#ringMaxBytes(),
      turnstile: this.#turnstile,
      isRecorded: () => entry.takers.size > 0,
      onState: (feed) => this.#report(entry, feed.state, feed),
      onFragment: (fragment) => {
        for (const take of entry.takers) take(fragment);
      },
    });
    this.#report(entry, 'CONNECTING');
    entry.feed.start();
  }

  #ringMaxBytes(): number {
    const { ringMaxBytes, ringsMaxBytes } = this.#options.ringLimits;
    // Asked with every fragment: counted without making lists.
    let feeds = 0;
    for (const { feed } of this.#entries.values()) if (feed) feeds++;
    return Math.min(ringMaxBytes, ringsMaxBytes / Math.max(1, feeds));
  }

  async #stop(entry: Entry): Promise<void> {
    const { feed } = entry;
    entry.feed = undefined;
    if (feed) entry.rate = feed.rate;
    await feed?.close();
  }

  #report(entry: Entry, state: CameraState, feed?: Feed): void {
    if (entry.state === state || (feed && entry.feed !== feed)) return;
    entry.state = state;
    const report: FeedReport = {
      state,
      stateSince: new Date(this.#options.now()),
      lastError: feed?.lastError ?? null,
      ...(feed?.session && state === 'LIVE' && { stream: describe(feed.session) }),
    };
    const { log } = this.#options;
    log.info({ cameraId: entry.camera.id, state, problem: report.lastError ?? undefined }, 'camera');
    entry.reports = entry.reports.then(() => this.#write(entry, report));
  }

  /** Tries until it is written: the row must not go on saying what was true before the database went away. */
  async #write(entry: Entry, report: FeedReport): Promise<void> {
    const { db, log } = this.#options;
    const { signal } = entry.gone;
    for (;;) {
      try {
        return await reportFeed(db, entry.camera.id, report);
      } catch (error) {
        log.warn(
          { cameraId: entry.camera.id, error: (error as Error).message },
          'the camera’s state cannot be written; trying again',
        );
        if (signal.aborted) return;
        await sleep(reportAgainMs, undefined, { signal }).catch(() => {});
      }
    }
  }
}

/** What a session's stream is made of, as the API tells it. */
function describe(session: Session): NonNullable<FeedReport['stream']> {
  const video = session.init.tracks.find((track) => track.kind === 'video');
  const audio = session.init.tracks.find((track) => track.kind === 'audio');
  return {
    codec: video?.codec ?? null,
    audioCodec: audio?.codec ?? null,
    resolution: (video && resolution(video)) ?? null,
  };
}
