// How nodes hear of each other's transitions: by few notifications, and also without any.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPosition } from '../../src/graphql/position.ts';
import { percentile } from '../bench/figures.ts';
import { createEvent, endEvent } from '../support/app/playbacks.ts';
import { openNodes, type TestNode, type TestNodes } from './together.ts';

let nodes: TestNodes;
let all: TestNode[];
let listener: pg.Client;
let heard: pg.Notification[];
const cameraIds: string[] = [];

beforeAll(async () => {
  nodes = await openNodes();
  all = [await nodes.start('a'), await nodes.start('b')];
  listener = new pg.Client({ connectionString: (all[0] as TestNode).config.databaseUrl });
  await listener.connect();
  listener.on('notification', (it) => heard.push(it));
  await listener.query('LISTEN flashback_transitions; LISTEN "jobs:insert"');
  heard = [];
  // Which node gets a camera depends on its id, which is random: each node has to have one.
  const owners = new Set<string>();
  while (cameraIds.length < 6 || owners.size < all.length) {
    const { createCamera } = await all[0]!.client.run<{
      createCamera: { camera: { id: string; node: string } };
    }>('mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id node } } }', {
      input: { name: 'Camera', rtspUrl: 'rtsp://127.0.0.1:9/', preRollSec: 0 },
    });
    cameraIds.push(createCamera.camera.id);
    owners.add(createCamera.camera.node);
  }
}, 90_000);
afterAll(async () => {
  await listener.end();
  await nodes.close();
});

interface Item {
  readonly cursor: string;
  readonly at: string;
  readonly to: string;
  readonly playback: { readonly id: string };
}

interface Watch {
  /** What the subscriber received, with the time of its receipt in epoch milliseconds. */
  readonly items: (Item & { readonly receivedAt: number })[];
  stop(): void;
}

/** Subscribes to all transitions at a node. */
function watch(node: TestNode): Watch {
  const stream = node.client.subscribe<{ playbackStatusChanged: Item }>(
    'subscription { playbackStatusChanged { cursor at to playback { id } } }',
  );
  const items: Watch['items'] = [];
  let isStopped = false;
  const pump = async () => {
    while (!isStopped) {
      const { playbackStatusChanged } = await stream.next();
      items.push({ ...playbackStatusChanged, receivedAt: Date.now() });
    }
  };
  pump().catch(() => {}); // stopped
  const stop = () => {
    isStopped = true;
    stream.stop();
  };
  return { items, stop };
}

/** A subscriber at each node. Resolves once they get transitions as these happen. */
async function watchAll(): Promise<Watch[]> {
  const watches = all.map(watch);
  const first = await reportOne(0);
  for (const { items } of watches)
    await expect
      .poll(() => items.some(({ playback, to }) => playback.id === first && to === 'FAILED'))
      .toBe(true);
  return watches;
}

/**
 * Looks again and again which transitions are final: open transactions of other tests, in other databases, delay that.
 * @returns what stops it, and says when a transition was final (epoch milliseconds), and how long a look took at most
 */
function followHorizon(): { stop(): Promise<{ passedAt: (cursor: string) => number; lookMs: number }> } {
  const seen: { readonly at: number; readonly below: bigint }[] = [];
  const looks: number[] = [];
  let isStopped = false;
  const following = (async () => {
    while (!isStopped) {
      const askedAt = performance.now();
      const { rows } = await nodes.sql.query('SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS below');
      seen.push({ at: Date.now(), below: BigInt(rows[0].below) });
      looks.push(performance.now() - askedAt);
      await sleep(5);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await following;
      const passedAt = (cursor: string) => {
        const { xid } = readPosition(cursor);
        return seen.find(({ below }) => below > xid)?.at ?? Date.now();
      };
      return { passedAt, lookMs: Math.max(...looks) };
    },
  };
}

/** An event at a camera that never delivers a picture, reported and ended at different nodes. @returns its playback */
async function reportOne(n: number): Promise<string> {
  const event = await createEvent(all[n % 2]!.client, { cameraId: cameraIds[n % cameraIds.length]! });
  await endEvent(all[(n + 1) % 2]!.client, event.id);
  return event.playback!.id;
}

/** Every subscriber has to get each transition of these playbacks once, in order. */
async function expectEachOnce(watches: readonly Watch[], ids: readonly string[]): Promise<void> {
  const wanted = new Set(ids);
  for (const { items } of watches) {
    const mine = () => items.filter(({ playback }) => wanted.has(playback.id));
    await expect
      .poll(() => mine().filter(({ to }) => to === 'FAILED').length, { timeout: 30_000 })
      .toBe(ids.length);
    expect(new Set(mine().map(({ cursor }) => cursor)).size).toBe(mine().length);
    const byPlayback = new Map<string, string[]>();
    for (const { playback, to } of mine())
      byPlayback.set(playback.id, [...(byPlayback.get(playback.id) ?? []), to]);
    for (const id of ids) expect(byPlayback.get(id)).toEqual(['PENDING', 'RECORDING', 'FAILED']);
  }
}

test('a burst of events sends at most ten notifications a second per node, and subscribers of each node get every transition once', async () => {
  const watches = await watchAll();
  heard = [];
  const startedAt = performance.now();
  const ids: string[] = [];
  for (let round = 0; round < 6; round++)
    ids.push(...(await Promise.all(Array.from({ length: 8 }, (_, n) => reportOne(round + n)))));
  await expectEachOnce(watches, ids);
  for (const { stop } of watches) stop();
  const sec = (performance.now() - startedAt) / 1_000;
  expect(heard.map(({ channel }) => channel)).not.toContain('jobs:insert');
  for (const { id } of all) {
    const count = heard.filter(({ payload }) => payload === id).length;
    expect(count).toBeGreaterThan(1);
    expect(count).toBeLessThanOrEqual(sec * 10 + 1);
  }
  // Nothing but the notifiers has notified.
  expect(heard.filter(({ payload }) => !all.some(({ id }) => id === payload))).toEqual([]);
}, 90_000);

test('under load, 99 of 100 transitions reach subscribers of each node within 250 ms', async () => {
  const watches = await watchAll();
  const times: number[] = [];
  const horizons = followHorizon();
  const ids: string[] = [];
  const reportSome = async (from: number) => {
    for (let n = from; n < from + 20; n++) ids.push(await reportOne(n));
  };
  await Promise.all([0, 100, 201].map(reportSome));
  await expectEachOnce(watches, ids);
  const { passedAt, lookMs } = await horizons.stop();
  for (const { items, stop } of watches) {
    stop();
    for (const { cursor, receivedAt } of items) times.push(Math.max(0, receivedAt - passedAt(cursor)));
  }
  // A transition takes five round trips to the database. On a machine that is busy with other things, each of them may
  // take longer than all of them together should.
  expect(percentile(times, 99)).toBeLessThanOrEqual(Math.max(250, 5 * lookMs));
}, 90_000);

test('subscribers get every transition once although the connections for notifications are lost again and again', async () => {
  const watches = await watchAll();
  const ids: string[] = [];
  let lost = 0;
  for (let round = 0; round < 6; round++) {
    const { rowCount } = await nodes.sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
        AND (query LIKE 'LISTEN "flashback%' OR query LIKE 'SELECT pg_notify(%')`,
    );
    lost += rowCount!;
    ids.push(...(await Promise.all(Array.from({ length: 5 }, (_, n) => reportOne(round + n)))));
  }
  expect(lost).toBeGreaterThanOrEqual(2);
  await expectEachOnce(watches, ids);
  for (const { stop } of watches) stop();
}, 90_000);
