// What subscriptions guarantee with stalled clients, old cursors, bursts of transitions and restarts.
import { once } from 'node:events';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { connectDb, type Db } from '../../src/db/client.ts';
import { createLog } from '../../src/log.ts';
import { TransitionHub } from '../../src/pubsub/transition-hub.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { until } from '../support/camera/reader.ts';
import { recordStatements } from '../support/database/statements.ts';

let app: TestApp;
let sql: pg.Client;
let db: Db;
const cameras = ['a', 'b'].map((n) => `00000000-0000-7000-8000-00000000000${n}`);
const playbackOf = (camera: string) => camera.replace('7000', '7001');
/** Asks for all transitions since the beginning: a client that has received one is subscribed. */
const fromTheBeginning = `after: "${Buffer.from('0 0').toString('base64url')}"`;
const eventOf = (camera: string) => camera.replace('7000', '7002');

/** Opens a WebSocket, sends connection_init, subscribes, and collects the messages. */
async function subscribe(query: string) {
  const socket = new WebSocket(`${app.app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const received: Message[] = [];
  socket.on('message', (data) => received.push(JSON.parse(String(data)) as Message));
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await once(socket, 'message');
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  const items = () =>
    received.flatMap(({ payload }) =>
      payload && 'data' in payload ? [payload.data.playbackStatusChanged] : [],
    );
  return { socket, received, items, closed };
}
interface Item {
  cursor: string;
  at: string;
}
interface Message {
  type: string;
  payload?: { data: { playbackStatusChanged: Item } } | { extensions: { code: string } }[];
}

/** Writes `count` transitions in one statement; their times begin at `from` and are one second apart. */
const insert = (camera: string, count: number, from = '2026-01-01T00:00:00Z') =>
  sql.query(
    `INSERT INTO playback_transitions (playback_id, from_status, to_status, at)
     SELECT $1, 'RECORDING', 'RECORDING', $2::timestamptz + n * interval '1 second' FROM generate_series(1, $3::int) n`,
    [playbackOf(camera), from, count],
  );

let heartbeats: { socket: Promise<unknown>; stream: Promise<string> };

beforeAll(async () => {
  app = await startTestApp();
  sql = new pg.Client({ connectionString: app.config.databaseUrl! });
  await sql.connect();
  db = connectDb(app.config.databaseUrl!);
  for (const camera of cameras) {
    await sql.query(
      `INSERT INTO cameras (id, name, rtsp_url, enabled) VALUES ($1, 'x', 'rtsp://h/', false)`,
      [camera],
    );
    // Large enough that a few hundred of them fill what the kernel keeps for a socket.
    await sql.query(
      `INSERT INTO events (id, camera_id, type, started_at, metadata) VALUES ($1, $2, 'OTHER', now(), to_jsonb(repeat('x', 50000)))`,
      [eventOf(camera), camera],
    );
    await sql.query(
      `INSERT INTO playbacks (id, camera_id, event_id, recording_status, storage_path, file_size_bytes) VALUES ($1, $2, $3, 'COMPLETED', 'x', 1)`,
      [playbackOf(camera), camera, eventOf(camera)],
    );
  }
  heartbeats = { socket: firstPing(), stream: firstComment() };
});

afterAll(async () => {
  await db.$disconnect();
  await sql.end();
  await app.close();
});

async function firstPing() {
  const { socket } = await subscribe('subscription { playbackStatusChanged { to } }');
  await once(socket, 'ping');
  socket.close();
}

async function firstComment() {
  const response = await fetch(`${app.app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({
      query: `subscription { playbackStatusChanged(filter: { cameraId: "${cameras[1]}", recordingStatus: [FAILED] }) { to } }`,
    }),
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  // Yoga begins the stream with a comment; the second comment is the heartbeat.
  let text = '';
  while (text.split(/^:/m).length <= 2) text += (await reader.read()).value ?? '';
  await reader.cancel();
  return text;
}

test('a stalled subscriber gets SUBSCRIBER_LAGGED and resumes by cursor; others get every transition in order', async () => {
  const camera = cameras[0]!;
  const filter = `filter: { cameraId: "${camera}" }`;
  await insert(camera, 1, '2025-01-01T00:00:00Z');
  const [stalled, lively] = (await Promise.all(
    ['at playback { event { metadata } }', 'at'].map((fields) =>
      subscribe(
        `subscription { playbackStatusChanged(${filter}, ${fromTheBeginning}) { cursor ${fields} } }`,
      ),
    ),
  )) as [Awaited<ReturnType<typeof subscribe>>, Awaited<ReturnType<typeof subscribe>>];
  await until(() => stalled.items().length > 0 && lively.items().length > 0, 'both to be subscribed');
  const before = lively.items().length;
  stalled.socket.pause();

  await insert(camera, 4_000);
  await until(() => lively.items().length >= before + 4_000, 'the lively one to get everything');
  const times = lively
    .items()
    .slice(before)
    .map(({ at }) => Date.parse(at));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(lively.received.at(-1)?.type).toBe('next');

  // The kernel's buffers for the stalled socket are full at most seconds after the lively one has everything. The server
  // then waits for five seconds.
  const since = performance.now();
  await until(() => performance.now() - since > 10_000, 'it has stalled');
  const metrics = await (await fetch(`${app.app.url}/metrics`)).text();
  expect(metrics).toContain('flashback_subscriber_lag 1000\n');
  stalled.socket.resume();
  await until(() => stalled.received.some(({ type }) => type === 'error'), 'the stalled one to get an error');
  expect(stalled.received.at(-1)).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'SUBSCRIBER_LAGGED' } }],
  });
  const got = stalled.items().length;
  expect(got).toBeLessThan(3_000);
  const resumed = await subscribe(
    `subscription { playbackStatusChanged(${filter}, after: "${stalled.items().at(-1)!.cursor}") { cursor at } }`,
  );
  await until(() => resumed.items().at(-1)?.cursor === lively.items().at(-1)!.cursor, 'the rest');
  const cursors = (items: Item[]) => items.map(({ cursor }) => cursor).slice(-4_000);
  expect(cursors([...stalled.items(), ...resumed.items()])).toEqual(cursors(lively.items()));
  for (const { socket } of [stalled, lively, resumed]) socket.close();
});

test('transitions of a playback that was deleted meanwhile are left out', async () => {
  const [camera, doomed] = [cameras[0]!, '00000000-0000-7003-8000-00000000000a'];
  const record = (id: string) =>
    sql.query(`INSERT INTO playbacks (id, camera_id, event_id) VALUES ($1, $2, $3)`, [
      id,
      camera,
      eventOf(camera),
    ]);
  await record(doomed);
  const { socket, received, items } = await subscribe(
    `subscription { playbackStatusChanged(filter: { cameraId: "${camera}" }) { cursor playback { id event { metadata } } } }`,
  );
  await until(() => items().length > 0, 'it is subscribed');
  socket.pause();
  await sql.query(
    `INSERT INTO playback_transitions (playback_id, to_status) SELECT $1, 'PENDING' FROM generate_series(1, 900)`,
    [doomed],
  );
  const lag = async () =>
    Number(
      /^flashback_subscriber_lag (\d+)$/m.exec(await (await fetch(`${app.app.url}/metrics`)).text())?.[1],
    );
  await until(async () => (await lag()) > 0, 'some of them wait');
  await sql.query('DELETE FROM playbacks WHERE id = $1', [doomed]);
  const last = doomed.replace('7003', '7004');
  await record(last);
  socket.resume();
  const isLast = ({ payload }: Message) => JSON.stringify(payload ?? {}).includes(last);
  await until(() => received.some(isLast), 'the next playback to be sent');
  expect(items().length).toBeLessThan(800);
  expect(received.filter((it) => JSON.stringify(it).includes('"errors"'))).toEqual([]);
  socket.close();
  await sql.query('DELETE FROM playbacks WHERE id = $1', [last]);
});

test('a selection is executed once for all subscribers that share it', async () => {
  const camera = cameras[1]!;
  const query = `subscription { playbackStatusChanged(filter: { cameraId: "${camera}", recordingStatus: [FAILED] }, ${fromTheBeginning}) { at playback { id camera { name playbacks(first: 1) { nodes { id } } } } } }`;
  const subscribers = await Promise.all(Array.from({ length: 40 }, () => subscribe(query)));
  let count = 0;
  const write = async () => {
    const at = new Date(Date.UTC(2026, 5, 1) + ++count * 1_000).toISOString();
    await sql.query(
      `INSERT INTO playback_transitions (playback_id, from_status, to_status, at) VALUES ($1, 'PROCESSING', 'FAILED', $2)`,
      [playbackOf(camera), at],
    );
    return at;
  };
  const publish = async () => {
    const at = await write();
    await until(
      () => subscribers.every(({ items }) => items().at(-1)?.at === at),
      'all to get the transition',
    );
  };
  await publish();
  const statements = recordStatements(app.config.databaseUrl!);
  await publish();
  statements.stop();
  const loads = statements.take().filter((text) => /ORDER BY "public"\."playbacks"/.test(text));
  expect(loads.length).toBeGreaterThan(0);
  expect(loads.length).toBeLessThanOrEqual(2);
  for (const { socket } of subscribers) socket.close();
});

test('the look-ups of a backlog are batched', async () => {
  const camera = cameras[1]!;
  await insert(camera, 500, '2024-01-01T00:00:00Z');
  const statements = recordStatements(app.config.databaseUrl!);
  const query = `subscription { playbackStatusChanged(filter: { cameraId: "${camera}" }, ${fromTheBeginning}) { at playback { camera { name } } } }`;
  const { socket, items } = await subscribe(query);
  await until(() => items().length >= 500, 'all have come');
  statements.stop();
  const lookUps = statements.take().filter((text) => /FROM "public"/.test(text));
  expect(lookUps.length).toBeGreaterThan(0);
  expect(lookUps.length).toBeLessThan(100);
  socket.close();
});

test.each([
  [
    'before removed transitions',
    async () => {
      const { rows } = await sql.query(`SELECT xid, id FROM playback_transitions ORDER BY xid, id LIMIT 1`);
      await insert(cameras[0]!, 10, '2020-01-01T00:00:00Z');
      await insert(cameras[0]!, 1);
      const hub = new TransitionHub({ db, log: createLog('silent'), keepDays: 365, now: Date.now });
      await hub.start();
      await hub.close();
      const left = await sql.query(
        `SELECT count(*)::int AS n FROM playback_transitions WHERE at < '2021-01-01'`,
      );
      expect(left.rows[0].n).toBe(0);
      return `${rows[0].xid} ${rows[0].id}`;
    },
  ],
  ['of another database', async () => '999999999999 1'],
])('a cursor %s is refused with CURSOR_EXPIRED', async (_, position) => {
  const after = Buffer.from(await position()).toString('base64url');
  const query = `subscription { playbackStatusChanged(after: "${after}") { cursor } }`;
  const { socket, received } = await subscribe(query);
  await until(() => received.some(({ type }) => type === 'error'), 'an error');
  expect(received.at(-1)).toMatchObject({ payload: [{ extensions: { code: 'CURSOR_EXPIRED' } }] });
  socket.close();
  const response = await fetch(`${app.app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
  });
  expect(await response.text()).toContain('"code":"CURSOR_EXPIRED"');
});

test('transitions restored from another server’s dump are not sent as new', async () => {
  const playback = playbackOf(cameras[1]!);
  // The other server's transaction number, which this server reaches soon.
  await sql.query(
    `INSERT INTO playback_transitions (playback_id, to_status, xid)
     VALUES ($1, 'COMPLETED', pg_current_xact_id()::text::bigint + 3)`,
    [playback],
  );
  const hub = new TransitionHub({ db, log: createLog('silent'), keepDays: undefined, now: Date.now });
  await hub.start();
  const subscription = hub.subscribe(
    { cameraId: cameras[1]!, recordingStatus: ['PENDING', 'COMPLETED'] },
    undefined,
  );
  const first = subscription.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (let i = 0; i < 5; i++) await insert(cameras[0]!, 1);
  await sql.query(`INSERT INTO playback_transitions (playback_id, to_status) VALUES ($1, 'PENDING')`, [
    playback,
  ]);
  hub.nudge();
  expect((await first).value).toMatchObject({ to: 'PENDING', cameraId: cameras[1] });
  await subscription.return!();
  await hub.close();
});

test('transitions that do not match the filter do not fill the queue', async () => {
  const hub = new TransitionHub({ db, log: createLog('silent'), keepDays: undefined, now: Date.now });
  await hub.start();
  const subscription = hub.subscribe({ cameraId: cameras[1]!, recordingStatus: ['PENDING'] }, undefined);
  const first = subscription.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await insert(cameras[0]!, 3_000);
  await insert(cameras[1]!, 3_000);
  await sql.query(`INSERT INTO playback_transitions (playback_id, to_status) VALUES ($1, 'PENDING')`, [
    playbackOf(cameras[1]!),
  ]);
  hub.nudge();
  expect((await first).value).toMatchObject({ to: 'PENDING', cameraId: cameras[1] });
  await subscription.return!();
  await hub.close();
});

test('unsubscribing removes the subscriber, whether it waits for a transition or not', async () => {
  const hub = new TransitionHub({ db, log: createLog('silent'), keepDays: undefined, now: Date.now });
  await hub.start();
  const subscriptions = Array.from({ length: 300 }, () =>
    hub.subscribe({ recordingStatus: ['PENDING'] }, undefined),
  );
  const waiting = subscriptions.slice(0, 150).map((subscription) => subscription.next());
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(hub.subscriberCount).toBe(300);
  await Promise.all(subscriptions.map((subscription) => subscription.return!()));
  expect(hub.subscriberCount).toBe(0);
  expect((await Promise.all(waiting)).every(({ done }) => done)).toBe(true);
  await hub.close();
});

test('both transports have heartbeats', async () => {
  await heartbeats.socket;
  expect(await heartbeats.stream).not.toContain('data');
}, 30_000);

test('a stopping server closes its sockets without waiting for stalled ones', async () => {
  const [lively, stalled] = await Promise.all([
    subscribe('subscription { playbackStatusChanged { cursor } }'),
    subscribe('subscription { playbackStatusChanged { cursor } }'),
  ]);
  await until(() => lively.received.length > 0 && stalled.received.length > 0, 'both to be acknowledged');
  stalled.socket.pause();
  await app.restart();
  // 1001: graphql-ws clients connect again.
  expect(await lively.closed).toBe(1001);
  stalled.socket.terminate();
});
