// Lists of what is still to be reviewed skip long stretches of reviewed playbacks, and are the same as without them.
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectDb, type Db } from '../../src/db/client.ts';
import { ReviewStretches } from '../../src/db/review-stretches.ts';
import type { Caller } from '../../src/domain/caller.ts';
import { createLog } from '../../src/log.ts';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { writePast } from '../support/database/history.ts';

const many = 600;
const secret = 'secret-of-the-key-of-the-night';
const caller: Caller = { name: 'night', holder: 'k1', role: 'VIEWER', cameraIds: undefined };

let app: TestApp;
let sql: pg.Client;
let db: Db;
let night: TestClient;
let cameraIds: [string, string];

beforeAll(async () => {
  const apiKeys = [
    { name: 'admin', role: 'ADMIN' as const, secret: 'secret-of-the-administrator' },
    { name: 'night', role: 'VIEWER' as const, secret },
  ];
  app = await startTestApp({ apiKeys });
  night = connectClient(app.app.url, secret);
  const settings = { rtspUrl: 'rtsp://127.0.0.1:9/none', enabled: false };
  const add = () => app.addCamera(settings, 'DISABLED');
  cameraIds = [await add(), await add()];
  sql = new pg.Client({ connectionString: app.config.databaseUrl! });
  await sql.connect();
  db = connectDb(app.config.databaseUrl!);
  const start = Date.now() - 86_400_000;
  // Two at each moment.
  const rows = Array.from({ length: many }, (_, n) => ({
    cameraId: cameraIds[n % 3 === 0 ? 0 : 1]!,
    startedAt: new Date(start + Math.floor(n / 2) * 60_000),
  }));
  await writePast(app.config.databaseUrl!, rows);
});

beforeEach(async () => {
  await sql.query('DELETE FROM reviews; DELETE FROM review_stretches');
});

afterAll(async () => {
  await night.close();
  await db.$disconnect();
  await sql.end();
  await app.close();
});

/** Reviews all playbacks but the nth of these, oldest first. */
const reviewAllBut = (but: readonly number[]) =>
  sql.query(
    `INSERT INTO reviews (playback_id, person, at)
     SELECT id, 'night', now() FROM (SELECT id, row_number() OVER (ORDER BY started_at, id) - 1 AS n FROM playbacks) p
     WHERE n <> ALL($1)`,
    [but],
  );

async function findStretches(whose = caller): Promise<number> {
  const stretches = new ReviewStretches({ db, log: createLog('silent'), now: Date.now });
  stretches.noteRead(whose, 1_000);
  await stretches.close();
  return (await sql.query('SELECT 1 FROM review_stretches')).rowCount!;
}

/** The ids of what the person has not reviewed, newest first. */
async function toReview(filter = ''): Promise<string[]> {
  const { rows } = await sql.query(
    `SELECT id FROM playbacks p WHERE NOT EXISTS (SELECT FROM reviews WHERE playback_id = p.id AND person = 'night')
     ${filter} ORDER BY started_at DESC, id DESC`,
  );
  return rows.map(({ id }) => id as string);
}

interface Connection {
  nodes: { id: string }[];
  totalCount: number;
  pageInfo: { endCursor: string; startCursor: string; hasNextPage: boolean; hasPreviousPage: boolean };
}

/** What the list shows, read in pages of seven from both ends, and in numbered pages. */
async function listed(cameraId?: string): Promise<{ down: string[]; up: string[]; numbered: string[] }> {
  const filter = { reviewed: false, ...(cameraId && { cameraId }) };
  const read = async (args: string, cursor?: string) =>
    (
      await night.run<{ playbackConnection: Connection }>(
        `query($filter: PlaybackFilter, $cursor: String) { playbackConnection(filter: $filter, ${args}) {
          nodes { id } totalCount pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } }`,
        { filter, cursor },
      )
    ).playbackConnection;
  const down: string[] = [];
  for (let page = await read('first: 7, after: $cursor'); ; ) {
    down.push(...page.nodes.map(({ id }) => id));
    expect(page.pageInfo.hasPreviousPage).toBe(down.length > page.nodes.length);
    if (!page.pageInfo.hasNextPage) break;
    page = await read('first: 7, after: $cursor', page.pageInfo.endCursor);
  }
  const up: string[] = [];
  for (let page = await read('last: 7, before: $cursor'); ; ) {
    expect(page.totalCount).toBe(down.length);
    up.unshift(...page.nodes.map(({ id }) => id));
    if (!page.pageInfo.hasPreviousPage) break;
    page = await read('last: 7, before: $cursor', page.pageInfo.startCursor);
  }
  const numbered: string[] = [];
  for (let page = 1; ; page++) {
    const { playbacks } = await night.run<{ playbacks: { items: { id: string }[]; total: number } }>(
      'query($filter: PlaybackFilter, $page: Int) { playbacks(filter: $filter, page: $page, pageSize: 7) { items { id } total } }',
      { filter, page },
    );
    numbered.push(...playbacks.items.map(({ id }) => id));
    expect(playbacks.total).toBe(down.length);
    if (playbacks.items.length < 7) break;
  }
  return { down, up, numbered };
}

async function expectRight(cameraId?: string): Promise<void> {
  const expected = await toReview(cameraId && `AND camera_id = '${cameraId}'`);
  expect(await listed(cameraId)).toEqual({ down: expected, up: expected, numbered: expected });
}

const patterns: Record<string, number[]> = {
  'nothing is left': [],
  'the oldest and the newest are left': [0, many - 1],
  'one is left in the middle, beside a reviewed one of the same moment': [many / 2],
  'some are left, in short and long distances': [
    3, 4, 5, 120, 121, 260, 261, 262, 263, 264, 265, 266, 267, 500, 555,
  ],
};

test.each(Object.entries(patterns))('lists are right where %s', async (_, but) => {
  await reviewAllBut(but);
  await expectRight();
  expect(await findStretches()).toBeGreaterThan(0);
  await expectRight();
  await expectRight(cameraIds[0]);
});

test('a stretch is skipped, and ends when a mark is taken back or an old playback is added', async () => {
  await reviewAllBut([]);
  expect(await findStretches()).toBe(1);
  const { rows } = await sql.query('SELECT id FROM playbacks ORDER BY started_at DESC LIMIT 1 OFFSET 100');
  const id = rows[0].id as string;
  // Without the triggers, nothing ends the stretch: the mark is gone, but the list does not look there.
  await sql.query(`SET session_replication_role = replica; DELETE FROM reviews WHERE playback_id = '${id}'`);
  await sql.query('SET session_replication_role = origin');
  expect((await listed()).down).toEqual([]);
  await sql.query(`INSERT INTO reviews (playback_id, person, at) VALUES ($1, 'night', now())`, [id]);

  await night.run(
    'mutation($ids: [ID!]!) { reviewPlaybacks(ids: $ids, reviewed: false) { playbacks { id } } }',
    {
      ids: [id],
    },
  );
  expect((await listed()).down).toEqual([id]);
  expect(await findStretches()).toBe(2);
  await expectRight();

  await writePast(app.config.databaseUrl!, [
    { cameraId: cameraIds[0], startedAt: new Date(Date.now() - 86_400_000 + 60 * 60_000 + 1) },
  ]);
  await expectRight();
  expect((await listed()).down).toHaveLength(2);
  await sql.query(
    'DELETE FROM playbacks WHERE id = (SELECT id FROM playbacks ORDER BY created_at DESC LIMIT 1)',
  );
});

test('what callers of one name may see does not become the stretches of another', async () => {
  // Everything at the first camera is reviewed, as by a key that sees only this one.
  await sql.query(
    `INSERT INTO reviews (playback_id, person, at) SELECT id, 'night', now() FROM playbacks WHERE camera_id = $1`,
    [cameraIds[0]],
  );
  expect(await findStretches({ ...caller, cameraIds: [cameraIds[0]] })).toBe(1);
  await expectRight();
});

test('a slow list finds the stretches by itself', async () => {
  await reviewAllBut([]);
  const stretches = new ReviewStretches({ db, log: createLog('silent'), now: Date.now });
  stretches.noteRead(caller, 5);
  await stretches.close();
  expect((await sql.query('SELECT 1 FROM review_stretches')).rowCount).toBe(0);
  stretches.noteRead(caller, 500);
  await stretches.close();
  expect((await sql.query('SELECT 1 FROM review_stretches')).rowCount).toBe(1);
});
