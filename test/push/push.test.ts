// Push messages: what browsers are sent, and which browsers.

import { createPublicKey } from 'node:crypto';
import { jwtVerify } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectDb } from '../../src/db/client.ts';
import { sharedPushKey } from '../../src/db/push-key.ts';
import { type PushJob, PushQueue } from '../../src/db/push-queue.ts';
import { createSeal } from '../../src/db/seal.ts';
import { createLog } from '../../src/log.ts';
import { newVapidKey } from '../../src/push/vapid.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { type PushService, type Subscriber, startPushService } from '../support/push/push-service.ts';

let app: TestApp;
let service: PushService;
let sql: pg.Client;
let door: string;
let yard: string;
/** By the role of its key. */
const by: Record<string, TestClient> = {};

const keys = (['ADMIN', 'VIEWER', 'ANALYTICS'] as const).map((role) => ({
  name: role.toLowerCase(),
  role,
  secret: `secret-of-the-key-of-${role}`,
}));

beforeAll(async () => {
  service = await startPushService();
  app = await startTestApp({
    apiKeys: keys,
    privatePushServices: true,
    pushContact: 'mailto:night@example.org',
  });
  for (const { role, secret } of keys) by[role] = connectClient(app.app.url, secret);
  // Nothing is there: the recordings fail, but their events are told.
  const settings = { rtspUrl: 'rtsp://127.0.0.1:9/none', preRollSec: 0, recordOn: ['PERSON', 'VEHICLE'] };
  door = await app.addCamera({ ...settings, name: 'Door' }, 'IDLE');
  yard = await app.addCamera({ ...settings, name: 'Yard' }, 'IDLE');
  sql = new pg.Client({ connectionString: app.config.databaseUrl! });
  await sql.connect();
});

beforeEach(() => sql.query('DELETE FROM push_subscriptions'));

afterAll(async () => {
  for (const client of Object.values(by)) await client.close();
  await sql.end();
  await app.close();
  await service.close();
});

const saving = `mutation($input: SavePushSubscriptionInput!) { savePushSubscription(input: $input) {
  pushSubscription { id cameraIds types } } }`;

async function subscribe(client: TestClient, chosen: object = {}): Promise<Subscriber & { id: string }> {
  const subscriber = service.subscribe();
  const input = { ...subscriber.input, ...chosen };
  const { savePushSubscription } = await client.run<{
    savePushSubscription: { pushSubscription: { id: string } };
  }>(saving, { input });
  return Object.assign(subscriber, savePushSubscription.pushSubscription);
}

interface Begun {
  event: { id: string; startedAt: string };
  playback: { id: string } | null;
}

async function report(cameraId: string, type = 'PERSON', client = app.client): Promise<Begun> {
  const { createEvent } = await client.run<{ createEvent: Begun }>(
    `mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id startedAt } playback { id } } }`,
    { input: { cameraId, type } },
  );
  return createEvent;
}

const camerasTold = ({ messages }: Subscriber) => messages().map(({ camera }) => camera);
/** Awaits messages about these cameras, in any order. */
const awaitTold = (subscriber: Subscriber, ...cameras: string[]) =>
  expect.poll(() => camerasTold(subscriber).sort(), { timeout: 10_000 }).toEqual(cameras.sort());
const rows = async () => (await sql.query('SELECT id, failures FROM push_subscriptions')).rows;

test('a browser is told the camera, the type, the time and the page of a new event', async () => {
  const browser = await subscribe(by['VIEWER']!);
  const { event, playback } = await report(door);
  await awaitTold(browser, 'Door');
  expect(browser.messages()).toEqual([
    {
      camera: 'Door',
      type: 'PERSON',
      at: event.startedAt,
      path: `playbacks/${playback!.id}`,
      tag: event.id,
    },
  ]);
  const { headers } = browser.received[0]!;
  expect(headers).toMatchObject({ ttl: '3600', urgency: 'high', 'content-encoding': 'aes128gcm' });
  expect(headers['topic']).toMatch(/^[\w-]{32}$/);

  // RFC 8292: the service can check who sends it.
  const { pushKey } = await app.client.run<{ pushKey: string }>('{ pushKey }');
  const [, token, key] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(headers.authorization!)!;
  expect(key).toBe(pushKey);
  const point = Buffer.from(pushKey, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x!, y: y! }, format: 'jwk' });
  const { payload } = await jwtVerify(token!, publicKey, { audience: service.origin, algorithms: ['ES256'] });
  expect(payload.sub).toBe('mailto:night@example.org');
  expect(payload.exp! - Date.now() / 1_000).toBeLessThanOrEqual(86_400);
});

test('a browser is told only what was chosen at it', async () => {
  const [all, vehicles, atDoor] = await Promise.all([
    subscribe(by['VIEWER']!),
    subscribe(by['VIEWER']!, { types: ['VEHICLE'] }),
    subscribe(by['VIEWER']!, { cameraIds: [door] }),
  ]);
  await report(yard);
  await report(door);
  await report(yard, 'VEHICLE');
  await report(door, 'MOTION'); // not recorded
  await awaitTold(all, 'Door', 'Yard', 'Yard');
  await awaitTold(vehicles, 'Yard');
  await awaitTold(atDoor, 'Door');
});

test('nobody is told what the key may not see, and a revoked key’s subscriptions end', async () => {
  const made = await app.client.run<{ createApiKey: { secret: string; apiKey: { id: string } } }>(
    `mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }`,
    { input: { name: 'yard guard', role: 'VIEWER', cameraIds: [yard] } },
  );
  const guard = connectClient(app.app.url, made.createApiKey.secret);
  const [all, ofGuard, ofReporter] = await Promise.all([
    subscribe(by['VIEWER']!),
    subscribe(guard),
    subscribe(by['ANALYTICS']!),
  ]);
  await report(door);
  await report(yard, 'PERSON', by['ANALYTICS']);
  await awaitTold(all, 'Door', 'Yard');
  await awaitTold(ofGuard, 'Yard');
  await awaitTold(ofReporter, 'Yard');

  const id = made.createApiKey.apiKey.id;
  await app.client.run('mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }', { id });
  await report(yard);
  await awaitTold(all, 'Door', 'Yard', 'Yard');
  await expect.poll(async () => (await rows()).map((row) => row.id)).toEqual([all.id, ofReporter.id]);
  expect(camerasTold(ofGuard)).toEqual(['Yard']);
  await guard.close();
});

test('a browser that the push service does not know any more is forgotten', async () => {
  const [gone, unknown, there] = await Promise.all([1, 2, 3].map(() => subscribe(by['VIEWER']!)));
  gone!.answers = 410;
  unknown!.answers = 404;
  await report(door);
  await awaitTold(there!, 'Door');
  await expect.poll(rows).toEqual([{ id: there!.id, failures: 0 }]);
});

test('a message that the push service does not take is sent again after a pause', async () => {
  const browser = await subscribe(by['VIEWER']!);
  // A redirect is not followed either.
  for (const status of [503, 429, 301]) {
    browser.answers = status;
    await sql.query('UPDATE push_subscriptions SET paused_until = NULL, failures = 0');
    const before = browser.received.length;
    await report(door);
    await expect.poll(() => browser.received.length).toBe(before + 1);
    await expect.poll(rows).toMatchObject([{ failures: 1 }]);
  }
  // While there is a pause, the service is not asked.
  browser.answers = 201;
  await report(yard);
  await expect
    .poll(
      async () =>
        (await sql.query(`SELECT 1 FROM graphile_worker.jobs WHERE task_identifier = 'push'`)).rowCount,
    )
    .toBe(4);
  expect(browser.received.length).toBe(3);
  // The pause is over.
  await sql.query('UPDATE push_subscriptions SET paused_until = now()');
  await sql.query(
    `SELECT graphile_worker.reschedule_jobs(
      ARRAY(SELECT id FROM graphile_worker.jobs WHERE task_identifier = 'push'), run_at := now())`,
  );
  await expect.poll(() => browser.received.length, { timeout: 15_000 }).toBe(7);
  expect(camerasTold(browser).slice(3).sort()).toEqual(['Door', 'Door', 'Door', 'Yard']);
  await expect.poll(rows).toMatchObject([{ failures: 0 }]);
});

test('a subscription is replaced by its browser, listed for its name, and deleted only by that name', async () => {
  const browser = await subscribe(by['VIEWER']!, { cameraIds: [door], types: ['PERSON'] });
  const list = async (client: TestClient) =>
    (await client.run<{ pushSubscriptions: object[] }>('{ pushSubscriptions { id cameraIds types } }'))
      .pushSubscriptions;
  expect(await list(by['VIEWER']!)).toEqual([{ id: browser.id, cameraIds: [door], types: ['PERSON'] }]);
  expect(await list(app.client)).toEqual([]);
  // Another person signs in at the same browser.
  await app.client.run(saving, { input: browser.input });
  expect(await list(by['VIEWER']!)).toEqual([]);
  expect(await list(app.client)).toEqual([{ id: browser.id, cameraIds: [], types: [] }]);
  const deleting = 'mutation($id: ID!) { deletePushSubscription(id: $id) { id } }';
  await by['VIEWER']!.run(deleting, { id: browser.id });
  expect(await rows()).toHaveLength(1);
  for (const _ of [1, 2]) await app.client.run(deleting, { id: browser.id });
  expect(await rows()).toEqual([]);

  for (let n = 0; n < 22; n++) await subscribe(by['VIEWER']!);
  expect(await rows()).toHaveLength(20);
});

test('what is no subscription is refused', async () => {
  const { input } = service.subscribe();
  const refused = async (wrong: object) => {
    const { code, issues } = await app.client.fail(saving, { input: { ...input, ...wrong } });
    return [code, ...issues!.map(({ path }) => path.join('.'))];
  };
  expect(await refused({ endpoint: 'ftp://example.org/x' })).toEqual(['BAD_USER_INPUT', 'input.endpoint']);
  expect(await refused({ p256dh: 'AAAA' })).toEqual(['BAD_USER_INPUT', 'input.p256dh']);
  const nowhere = '01900000-0000-7000-8000-000000000009';
  expect(await refused({ cameraIds: [nowhere] })).toEqual(['BAD_USER_INPUT', 'input.cameraIds']);
});

test('a server that may not send to private addresses accepts no subscription with one', async () => {
  const strict = await startTestApp();
  try {
    const { input } = service.subscribe();
    for (const endpoint of [input.endpoint, 'https://10.0.0.1/x', 'https://[::1]/x']) {
      expect(await strict.client.fail(saving, { input: { ...input, endpoint } })).toMatchObject({
        code: 'BAD_USER_INPUT',
        issues: [{ path: ['input', 'endpoint'] }],
      });
    }
    await strict.client.run(saving, { input: { ...input, endpoint: 'https://push.example.org/x' } });
  } finally {
    await strict.close();
  }
});

test('the servers of one database share one key, which the database holds sealed', async () => {
  const db = connectDb(app.config.databaseUrl!);
  const seal = createSeal([Buffer.alloc(32, 1)]);
  const stored = async () =>
    (await sql.query('SELECT push_key FROM installation')).rows[0].push_key as string;
  const before = await stored();
  expect(before).toMatch(/^sealed:[0-9a-f]{8}:/);
  try {
    await sql.query('UPDATE installation SET push_key = NULL');
    const [one, two] = await Promise.all([1, 2].map(() => sharedPushKey(db, seal, newVapidKey)));
    expect(one).toEqual({ text: expect.stringContaining('"crv":"P-256"'), isReplaced: false });
    expect(two).toEqual(one);
    expect(await sharedPushKey(db, seal, newVapidKey)).toEqual(one);
    expect(await stored()).not.toContain('P-256');
    // Without the key that sealed it, it is made anew.
    const other = await sharedPushKey(db, createSeal([Buffer.alloc(32, 2)]), newVapidKey);
    expect(other.isReplaced).toBe(true);
    expect(other.text).not.toBe(one!.text);
  } finally {
    await sql.query('UPDATE installation SET push_key = $1', [before]);
    await db.$disconnect();
  }
});

test('one of several servers tells each event', async () => {
  const told: string[] = [];
  const work = async ({ playbackId }: PushJob) => void told.push(playbackId);
  const queues = [1, 2, 3].map(
    () => new PushQueue({ url: app.config.databaseUrl!, work, log: createLog('silent') }),
  );
  // The server takes jobs of the same queue, but it sends nothing for playbacks that do not exist.
  await app.app.close();
  for (const queue of queues) queue.start();
  const names = Array.from({ length: 30 }, (_, n) => `playback ${n}`);
  await Promise.all(names.map((playbackId) => queues[0]!.add({ playbackId }, new Date())));
  await expect.poll(() => told.length, { timeout: 15_000 }).toBe(30);
  await Promise.all(queues.map((queue) => queue.close()));
  expect(told.sort()).toEqual(names.sort());
  await app.restart();
});
