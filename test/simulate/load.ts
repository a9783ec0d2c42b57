// Clients of a simulation: they report and end events at any node, and one of them watches all transitions.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { seededRandom } from '../torture/random.ts';

export interface Load {
  /** Events that were accepted. */
  readonly events: number;
  /** How long createEvent took, in milliseconds. */
  readonly createMs: readonly number[];
  readonly errors: readonly string[];
  /** From the first report to the last end, in seconds. */
  readonly sec: number;
}

export interface LoadOptions {
  readonly clients: readonly TestClient[];
  readonly cameraIds: readonly string[];
  readonly eventsPerSec: number;
  readonly sec: number;
  readonly seed: number;
}

/** How long an event lasts, in milliseconds. */
const lasts = { least: 2_000, most: 4_000 };
/** Ends events whose createEvent got no answer: the load does not know their ids, and cannot end them. */
const leaseSec = 20;
const tickMs = 20;

/** Reports events at this rate, whatever the answers are, and ends each at another node. Resolves after the last end. */
export async function runLoad({ clients, cameraIds, eventsPerSec, sec, seed }: LoadOptions): Promise<Load> {
  const random = seededRandom(seed);
  const createMs: number[] = [];
  const errors: string[] = [];
  const running: Promise<void>[] = [];
  const startedAt = performance.now();
  const one = async () => {
    const at = performance.now();
    const { createEvent } = await random.pick(clients).run<{ createEvent: { event: { id: string } } }>(
      `mutation($input: CreateEventInput!) {
        createEvent(input: $input) { event { id } playback { id recordingStatus } }
      }`,
      { input: { cameraId: random.pick(cameraIds), type: 'MOTION', leaseSec } },
    );
    createMs.push(performance.now() - at);
    await sleep(random.between(lasts.least, lasts.most));
    await random
      .pick(clients)
      .run('mutation($id: ID!) { endEvent(input: { id: $id }) { event { endedAt } } }', {
        id: createEvent.event.id,
      });
  };
  let begun = 0;
  while (performance.now() - startedAt < sec * 1_000) {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * eventsPerSec);
    for (; begun < due; begun++) running.push(one().catch((error: Error) => void errors.push(error.message)));
    await sleep(tickMs);
  }
  await Promise.all(running);
  return { events: createMs.length, createMs, errors, sec: (performance.now() - startedAt) / 1_000 };
}

export interface Watcher {
  /** By cursor: the time in the transition, which is before its commit, and when it was received; epoch milliseconds. */
  readonly received: Map<string, { readonly at: number; readonly receivedAt: number }>;
  /** How many came twice. */
  repeated: number;
  close(): Promise<void>;
}

/** Subscribes to all transitions at a node. */
export function watchAll(url: string): Watcher {
  const client = connectClient(url);
  const stream = client.subscribe<{ playbackStatusChanged: { cursor: string; at: string } }>(
    'subscription { playbackStatusChanged { cursor at to playback { id } } }',
  );
  const watcher: Watcher = {
    received: new Map(),
    repeated: 0,
    async close() {
      stream.stop();
      await client.close();
    },
  };
  const pump = async () => {
    for (;;) {
      const { cursor, at } = (await stream.next()).playbackStatusChanged;
      if (watcher.received.has(cursor)) watcher.repeated++;
      watcher.received.set(cursor, { at: Date.parse(at), receivedAt: Date.now() });
    }
  };
  pump().catch(() => {}); // closed
  return watcher;
}
