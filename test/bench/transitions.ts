// How soon subscribers get transitions: one transition to many of them, and many transitions to one.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import pg from 'pg';
import { WebSocket } from 'ws';
import { runningServerUrl } from '../../src/db/embedded/server.ts';
import { until } from '../support/camera/reader.ts';
import { makePlaybacks } from '../support/database/many-playbacks.ts';
import { figure, heading, percentiles } from './figures.ts';
import { type BenchServer, makeDataDir, startServer } from './server.ts';
import type { SubscribersWanted } from './subscriber-process.ts';

const playbacks = 10_000;
const burst = 100_000;
/**
 * In about one of forty rounds, garbage collection marks the whole heap and makes the round slower: a p99 needs more
 * rounds.
 */
const rounds = 100;

export async function benchTransitions(): Promise<void> {
  const data = await makeDataDir();
  const server = await startServer(data.dir, { SOCKETS_PER_KEY: '20000' });
  const sql = new pg.Client({ connectionString: runningServerUrl(data.dir)! });
  await sql.connect();
  try {
    const cameras = await makePlaybacks(sql, playbacks);
    // The transitions that were just written are read before the first figure, while there are no subscribers.
    await until(async () => (await metric(server, 'flashback_transitions_total')) >= playbacks, 'they are');
    for (const count of [100, 1_000, 10_000]) await benchFanOut(server, sql, cameras[1]!, count);
    await benchBurst(server, sql);
  } finally {
    await sql.end();
    await server.stop();
    await data.remove();
  }
}

/** The sum over all labels. */
async function metric(server: BenchServer, name: string): Promise<number> {
  const text = await (await fetch(`${server.client.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const selection = 'cursor at to playback { id camera { name } }';

async function benchFanOut(
  server: BenchServer,
  sql: pg.Client,
  cameraId: string,
  count: number,
): Promise<void> {
  const child = fork(path.join(import.meta.dirname, 'subscriber-process.ts'));
  const answer = async <T>(message: SubscribersWanted | { awaiting: number }) => {
    const answered = once(child, 'message') as Promise<[T]>;
    child.send(message);
    return (await answered)[0];
  };
  const query = `subscription { playbackStatusChanged(filter: { cameraId: "${cameraId}", recordingStatus: [FAILED] }) { ${selection} } }`;
  await answer({ port: Number(new URL(server.client.url).port), count, query });
  await until(async () => (await metric(server, 'flashback_subscribers')) === count, 'all have subscribed');

  /** Milliseconds from the transition's commit to its receipt by each subscriber. */
  const round = async (): Promise<number[]> => {
    await answer({ awaiting: count });
    const received = once(child, 'message') as Promise<[number[]]>;
    await sql.query(
      `INSERT INTO playback_transitions (playback_id, from_status, to_status)
       SELECT id, 'PROCESSING', 'FAILED' FROM playbacks WHERE camera_id = $1 LIMIT 1`,
      [cameraId],
    );
    const committed = Number(process.hrtime.bigint()) / 1e6;
    return (await received)[0].map((time) => time - committed);
  };
  for (let warm = 0; warm < 3; warm++) await round();
  const times: number[] = [];
  for (let n = 0; n < rounds; n++) times.push(...(await round()));
  heading(
    `${rounds} transitions to ${count} subscribers (p50 / p95 / p99 / most; server's memory ${server.rssMib().toFixed(0)} MiB)`,
  );
  figure('commit → received', percentiles(times, 50, 95, 99, 100), 'p99 250 ms');
  child.disconnect();
  await once(child, 'exit');
  await until(async () => (await metric(server, 'flashback_subscribers')) === 0, 'all are gone');
}

interface Item {
  readonly cursor: string;
  readonly at: string;
}

/**
 * Resumes when it gets SUBSCRIBER_LAGGED, as clients do. Resolves when it has received as many transitions as were
 * written.
 */
async function benchBurst(server: BenchServer, sql: pg.Client): Promise<void> {
  const items: Item[] = [];
  let lagged = 0;
  const address = `${server.client.url.replace('http', 'ws')}/graphql`;
  const socket = new WebSocket(address, 'graphql-transport-ws', { perMessageDeflate: false });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  const subscribe = () => {
    const query = `subscription($after: String) { playbackStatusChanged(filter: { recordingStatus: [FAILED] }, after: $after) { ${selection} } }`;
    const payload = { query, variables: { after: items.at(-1)?.cursor } };
    socket.send(JSON.stringify({ id: `${lagged}`, type: 'subscribe', payload }));
  };
  const all = new Promise<void>((resolve, reject) => {
    socket.on('message', (data) => {
      const { type, payload } = JSON.parse(String(data)) as {
        type: string;
        payload: { data: { playbackStatusChanged: Item } } | { extensions: { code: string } }[];
      };
      if (type === 'next' && 'data' in payload) {
        items.push(payload.data.playbackStatusChanged);
        if (items.length === burst) resolve();
      } else if (JSON.stringify(payload).includes('SUBSCRIBER_LAGGED')) {
        lagged++;
        subscribe();
      } else if (type === 'error') reject(new Error(JSON.stringify(payload)));
    });
    socket.once('close', (code) => reject(new Error(`The socket was closed with ${code}.`)));
  });
  subscribe();
  await until(async () => (await metric(server, 'flashback_subscribers')) === 1, 'it has subscribed');

  const before = server.rssMib();
  let mostMib = before;
  const looking = setInterval(() => {
    mostMib = Math.max(mostMib, server.rssMib());
  }, 100);
  await sql.query(
    `INSERT INTO playback_transitions (playback_id, from_status, to_status, at)
     SELECT ids.all[1 + n % cardinality(ids.all)], 'PROCESSING', 'FAILED', now() + n * interval '1 millisecond'
     FROM (SELECT array_agg(id) AS all FROM playbacks) ids, generate_series(1, $1::int) n`,
    [burst],
  );
  const startedAt = performance.now();
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 240_000))]);
  clearInterval(looking);
  const sec = (performance.now() - startedAt) / 1_000;
  const ordered = items.every(({ at }, n) => n === 0 || items[n - 1]!.at < at);
  heading(`A burst of ${burst} transitions in one commit, to one subscriber to all of them`);
  const how = `${ordered ? 'each once, in order' : 'OUT OF ORDER'}, told ${lagged} times that it lags`;
  figure(`${items.length} received, ${how}`, `${sec.toFixed(1)} s`);
  figure('per second', (items.length / sec).toFixed(0));
  figure("the server's memory before / at most", `${before.toFixed(0)} / ${mostMib.toFixed(0)} MiB`);
  socket.removeAllListeners('close');
  socket.terminate();
}
