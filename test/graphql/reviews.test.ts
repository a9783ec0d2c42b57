// Reviewed marks: each name has its own, and every role may set them.
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { writePast } from '../support/database/history.ts';

let app: TestApp;
let sql: pg.Client;
/** Two keys of one name, as while a key is being replaced, and a key of another name. */
let night: TestClient;
let nightAgain: TestClient;
let day: TestClient;
let limited: TestClient;
/** Newest first. */
let ids: string[];

beforeAll(async () => {
  const keys = [
    ['admin', 'ADMIN'],
    ['night', 'VIEWER'],
    ['night', 'OPERATOR'],
    ['day', 'VIEWER'],
  ] as const;
  const secretOf = (n: number) => `secret-of-the-key-number-${n}`;
  app = await startTestApp({ apiKeys: keys.map(([name, role], n) => ({ name, role, secret: secretOf(n) })) });
  [night, nightAgain, day] = [1, 2, 3].map((n) => connectClient(app.app.url, secretOf(n))) as [
    TestClient,
    TestClient,
    TestClient,
  ];
  const settings = { rtspUrl: 'rtsp://127.0.0.1:9/none', enabled: false };
  const cameraId = await app.addCamera(settings, 'DISABLED');
  const other = await app.addCamera(settings, 'DISABLED');
  const { createApiKey } = await app.client.run<{ createApiKey: { secret: string } }>(
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
    { input: { name: 'limited', role: 'VIEWER', cameraIds: [other] } },
  );
  limited = connectClient(app.app.url, createApiKey.secret);
  const rows = [3, 2, 1].map((hours) => ({ cameraId, startedAt: new Date(Date.now() - hours * 3_600_000) }));
  await writePast(app.config.databaseUrl!, rows);
  sql = new pg.Client({ connectionString: app.config.databaseUrl! });
  await sql.connect();
  ids = (await listed(app.client, {})).map(({ id }) => id);
});

afterAll(async () => {
  for (const client of [night, nightAgain, day, limited]) await client.close();
  await sql.end();
  await app.close();
});

interface Marked {
  id: string;
  reviewed: boolean;
}

async function listed(by: TestClient, filter: object): Promise<Marked[]> {
  const { playbacks, playbackConnection } = await by.run<{
    playbacks: { total: number; items: Marked[] };
    playbackConnection: { nodes: Marked[] };
  }>(
    `query($filter: PlaybackFilter) {
      playbacks(filter: $filter) { total items { id reviewed } }
      playbackConnection(filter: $filter) { nodes { id reviewed } }
    }`,
    { filter },
  );
  expect(playbackConnection.nodes).toEqual(playbacks.items);
  expect(playbacks.total).toBe(playbacks.items.length);
  return playbacks.items;
}

const idsOf = async (by: TestClient, filter: object) => (await listed(by, filter)).map(({ id }) => id);

const mutation = `mutation($ids: [ID!]!, $reviewed: Boolean! = true) {
  reviewPlaybacks(ids: $ids, reviewed: $reviewed) { playbacks { id reviewed } } }`;

async function review(by: TestClient, ids: string[], reviewed?: boolean): Promise<Marked[]> {
  const { reviewPlaybacks } = await by.run<{ reviewPlaybacks: { playbacks: Marked[] } }>(mutation, {
    ids,
    reviewed,
  });
  return reviewPlaybacks.playbacks;
}

test('each name has its own marks, which lists show and filter by', async () => {
  const [newest, middle, oldest] = ids as [string, string, string];
  const marked = await review(night, [oldest, newest.toUpperCase(), newest]);
  expect(marked).toEqual([newest, oldest].map((id) => ({ id, reviewed: true })));
  expect(await review(night, [oldest])).toEqual([{ id: oldest, reviewed: true }]);
  for (const by of [night, nightAgain]) {
    expect(await idsOf(by, { reviewed: true })).toEqual([newest, oldest]);
    expect(await listed(by, { reviewed: false })).toEqual([{ id: middle, reviewed: false }]);
  }
  await review(day, [middle]);
  expect((await listed(day, {})).map(({ reviewed }) => reviewed)).toEqual([false, true, false]);
  expect(await idsOf(night, { reviewed: false })).toEqual([middle]);

  expect(await review(nightAgain, [newest, middle], false)).toEqual(
    [newest, middle].map((id) => ({ id, reviewed: false })),
  );
  expect(await idsOf(night, { reviewed: true })).toEqual([oldest]);
  expect(await idsOf(day, { reviewed: true })).toEqual([middle]);
});

test('a subscriber is told of its own marks, although another one asks for the same', async () => {
  const [id] = ids as [string];
  await review(night, [id]);
  await review(day, [id], false);
  await sql.query(`UPDATE playbacks SET recording_status = 'PENDING' WHERE id = $1`, [id]);
  const streams = [night, day, nightAgain].map((by) =>
    by.subscribe<{ playbackStatusChanged: { to: string; playback: Marked } }>(
      'subscription { playbackStatusChanged { to playback { id reviewed } } }',
    ),
  );
  // The subscriptions are under way once each has had the present status.
  for (const stream of streams) await stream.next();
  await sql.query(`UPDATE playbacks SET recording_status = 'COMPLETED' WHERE id = $1`, [id]);
  const told = await Promise.all(
    streams.map((it) => it.until(({ playbackStatusChanged: { to } }) => to === 'COMPLETED')),
  );
  for (const stream of streams) stream.stop();
  const marks = told.map((all) => all.at(-1)!.playbackStatusChanged.playback.reviewed);
  expect(marks).toEqual([true, false, true]);

  const filtered = night.subscribe(
    'subscription { playbackStatusChanged(filter: { reviewed: false }) { to } }',
  );
  await expect(filtered.next()).rejects.toThrow('Lists can be filtered by reviewed marks');
});

test('what is gone or not visible is left out, and the marks of a deleted playback go with it', async () => {
  const nowhere = '01900000-0000-7000-8000-000000000009';
  expect(await review(limited, ids)).toEqual([]);
  expect(await idsOf(limited, {})).toEqual([]);
  const [id] = ids as [string];
  expect(await review(night, [nowhere, 'no id', id])).toEqual([{ id, reviewed: true }]);
  await app.client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id });
  expect(await review(night, [id])).toEqual([]);
  const { rows } = await sql.query('SELECT 1 FROM reviews WHERE playback_id = $1', [id]);
  expect(rows).toEqual([]);
});

test('from 1 to 100 ids are taken at a time', async () => {
  for (const many of [[], Array.from({ length: 101 }, () => ids[0]!)]) {
    expect(await night.fail(mutation, { ids: many })).toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path: ['ids'], message: 'Expected 1 to 100 ids.' }],
    });
  }
});
