// The API's figures: throughput, latency, and pages of a million playbacks.
import pg from 'pg';
import { runningServerUrl } from '../../src/db/embedded/server.ts';
import { until } from '../support/camera/reader.ts';
import { makePlaybacks } from '../support/database/many-playbacks.ts';
import { connections } from './connections.ts';
import { figure, heading, ms, percentile, percentiles } from './figures.ts';
import { type BenchServer, makeDataDir, startServer } from './server.ts';

const million = 1_000_000;

type Bench = (server: BenchServer, sql: pg.Client, cameras: string[]) => Promise<void>;

export const benchApi = (): Promise<void> =>
  withMillion(async (server, _sql, cameras) => {
    await benchThroughput(server, cameras[0]!);
    await benchPages(server, cameras);
  });

export const benchLists = (): Promise<void> =>
  withMillion(async (server, sql, cameras) => {
    await benchSearch(server, sql, cameras);
    await benchReviewed(server, sql);
  });

/** Runs a bench with a server that has a million playbacks. */
async function withMillion(bench: Bench): Promise<void> {
  const data = await makeDataDir();
  const start = () => startServer(data.dir, { EVENTS_PER_MINUTE: '10000000' });
  const connect = async () => {
    const sql = new pg.Client({ connectionString: runningServerUrl(data.dir)! });
    await sql.connect();
    return sql;
  };
  let server = await start();
  let sql = await connect();
  try {
    const cameras = await makePlaybacks(sql, million);
    // A server that was running during the insertion would send a million transitions to subscribers for minutes.
    await sql.end();
    await server.stop();
    server = await start();
    sql = await connect();
    await bench(server, sql, cameras);
  } finally {
    await sql.end();
    await server.stop();
    await data.remove();
  }
}

/** Makes calls for this time, so many of them concurrently. */
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
      const { ask, close } = connections(server.client.url, concurrency);
      const times = await hammer(seconds, concurrency, () => ask(text, variables));
      const perSecond = (times.length / seconds).toFixed(0);
      figure(`${name}, ${concurrency} connections: ${perSecond} per second`, percentiles(times, 50, 95, 99));
      close();
    }
  }
}

async function benchPages(server: BenchServer, cameras: string[]): Promise<void> {
  heading('Pages of 20 among 1,000,000 playbacks (p95)');
  const { ask, close } = connections(server.client.url, 1);
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
      // Anywhere between the newest and the oldest playback.
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

/** Which of a million events have each word: 100, 10,000 and half of them, and the oldest 100, 5,000 and 50,000. */
const words = {
  rare: 'n % 10000 = 0',
  usual: 'n % 100 = 0',
  everywhere: 'n % 2 = 0',
  oldest: 'n <= 100',
  former: 'n <= 5000',
  past: 'n <= 50000',
};

/** The words of labels, and a number of its own in each event's metadata. */
async function benchSearch(server: BenchServer, sql: pg.Client, cameras: string[]): Promise<void> {
  heading('Search over 1,000,000 events, a page of 20 (p95 of 100)');
  const label = Object.entries(words).map(([word, which]) => `CASE WHEN ${which} THEN '${word}' END`);
  await sql.query(
    `UPDATE events e SET label = concat_ws(' ', ${label.join(', ')}, 'gate ' || n % 40),
       metadata = jsonb_build_object('plate', 'AB ' || n, 'score', 0.9)
     FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM events) numbered WHERE numbered.id = e.id`,
  );
  await sql.query('VACUUM ANALYZE events');
  const { ask, close } = connections(server.client.url, 1);
  const [camera] = cameras;
  const lists: Record<string, (n: number) => { search: string; cameraId?: string | undefined }> = {
    'one event': (n) => ({ search: `ab ${1 + n * 9_973}` }),
    'a word of 100 events': () => ({ search: 'rare' }),
    'a word of 10,000 events': () => ({ search: 'usual' }),
    'a word of half of them': () => ({ search: 'everywhere' }),
    'a word of the oldest 100': () => ({ search: 'oldest' }),
    'a word of the oldest 5,000': () => ({ search: 'former' }),
    'a word of the oldest 50,000': () => ({ search: 'past' }),
    'two usual words': (n) => ({ search: `gate ${n % 40} usual` }),
    'two words that no event has together': () => ({ search: 'everywhere gate 7' }),
    'a camera, a usual word': () => ({ search: 'usual', cameraId: camera }),
    'a camera with few, a usual word': () => ({ search: 'usual', cameraId: cameras.at(-1) }),
    'no event': (n) => ({ search: `nothing${n}` }),
  };
  const queries = {
    events: 'query($filter: EventFilter) { events(filter: $filter) { nodes { id label startedAt } } }',
    playbacks: `query($filter: PlaybackFilter) {
      playbackConnection(filter: $filter) { nodes { id recordingStatus startedAt } } }`,
  };
  for (const [of, query] of Object.entries(queries)) {
    for (const [name, filter] of Object.entries(lists)) {
      const times: number[] = [];
      for (let n = 0; n < 100; n++) {
        const startedAt = performance.now();
        await ask(query, { filter: filter(n) });
        times.push(performance.now() - startedAt);
      }
      figure(`${of}, ${name}`, ms(percentile(times, 95)), '50 ms');
    }
  }
  close();
}

/** What is still to be reviewed, where one person has reviewed nearly all of a million. */
async function benchReviewed(server: BenchServer, sql: pg.Client): Promise<void> {
  heading('Playbacks still to be reviewed, among 1,000,000 reviewed ones');
  await sql.query(
    `INSERT INTO reviews (playback_id, person, at) SELECT id, 'local', now() FROM playbacks ON CONFLICT DO NOTHING`,
  );
  await sql.query(
    `DELETE FROM reviews WHERE playback_id IN (
      SELECT id FROM (SELECT id, row_number() OVER (ORDER BY started_at) AS n FROM playbacks) p WHERE n % 100000 = 7)`,
  );
  await sql.query('VACUUM ANALYZE reviews');
  const { ask, close } = connections(server.client.url, 1);
  const query = '{ playbackConnection(filter: { reviewed: false }) { nodes { id startedAt } } }';
  const timed = async () => {
    const startedAt = performance.now();
    await ask(query, {});
    return performance.now() - startedAt;
  };
  figure('the first time', ms(await timed()));
  await until(async () => (await sql.query('SELECT FROM review_stretches')).rowCount! > 0, 'they are found');
  const times: number[] = [];
  for (let n = 0; n < 100; n++) times.push(await timed());
  figure('after that, p95', ms(percentile(times, 95)), '50 ms');
  close();
}
