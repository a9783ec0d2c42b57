// The state of the torture: its cameras, its requests and their answers, and the cuts.
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type TestClient } from '../support/app/client.ts';
import type { PlaybackFacts } from '../support/app/playbacks.ts';
import type { TestCamera } from '../support/camera/camera.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database/database-proxy.ts';
import type { S3Server } from '../support/s3/s3-server.ts';
import { type Cut, interruptsFootage } from './cuts.ts';
import { type Node, openNode } from './node.ts';
import { type Held, heldBy, noteOldWrites } from './rows.ts';

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
  /** Its playbacks as far as they are known, oldest first. Only a recording that went on at another node has several. */
  playbackIds: string[];
  /** When its end was requested for the first time. */
  endAskedAt: number | undefined;
  /** When the end was answered, or when the server that has to finish it was ready, in epoch ms. */
  dueFrom: number | undefined;
  state: 'going on' | 'verified' | 'deleting' | 'deleted';
}

/** A client that gets no answer for this long asks another node. createEvent may wait for nine seconds. */
const patienceMs = 12_000;

/** Repeats a request until it is answered, because servers are killed here. */
export async function insist<T>(ask: () => Promise<T>, forMs = 45_000): Promise<T> {
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

export interface WorldOptions {
  readonly nodeIds: readonly string[];
  readonly dir: string;
  readonly bucket: S3Server;
  /** The database that the nodes share; undefined: there is one node, with a database of its own. */
  readonly databaseUrl: string | undefined;
  /** The checkout of an earlier release, which each node runs until it is started again. */
  readonly from?: string | undefined;
}

export class World {
  readonly cameras: TortureCamera[] = [];
  readonly events: TortureEvent[] = [];
  readonly cuts: Cut[] = [];
  readonly breaches: string[] = [];
  readonly counts: Record<string, number> = {};
  readonly drainedMs: number[] = [];
  readonly nodes: Node[] = [];
  readonly #options: WorldOptions;
  readonly #liveSince = new Map<string, number>();
  #turn = 0;
  proxy!: DatabaseProxy;
  /** The address of the database itself, not of the proxy. */
  databaseUrl!: string;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  get bucket(): S3Server {
    return this.#options.bucket;
  }

  /** Whether several nodes share the database. */
  get isTogether(): boolean {
    return this.#options.databaseUrl !== undefined;
  }

  async start(): Promise<void> {
    const { nodeIds, dir, bucket, databaseUrl, from } = this.#options;
    const reach = async (url: string) => {
      this.databaseUrl = url;
      this.proxy ??= await startDatabaseProxy(url);
      return this.proxy.url;
    };
    for (const id of nodeIds) {
      const node = await openNode({ id, dataDir: path.join(dir, id), bucket, databaseUrl, reach, from });
      this.nodes.push(node);
      await node.start();
    }
    await noteOldWrites(this.databaseUrl);
  }

  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  /**
   * By how much a server's times were ahead at that time, and after each change since then. Servers that share a database
   * keep its time, whatever their own clock says.
   */
  aheadSince(ms: number): number[] {
    if (this.isTogether) return [0];
    return [...new Set(this.nodes.flatMap((node) => node.aheadSince(ms)))];
  }

  /** The address of a node; each time of the next one, whether it answers or not. */
  get url(): string {
    return this.nodes[this.#turn++ % this.nodes.length]!.server.url;
  }

  get client(): TestClient {
    return connectClient(this.url, undefined, patienceMs);
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
    for (const camera of this.cameras) if (interruptsFootage(cut, camera)) this.#liveSince.delete(camera.id);
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
      playbackIds: [],
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
    if (event.id && (event.id !== given.id || event.playbackIds[0] !== playback.id))
      this.breach(`the event ${event.id} was asked for again and was ${given.id} then`);
    event.id = given.id;
    if (event.playbackIds.length === 0) event.playbackIds.push(playback.id);
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
    await this.playbacks(event);
    for (const id of event.playbackIds)
      await this.client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id });
    event.state = 'deleted';
  }

  /** Its playbacks that are not deleted, oldest first. */
  async playbacks(event: TortureEvent): Promise<PlaybackFacts[]> {
    const { event: found } = await this.client.run<{ event: { playbacks: PlaybackFacts[] } | null }>(
      `query($id: ID!) { event(id: $id) { playbacks { id recordingStatus startedAt endedAt endReason clipStartedAt
        videoUrl thumbnailUrl preRollMs missedMs durationMs fileSizeBytes gaps { from to }
        failure { code message fault } transitions { to at } } } }`,
      { id: event.id },
    );
    const playbacks = found?.playbacks ?? [];
    for (const { id } of playbacks) if (!event.playbackIds.includes(id)) event.playbackIds.push(id);
    return playbacks;
  }

  async heldBy(node: Node): Promise<Held> {
    if (this.isTogether) return heldBy(this.databaseUrl, node.id);
    return { cameras: new Set(this.cameras.map(({ id }) => id)), unfinished: [] };
  }
}
