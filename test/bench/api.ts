// The API's figures: throughput and latency, pages of a million playbacks, fan-out to many subscribers.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import pg from 'pg';
import { WebSocket } from 'ws';
import { runningServerUrl } from '../../src/db/server.ts';
import { makePlaybacks } from '../support/many-playbacks.ts';
import { figure, heading, ms, percentile } from './figures.ts';
import { type BenchServer, makeDataDir, startServer } from './server.ts';

const million = 1_000_000;

export async function benchApi(): Promise<void> {
  const data = await makeDataDir();
  const start = () =>
    startServer(data.dir, { EVENTS_PER_MINUTE: '10000000', SOCKETS_PER_KEY: '20000', LOG_LEVEL: 'info' });
  const connect = async () => {
    const sql = new pg.Client({ connectionString: runningServerUrl(data.dir)! });
    await sql.connect();
    return sql;
  };
  let server = await start();
  let sql = await connect();
  try {
    const cameras = await makePlaybacks(sql, million);
    // A server that saw them come hands a million transitions out to subscribers for minutes.
    await sql.end();
    await server.stop();
    server = await start();
    sql = await connect();
    await benchThroughput(server, cameras[0]!);
    await benchPages(server, cameras);
    for (const subscribers of [100, 1_000, 10_000]) await benchFanOut(server, sql, cameras[1]!, subscribers);
    await benchBurst(server, sql, cameras[1]!);
  } finally {
    await sql.end();
    await server.stop();
    await data.remove();
  }
}

type Ask = (query: string, variables?: object) => Promise<unknown>;

/** A client that keeps so many connections open and uses each for one request at a time. */
function connections(server: BenchServer, count: number): { ask: Ask; close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const options = { agent, method: 'POST', headers: { 'content-type': 'application/json' } };
  const ask: Ask = (query, variables) =>
    new Promise((resolve, reject) => {
      request(`${server.client.url}/graphql`, options, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const { data, errors } = JSON.parse(text) as { data: unknown; errors?: unknown };
          if (errors) reject(new Error(JSON.stringify(errors)));
          else resolve(data);
        });
      })
        .on('error', reject)
        .end(JSON.stringify({ query, variables }));
    });
  return { ask, close: () => agent.destroy() };
}

/** Calls for that long with so many at a time. */
async function hammer(seconds: number, concurrency: number, call: () => Promise<unknown>) {
  const times: number[] = [];
  const end = performance.now() + seconds * 1_000;
  const worker = async () => {
    while (performance.now() < end) {
      const startedAt = performance.now();
      await call();
      times.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return times;
}

const three = (times: number[]) => [50, 95, 99].map((p) => ms(percentile(times, p))).join(' / ');

async function benchThroughput(server: BenchServer, cameraId: string): Promise<void> {
  heading('Mutations and queries (per second; p50 / p95 / p99)');
  const seconds = 5;
  const create = 'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }';
  const input = { cameraId, type: 'OTHER' };
  const query = '{ playbacks(pageSize: 20) { items { id recordingStatus startedAt camera { name } } } }';
  for (const concurrency of [1, 16, 256]) {
    for (const [name, text, variables] of [
      ['createEvent', create, { input }],
      ['page of 20 playbacks', query, {}],
    ] as const) {
      const { ask, close } = connections(server, concurrency);
      const times = await hammer(seconds, concurrency, () => ask(text, variables));
      const perSecond = (times.length / seconds).toFixed(0);
      figure(`${name}, ${concurrency} connections: ${perSecond} per second`, three(times));
      close();
    }
  }
}

async function benchPages(server: BenchServer, cameras: string[]): Promise<void> {
  heading('Pages of 20 among 1,000,000 playbacks (p95)');
  const { ask, close } = connections(server, 1);
  const connection = `query($filter: PlaybackFilter, $after: String) {
    playbackConnection(filter: $filter, after: $after) { nodes { id recordingStatus startedAt } pageInfo { endCursor hasNextPage } } }`;
  const filters = {
    everything: {},
    'a camera': { cameraId: cameras[0] },
    'a camera with few': { cameraId: cameras.at(-1) },
    COMPLETED: { recordingStatus: ['COMPLETED'] },
    'FAILED (one in a thousand)': { recordingStatus: ['FAILED'] },
    'RECORDING or PROCESSING': { recordingStatus: ['RECORDING', 'PROCESSING'] },
    'a camera, FAILED': { cameraId: cameras[0], recordingStatus: ['FAILED'] },
    'a stretch of time': { startedAfter: '2026-01-02T00:00:00Z', startedBefore: '2026-01-03T00:00:00Z' },
  };
  const span = (million / 3) * 1_000;
  for (const [name, filter] of Object.entries(filters)) {
    const times: number[] = [];
    for (let n = 0; n < 100; n++) {
      // Anywhere between the newest and the oldest.
      const moment = Date.UTC(2026, 0, 1) + Math.floor((span * (n + 1)) / 101);
      const after = Buffer.from(`${moment} ffffffff-ffff-7fff-bfff-ffffffffffff`).toString('base64url');
      const startedAt = performance.now();
      await ask(connection, { filter, after });
      times.push(performance.now() - startedAt);
    }
    figure(`by cursor, ${name}`, ms(percentile(times, 95)), '20 ms');
  }
  const times: number[] = [];
  for (let page = 1; page <= 100; page++) {
    const startedAt = performance.now();
    await ask('query($page: Int) { playbacks(page: $page) { items { id recordingStatus startedAt } } }', {
      page,
    });
    times.push(performance.now() - startedAt);
  }
  figure('numbered, pages 1 to 100', ms(percentile(times, 95)), '50 ms');
  close();
}

interface Subscriber {
  readonly socket: WebSocket;
  onItem: (item: { at: string }) => void;
}

async function subscribe(server: BenchServer, cameraId: string): Promise<Subscriber> {
  const socket = new WebSocket(`${server.client.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    perMessageDeflate: false,
  });
  const subscriber: Subscriber = { socket, onItem: () => {} };
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  const query = `subscription { playbackStatusChanged(filter: { cameraId: "${cameraId}", recordingStatus: [FAILED] }) { cursor at to playback { id camera { name } } } }`;
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  // Answered in order: when this is answered, the subscription is under way.
  socket.on('message', (data) => {
    const { payload } = JSON.parse(String(data)) as {
      payload?: { data: { playbackStatusChanged: { at: string } } };
    };
    if (payload?.data) subscriber.onItem(payload.data.playbackStatusChanged);
  });
  return subscriber;
}

const insert = `INSERT INTO playback_transitions (playback_id, from_status, to_status, at)
  SELECT (SELECT id FROM playbacks WHERE camera_id = $1 LIMIT 1), 'PROCESSING', 'FAILED', $2::timestamptz + n * interval '1 millisecond'
  FROM generate_series(1, $3::int) n`;

async function benchFanOut(
  server: BenchServer,
  sql: pg.Client,
  cameraId: string,
  count: number,
): Promise<void> {
  const subscribers: Subscriber[] = [];
  while (subscribers.length < count) {
    subscribers.push(...(await Promise.all(Array.from({ length: 100 }, () => subscribe(server, cameraId)))));
  }
  /** Milliseconds from the transition's commit to each subscriber's receipt. */
  const round = async (): Promise<number[]> => {
    const times: number[] = [];
    const at = new Date();
    const all = Promise.all(
      subscribers.map(
        (subscriber) =>
          new Promise<void>((resolve) => {
            subscriber.onItem = () => {
              times.push(performance.now() - startedAt);
              resolve();
            };
          }),
      ),
    );
    await sql.query(insert, [cameraId, at, 1]);
    const startedAt = performance.now();
    await all;
    return times;
  };
  for (const _ of [1, 2, 3])
    await Promise.race([round(), new Promise((resolve) => setTimeout(resolve, 5_000))]);
  const times = [];
  for (let n = 0; n < 10; n++) times.push(...(await round()));
  heading(
    `One transition to ${count} subscribers (p50 / p95 / p99; server's memory ${server.rssMib().toFixed(0)} MiB)`,
  );
  figure('commit → received', three(times), 'p99 250 ms');
  for (const { socket } of subscribers) socket.terminate();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}

async function benchBurst(server: BenchServer, sql: pg.Client, cameraId: string): Promise<void> {
  const count = 100_000;
  const subscriber = await subscribe(server, cameraId);
  let received = 0;
  let last = '';
  let ordered = true;
  const all = new Promise<void>((resolve) => {
    subscriber.onItem = ({ at }) => {
      ordered &&= at >= last;
      last = at;
      if (++received === count) resolve();
    };
  });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const startedAt = performance.now();
  await sql.query(insert, [cameraId, new Date(), count]);
  const isOver = new Promise<void>((resolve) => subscriber.socket.once('close', () => resolve()));
  await Promise.race([all, isOver, new Promise((resolve) => setTimeout(resolve, 120_000))]);
  heading(`A burst of ${count} transitions at once to one subscriber`);
  figure(
    `received ${received}, ${ordered ? 'in order' : 'OUT OF ORDER'}`,
    `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
  );
  subscriber.socket.terminate();
}
