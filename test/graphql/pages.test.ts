// Pages of long lists: their query plans, the number of their statements, and that no row is skipped or repeated.
import { createClient } from 'graphql-ws';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { until } from '../support/camera/reader.ts';
import { makePlaybacks } from '../support/database/many-playbacks.ts';
import { recordStatements, type Statements } from '../support/database/statements.ts';

const count = 60_000;
let app: TestApp;
let sql: pg.Client;
let statements: Statements;
let cameras: string[];

beforeAll(async () => {
  app = await startTestApp({ eventsPerMinute: 1_000_000 });
  sql = new pg.Client({ connectionString: app.config.databaseUrl! });
  await sql.connect();
  cameras = await makePlaybacks(sql, count);
  statements = recordStatements(app.config.databaseUrl!);
});

afterAll(async () => {
  statements.stop();
  await sql.end();
  await app.close();
});

/**
 * Background work: keys, the horizon of transitions, removals, automatic ends, interrupted recordings, stretches that are
 * reviewed.
 */
const background = [
  /api_keys|pg_snapshot|store_removals|INTO review_stretches/,
  /AS "isAny"|SET\s+ended_at = (due|lease_expires_at)/,
  /^SELECT .*"(created_at" <=|recording_status" = CAST)/,
  /^SELECT (?!COUNT)(?!.*ORDER BY).*WHERE .*recording_status" IN \(/,
];

/** The statements of one operation, without those of background work. */
async function statementsOf(query: string, variables?: object) {
  statements.takeWithValues();
  await app.client.run(query, variables);
  return statements.takeWithValues().filter(({ text }) => !background.some((kind) => kind.test(text)));
}

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}
const flat = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flat)];

/** PostgreSQL's plans for a page's statements that read playbacks or events. */
async function plansOf(query: string, variables?: object): Promise<Plan[]> {
  const lists = (await statementsOf(query, variables)).filter(({ text }) => /ORDER BY/.test(text));
  expect(lists.length).toBeGreaterThan(0);
  const plans = [];
  for (const { text, values } of lists) {
    // The test's own connection. Its statements are not recorded, because it was opened before on the same database.
    const { rows } = await sql.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
    plans.push(...flat(rows[0]['QUERY PLAN'][0].Plan as Plan));
  }
  statements.take();
  return plans;
}

const middle = () =>
  Buffer.from(`${Date.UTC(2026, 0, 1) + 10_000_000} ${'0'.repeat(8)}-0000-7000-8000-000000000000`).toString(
    'base64url',
  );
const last = () =>
  Buffer.from(`${Date.UTC(2026, 0, 1) + 100_000} ${'0'.repeat(8)}-0000-7000-8000-000000000000`).toString(
    'base64url',
  );

describe('pages are read from an index, which reads only the page’s rows', () => {
  const filters: [string, () => object][] = [
    ['everything', () => ({})],
    ['a camera', () => ({ cameraId: cameras[0] })],
    ['a camera with few', () => ({ cameraId: cameras[19] })],
    ['a status', () => ({ recordingStatus: ['COMPLETED'] })],
    ['a rare status', () => ({ recordingStatus: ['FAILED'] })],
    ['a camera and a rare status', () => ({ cameraId: cameras[0], recordingStatus: ['FAILED'] })],
    [
      'a stretch of time',
      () => ({ startedAfter: '2026-01-01T01:00:00Z', startedBefore: '2026-01-01T02:00:00Z' }),
    ],
    [
      'a camera and a stretch of time',
      () => ({ cameraId: cameras[0], startedBefore: '2026-01-01T02:00:00Z' }),
    ],
    ['what is still to be reviewed', () => ({ reviewed: false })],
    ['an event', () => ({ eventId: '00000000-0000-7000-8000-000000000100' })],
  ];
  const pages: [string, () => object][] = [
    ['first', () => ({ first: 20 })],
    ['from the middle', () => ({ first: 20, after: middle() })],
    ['near the end', () => ({ first: 20, after: last() })],
    ['backwards', () => ({ first: null, last: 20, before: middle() })],
  ];

  for (const [filterName, filter] of filters) {
    test.each(pages)(`${filterName}, %s`, async (_, page) => {
      const plans = await plansOf(
        `query($filter: PlaybackFilter, $first: Int, $after: String, $last: Int, $before: String) {
          playbackConnection(filter: $filter, first: $first, after: $after, last: $last, before: $before) { nodes { id } } }`,
        { filter: filter(), ...page() },
      );
      const types = plans.map((plan) => plan['Node Type']);
      const readWhole = plans.filter((plan) => plan['Node Type'] === 'Seq Scan');
      expect(readWhole.map((plan) => plan['Relation Name'])).toEqual([]);
      expect(types.some((type) => /Index/.test(type))).toBe(true);
      const read = plans.map((plan) => (plan['Rows Removed by Filter'] ?? 0) + plan['Actual Rows']);
      // The page and a few rows more: rows of the same time as the cursor, and the one that shows whether more follow.
      expect(Math.max(...read)).toBeLessThanOrEqual(100);
    });
  }

  test('numbered pages', async () => {
    const plans = await plansOf('{ playbacks(page: 100) { items { id } } }');
    expect(plans.map((plan) => plan['Node Type']).filter((type) => /Seq Scan|Sort/.test(type))).toEqual([]);
  });

  test('open events among many that have ended', async () => {
    const plans = await plansOf('{ events(filter: { open: true }) { nodes { id } } }');
    expect(plans.map((plan) => plan['Node Type'])).not.toContain('Seq Scan');
  });
});

describe('pages neither skip nor repeat rows', () => {
  test.each([
    ['forwards', 'first', 'after', 'hasNextPage', 'endCursor'],
    ['backwards', 'last', 'before', 'hasPreviousPage', 'startCursor'],
  ] as const)(
    '%s, with several at one moment and rows deleted between pages',
    async (_, size, from, more, edge) => {
      const filter = { startedBefore: '2026-01-01T00:00:40Z' };
      const { rows } = await sql.query(
        `SELECT id FROM playbacks WHERE started_at < '2026-01-01T00:00:40Z' ORDER BY started_at DESC, id DESC`,
      );
      const expected = rows.map(({ id }) => id as string);
      if (size === 'last') expected.reverse();
      const seen: string[] = [];
      let cursor: string | undefined;
      let deleted: string | undefined;
      do {
        const { playbackConnection: page } = await app.client.run<{
          playbackConnection: { nodes: { id: string }[]; pageInfo: Record<string, unknown> };
        }>(
          `query($filter: PlaybackFilter, $cursor: String) { playbackConnection(filter: $filter, first: ${size === 'last' ? 'null, last: 7' : '7'}, ${from}: $cursor) {
          nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
          { filter, cursor },
        );
        const ids = page.nodes.map(({ id }) => id);
        seen.push(...(size === 'last' ? ids.reverse() : ids));
        cursor = page.pageInfo[more] ? (page.pageInfo[edge] as string) : undefined;
        // The row of the cursor. The cursor stays valid.
        deleted ??= seen.at(-1);
        if (seen.length === 7) await sql.query('DELETE FROM playbacks WHERE id = $1', [deleted]);
      } while (cursor);
      expect(seen).toEqual(expected);
    },
  );
});

describe('a long page takes as many statements as a short one', () => {
  // Some seconds after the start, recordings that nobody makes are found and become FAILED.
  beforeAll(async () => {
    const running = `SELECT 1 FROM playbacks WHERE recording_status = 'RECORDING'`;
    await until(async () => (await sql.query(running)).rows.length === 0, 'none is left');
  });

  const nested =
    'id event { id type camera { name } } camera { id name } transitions { at to } gaps { from }';
  test.each([
    ['playbacks', `query($n: Int) { playbacks(pageSize: $n) { items { ${nested} } } }`, 5],
    [
      'playbacks with a count',
      `query($n: Int) { playbacks(pageSize: $n) { total totalPages items { id } } }`,
      2,
    ],
    [
      'playbackConnection',
      `query($n: Int) { playbackConnection(first: $n) { nodes { ${nested} } edges { cursor } pageInfo { endCursor hasNextPage } } }`,
      5,
    ],
    [
      'events',
      `query($n: Int) { events(first: $n) { nodes { id camera { name } playbacks { id recordingStatus } } } }`,
      3,
    ],
    ['cameras', '{ cameras { id name state } }', 1],
    ['playback', `{ playback(id: "00000000-0000-7000-8000-000000000100") { ${nested} } }`, 5],
  ])('%s', async (_, query, statementCount) => {
    const short = await statementsOf(query, { n: 2 });
    const long = await statementsOf(query, { n: 50 });
    const textOf = ({ text }: { text: string }) => text.slice(0, 80);
    // Statements of one answer may be sent in any order.
    expect(long.map(textOf).sort()).toEqual(short.map(textOf).sort());
    expect(long).toHaveLength(statementCount);
  });

  test('createEvent and endEvent', async () => {
    const { createEvent } = await app.client.run<{ createEvent: { event: { id: string } } }>(
      `mutation { createEvent(input: { cameraId: "${cameras[0]}", type: OTHER }) { event { id } } }`,
    );
    statements.take();
    const createAnd = (selection: string) =>
      statementsOf(
        `mutation { createEvent(input: { cameraId: "${cameras[0]}", type: OTHER }) { ${selection} } }`,
      );
    const create = await createAnd('event { id type startedAt metadata } playback { id }');
    const createAndMore = await createAnd('event { id camera { name } } playback { id }');
    const end = await statementsOf(
      `mutation { endEvent(input: { id: "${createEvent.event.id}" }) { event { id endedAt } playback { id } } }`,
    );
    expect({
      create: create.length,
      createAndMore: createAndMore.length,
      end: end.length,
    }).toMatchInlineSnapshot(`
      {
        "create": 2,
        "createAndMore": 4,
        "end": 3,
      }
    `);
  });

  test('totals are counted only if they are selected', async () => {
    const counts = async (query: string) =>
      (await statementsOf(query)).filter(({ text }) => /COUNT\(/i.test(text)).length;
    expect(await counts('{ playbacks { page pageSize items { id } } }')).toBe(0);
    expect(await counts('{ playbackConnection { nodes { id } } }')).toBe(0);
    expect(await counts('{ playbackConnection { totalCount } }')).toBe(1);
    expect(await counts('{ playbacks { total totalPages } }')).toBe(1);
  });
});

describe('pages of a search', () => {
  // Of 60,000 events, one in a hundred has "spread", which fills a page from the rows that a search reads first (`nearRows`).
  // The oldest 30 have "oldest", the oldest 10,500 "past": newest first, these are not among those rows.
  beforeAll(() =>
    sql.query(
      `UPDATE events e SET label = concat_ws(' ', CASE WHEN n % 100 = 0 THEN 'spread' END, CASE WHEN n <= 30 THEN 'oldest' END,
         CASE WHEN n <= 10500 THEN 'past' END)
       FROM (SELECT id, row_number() OVER (ORDER BY started_at, id) AS n FROM events) numbered
       WHERE numbered.id = e.id AND (n % 100 = 0 OR n <= 10500)`,
    ),
  );

  const lists = {
    events: `query($filter: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {
      list: events(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
        nodes { id } pageInfo { startCursor endCursor } } }`,
    playbacks: `query($filter: PlaybackFilter, $first: Int, $after: String, $last: Int, $before: String) {
      list: playbackConnection(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
        nodes { id } pageInfo { startCursor endCursor } } }`,
  };
  interface Read {
    list: { nodes: { id: string }[]; pageInfo: { startCursor: string; endCursor: string } };
  }

  describe.each(['events', 'playbacks'] as const)('%s', (list) => {
    const read = async (variables: object) => {
      const { list: page } = await app.client.run<Read>(lists[list], variables);
      return { ids: page.nodes.map(({ id }) => id), ...page.pageInfo };
    };
    const expected = async (words: string[], camera: string | undefined) => {
      const { rows } = await sql.query(
        `SELECT l.id FROM ${list} l JOIN events e ON e.id = ${list === 'events' ? 'l.id' : 'l.event_id'}
         WHERE e.words @> $1 AND ($2::uuid IS NULL OR l.camera_id = $2) ORDER BY l.started_at DESC, l.id DESC`,
        [words, camera],
      );
      return rows.map(({ id }) => id as string);
    };

    test.each([
      ['spread', false],
      ['oldest', false],
      ['past', false],
      ['past spread', false],
      ['past', true],
      ['nowhere', false],
    ])('of "%s", forwards and backwards', async (search, isOfCamera) => {
      const camera = isOfCamera ? cameras[19] : undefined;
      const all = await expected(search.split(' '), camera);
      const filter = { search, ...(camera && { cameraId: camera }) };
      const first = await read({ filter, first: 20 });
      const second = await read({ filter, first: 20, after: first.endCursor ?? last() });
      expect(first.ids).toEqual(all.slice(0, 20));
      if (first.endCursor) expect(second.ids).toEqual(all.slice(20, 40));
      const ends = await read({ filter, first: null, last: 20 });
      expect(ends.ids).toEqual(all.slice(-20));
      if (second.startCursor)
        expect((await read({ filter, first: null, last: 7, before: second.startCursor })).ids).toEqual(
          all.slice(13, 20),
        );
    });
  });

  test('by number', async () => {
    const { rows } = await sql.query(
      `SELECT p.id FROM playbacks p JOIN events e ON e.id = event_id WHERE e.words @> '{past,spread}'
       ORDER BY p.started_at DESC, p.id DESC`,
    );
    const { playbacks } = await app.client.run<{ playbacks: { total: number; items: { id: string }[] } }>(
      '{ playbacks(page: 3, filter: { search: "spread past", recordingStatus: [COMPLETED, FAILED] }) { total items { id } } }',
    );
    expect(playbacks).toEqual({ total: rows.length, items: rows.slice(40, 60) });
  });
});

interface Created {
  createEvent: { event: { id: string }; playback: { id: string } };
}

test('a thousand concurrent createEvents with one key are one event with one recording', async () => {
  const { createCamera } = await app.client.run<{ createCamera: { camera: { id: string } } }>(
    'mutation { createCamera(input: { name: "Idempotent", rtspUrl: "rtsp://127.0.0.1:9/", preRollSec: 0 }) { camera { id } } }',
  );
  const cameraId = createCamera.camera.id;
  const input = { cameraId, type: 'MOTION', idempotencyKey: 'a thousand times' };
  // Ten sockets with a hundred operations each. A thousand connections would measure this machine's kernel instead.
  const sockets = Array.from({ length: 10 }, () =>
    createClient({ url: `${app.app.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket }),
  );
  const query =
    'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } playback { id } } }';
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, async (_, n) => {
      const answer = await sockets[n % 10]!.iterate<Created>({ query, variables: { input } }).next();
      expect(
        answer.value?.errors,
        app.logged.findLast((line) => line.includes('unexpectedly')),
      ).toBeUndefined();
      return answer.value!.data!;
    }),
  );
  for (const socket of sockets) void socket.dispose();
  expect(new Set(answers.map(({ createEvent }) => createEvent.event.id)).size).toBe(1);
  expect(new Set(answers.map(({ createEvent }) => createEvent.playback.id)).size).toBe(1);
  const { rows } = await sql.query(
    `SELECT (SELECT count(*)::int FROM events WHERE camera_id = $1) AS events, (SELECT count(*)::int FROM playbacks WHERE camera_id = $1) AS playbacks`,
    [cameraId],
  );
  expect(rows[0]).toEqual({ events: 1, playbacks: 1 });
});
