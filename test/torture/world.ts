// What the torture knows: its cameras, what it asked for, what it was answered, and when it killed what.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestCamera } from '../support/camera.ts';
import { connectClient, type TestClient } from '../support/client.ts';
import type { PlaybackFacts } from '../support/playbacks.ts';
import type { Server } from './server.ts';

export type Victim = 'server' | 'ffmpeg' | 'postgres' | 'all';

export interface Cut {
  readonly atMs: number;
  readonly victim: Victim;
}

export interface TortureCamera {
  readonly name: string;
  readonly id: string;
  readonly source: TestCamera;
  readonly preRollSec: number;
}

export interface TortureEvent {
  readonly key: string;
  readonly camera: TortureCamera;
  /** Since when the camera was known to be live when the event was asked for; undefined: it was not. */
  readonly liveSince: number | undefined;
  /** Before this the server answered: what it promised must be kept. undefined: it was killed first. */
  acknowledgedAt: number | undefined;
  id: string | undefined;
  playbackId: string | undefined;
  endAsked: boolean;
  /** When the end was answered, or the server that has to finish it was ready, in epoch ms. */
  dueFrom: number | undefined;
  state: 'going on' | 'verified' | 'deleting' | 'deleted';
}

/** A request that keeps being sent until it is answered: servers are being killed here. */
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
  readonly #liveSince = new Map<string, number>();
  server: Server;

  constructor(server: Server) {
    this.server = server;
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

  /** From here on nobody knows whether the cameras are live. */
  cut(victim: Victim, atMs: number): void {
    this.cuts.push({ atMs, victim });
    if (victim !== 'postgres') this.#liveSince.clear();
  }

  /** Waits until the camera's feed is live (again); the moment is remembered until the next cut. */
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
      acknowledgedAt: undefined,
      id: undefined,
      playbackId: undefined,
      endAsked: false,
      dueFrom: undefined,
      state: 'going on',
    };
    this.events.push(event);
    return event;
  }

  /** createEvent with the event's own key: asking again gives the same event. */
  async create(event: TortureEvent): Promise<void> {
    const { createEvent } = await this.client.run<{
      createEvent: { event: { id: string }; playback: { id: string } };
    }>(
      'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } playback { id } } }',
      { input: { cameraId: event.camera.id, type: 'MOTION', idempotencyKey: event.key } },
    );
    event.id = createEvent.event.id;
    event.playbackId = createEvent.playback.id;
  }

  async end(event: TortureEvent): Promise<void> {
    event.endAsked = true;
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
