// The state of the torture: its cameras, its requests and their answers, and the cuts.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type TestClient } from '../support/app/client.ts';
import type { PlaybackFacts } from '../support/app/playbacks.ts';
import type { TestCamera } from '../support/camera/camera.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database/database-proxy.ts';
import { type Cut, interruptsFootage } from './cuts.ts';
import { type Server, startServer } from './server.ts';

export interface TortureCamera {
  readonly name: string;
  readonly id: string;
  readonly source: TestCamera;
  readonly preRollSec: number;
}

export interface TortureEvent {
  readonly key: string;
  readonly camera: TortureCamera;
  /** Since when the camera was known to be live when the event was requested; undefined: it was not live. */
  readonly liveSince: number | undefined;
  /** When it was requested for the first time. */
  readonly askedAt: number;
  /** When the request was answered, also by a repetition. From then on the event must be kept. */
  answeredAt: number | undefined;
  id: string | undefined;
  playbackId: string | undefined;
  /** When its end was requested for the first time. */
  endAskedAt: number | undefined;
  /** When the end was answered, or when the server that has to finish it was ready, in epoch ms. */
  dueFrom: number | undefined;
  state: 'going on' | 'verified' | 'deleting' | 'deleted';
}

/** Repeats a request until it is answered, because servers are killed here. */
export async function insist<T>(ask: () => Promise<T>, forMs = 30_000): Promise<T> {
  const deadline = Date.now() + forMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

export class World {
  readonly cameras: TortureCamera[] = [];
  readonly events: TortureEvent[] = [];
  readonly cuts: Cut[] = [];
  readonly breaches: string[] = [];
  readonly counts: Record<string, number> = {};
  readonly #liveSince = new Map<string, number>();
  readonly #env: Record<string, string>;
  /** How far the server's clock was ahead of this one's, and since when (epoch ms). */
  readonly #clock = [{ sinceMs: 0, aheadMs: 0 }];
  server!: Server;
  proxy!: DatabaseProxy;
  /** The address of the database itself, not of the proxy. */
  databaseUrl!: string;

  constructor(env: Record<string, string>) {
    this.#env = env;
  }

  get dataDir(): string {
    return this.#env['DATA_DIR']!;
  }

  async start(): Promise<void> {
    this.server = await startServer(this.#env, {
      aheadMs: this.#clock.at(-1)!.aheadMs,
      reach: async (databaseUrl) => {
        this.databaseUrl = databaseUrl;
        this.proxy ??= await startDatabaseProxy(databaseUrl);
        return this.proxy.url;
      },
    });
  }

  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  setClock(aheadMs: number): void {
    this.#clock.push({ sinceMs: Date.now(), aheadMs });
    this.server.setClock(aheadMs);
  }

  get isClockSet(): boolean {
    return this.#clock.at(-1)!.aheadMs !== 0;
  }

  /** By how much the server's clock was ahead at that time, and after each change since then. */
  aheadSince(ms: number): number[] {
    const first = this.#clock.findLastIndex(({ sinceMs }) => sinceMs <= ms);
    return [...new Set(this.#clock.slice(first).map(({ aheadMs }) => aheadMs))];
  }

  get client(): TestClient {
    return connectClient(this.server.url);
  }

  breach(text: string): void {
    this.breaches.push(text);
  }

  async addCamera(name: string, source: TestCamera, preRollSec: number): Promise<void> {
    const { createCamera } = await this.client.run<{ createCamera: { camera: { id: string } } }>(
      'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
      { input: { name, rtspUrl: source.url, preRollSec } },
    );
    this.cameras.push({ name, id: createCamera.camera.id, source, preRollSec });
  }

  /** From here on it is unknown whether the cameras are live. */
  cut(cut: Cut): void {
    this.cuts.push(cut);
    if (interruptsFootage(cut)) this.#liveSince.clear();
    // A server that was paused finishes later.
    for (const event of this.events)
      if (event.dueFrom && cut.untilMs > event.dueFrom) event.dueFrom = cut.untilMs;
  }

  /** Waits until the camera's feed is live (again). The time is remembered until the next cut. */
  async awaitLive(camera: TortureCamera): Promise<number> {
    const known = this.#liveSince.get(camera.id);
    if (known !== undefined) return known;
    const sessions = () => camera.source.sessions;
    await insist(async () => {
      const answer = await this.client.run<{ camera: { state: string } }>(
        'query($id: ID!) { camera(id: $id) { state } }',
        { id: camera.id },
      );
      if (answer.camera.state !== 'LIVE' || sessions() === 0) throw new Error(`${camera.name} is not live.`);
    });
    this.#liveSince.set(camera.id, Date.now());
    return Date.now();
  }

  newEvent(camera: TortureCamera, liveSince: number | undefined): TortureEvent {
    const event: TortureEvent = {
      key: randomUUID(),
      camera,
      liveSince,
      askedAt: Date.now(),
      answeredAt: undefined,
      id: undefined,
      playbackId: undefined,
      endAskedAt: undefined,
      dueFrom: undefined,
      state: 'going on',
    };
    this.events.push(event);
    return event;
  }

  /** Calls createEvent with the event's own key, so that a repetition gives the same event. */
  async create(event: TortureEvent): Promise<void> {
    const { createEvent } = await this.client.run<{
      createEvent: { event: { id: string }; playback: { id: string } };
    }>(
      'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } playback { id } } }',
      { input: { cameraId: event.camera.id, type: 'MOTION', idempotencyKey: event.key } },
    );
    const { event: given, playback } = createEvent;
    if (event.id && (event.id !== given.id || event.playbackId !== playback.id))
      this.breach(`the event ${event.id} was asked for again and was ${given.id} then`);
    event.id = given.id;
    event.playbackId = playback.id;
    event.answeredAt ??= Date.now();
  }

  async end(event: TortureEvent): Promise<void> {
    event.endAskedAt ??= Date.now();
    await this.client.run('mutation($input: EndEventInput!) { endEvent(input: $input) { event { id } } }', {
      input: { id: event.id },
    });
    event.dueFrom ??= Date.now();
  }

  async remove(event: TortureEvent): Promise<void> {
    event.state = 'deleting';
    await this.client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id: event.playbackId });
    event.state = 'deleted';
  }

  async playback(event: TortureEvent): Promise<PlaybackFacts | null> {
    const { playback } = await this.client.run<{ playback: PlaybackFacts | null }>(
      `query($id: ID!) { playback(id: $id) { id recordingStatus startedAt endedAt endReason clipStartedAt videoUrl
        thumbnailUrl preRollMs missedMs durationMs fileSizeBytes gaps { from to } failure { code message fault } transitions { to at } } }`,
      { id: event.playbackId },
    );
    return playback;
  }
}
