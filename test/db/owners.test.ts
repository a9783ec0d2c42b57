// Which node feeds which camera: who gets how many, which ones move, and when a node counts as lost.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectDb, type Db } from '../../src/db/client.ts';
import { planOwners, readPlanFacts, takePrepared } from '../../src/db/owners.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';

let database: TestDatabase;
let sql: pg.Client;
let db: Db;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  db = connectDb(database.url);
});
beforeEach(() => sql.query('TRUNCATE nodes, cameras CASCADE'));
afterAll(async () => {
  await db.$disconnect();
  await sql.end();
  await database.drop();
});

async function addNode(id: string, capacity = 100): Promise<void> {
  await sql.query(
    `INSERT INTO nodes (id, incarnation, version, capacity, started_at, heartbeat_at, lease_until)
     VALUES ($1, nextval('node_incarnations'), '1', $2, now(), now(), now() + interval '1 hour')`,
    [id, capacity],
  );
}
const addCameras = (count: number) =>
  sql.query(
    `INSERT INTO cameras (id, name, rtsp_url, updated_at)
     SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, n, 'rtsp://127.0.0.1:9/', now() FROM generate_series(1, $1) n`,
    [count],
  );
const record = (cameraId: string, nodeId: string) =>
  sql.query(
    `INSERT INTO playbacks (id, camera_id, recording_status, node_id, owner_epoch)
     VALUES ($1, $2, 'RECORDING', $3::varchar, (SELECT incarnation FROM nodes WHERE id = $3::varchar))`,
    [randomUUID(), cameraId, nodeId],
  );
const endLease = (id: string, isEnded: boolean) =>
  sql.query(
    "UPDATE nodes SET lease_until = now() - interval '1 second', ended_at = CASE WHEN $2 THEN now() END WHERE id = $1",
    [id, isEnded],
  );
const incarnationOf = async (id: string) =>
  (await sql.query('SELECT incarnation FROM nodes WHERE id = $1', [id])).rows[0].incarnation;

/** Plans, and lets nodes take the cameras for which they are to prepare. */
async function plan(mayDeclareLost = true): Promise<void> {
  await planOwners(db, { mayDeclareLost });
  const { rows } = await sql.query(
    `SELECT c.id, n.id AS "nodeId", n.incarnation FROM cameras c JOIN nodes n ON n.id = next_node_id`,
  );
  for (const { id, nodeId, incarnation } of rows)
    await takePrepared(db, { nodeId, incarnation: BigInt(incarnation) }, id);
}

/** The node of each camera, by the camera's id. Each has to be the node's present start. */
async function owners(): Promise<Map<string, string>> {
  const { rows } = await sql.query('SELECT id, node_id FROM cameras');
  return new Map(rows.map(({ id, node_id }) => [id, node_id]));
}
const camerasOf = (all: Map<string, string>, node: string) => [...all.values()].filter((it) => it === node);

test('each node gets a share of the cameras by its capacity, and a single node gets all', async () => {
  await addNode('a');
  await addCameras(400);
  expect((await readPlanFacts(db)).isOwnerMissing).toBe(true);
  await plan();
  expect(camerasOf(await owners(), 'a')).toHaveLength(400);
  expect((await readPlanFacts(db)).isOwnerMissing).toBe(false);
  await addNode('b');
  await addNode('c', 200);
  await plan();
  const all = await owners();
  expect(camerasOf(all, 'a').length).toBeGreaterThan(65);
  expect(camerasOf(all, 'b').length).toBeGreaterThan(65);
  expect(camerasOf(all, 'c').length).toBeGreaterThan(160);
});

test('when a node comes or goes, only its own cameras move, and those that record stay until they do not', async () => {
  for (const id of ['a', 'b']) await addNode(id);
  await addCameras(60);
  await plan();
  const before = await owners();
  const [recorded] = [...before].find(([, node]) => node === 'a')!;
  await record(recorded, 'a');
  // With a capacity like this, a third node would get nearly all of them.
  await addNode('c', 100_000);
  await plan();
  const after = await owners();
  expect([...after].filter(([id, node]) => node !== before.get(id) && node !== 'c')).toEqual([]);
  expect(after.get(recorded)).toBe('a');
  expect(camerasOf(after, 'c').length).toBeGreaterThan(50);
  await sql.query("UPDATE playbacks SET recording_status = 'PROCESSING'");
  await plan();
  expect((await owners()).get(recorded)).toBe('c');
  await endLease('c', true);
  await plan();
  expect(await owners()).toEqual(before);
});

test('a node without a heartbeat keeps its cameras until it may be declared lost, and then writes nothing more', async () => {
  for (const id of ['a', 'b']) await addNode(id);
  await addCameras(20);
  await plan();
  const before = await owners();
  const [recorded] = [...before].find(([, node]) => node === 'a')!;
  await record(recorded, 'a');
  const incarnation = await incarnationOf('a');
  await endLease('a', false);
  await plan(false);
  expect(await owners()).toEqual(before);
  await plan();
  expect(camerasOf(await owners(), 'b')).toHaveLength(20);
  expect(Number(await incarnationOf('a'))).toBeGreaterThan(Number(incarnation));
  // It is declared lost once.
  const fenced = await incarnationOf('a');
  await plan();
  expect(await incarnationOf('a')).toBe(fenced);
});

test('a node that was started again under its id gets its cameras back under its new start', async () => {
  await addNode('a');
  await addCameras(5);
  await plan();
  await sql.query("UPDATE nodes SET incarnation = nextval('node_incarnations')");
  expect((await readPlanFacts(db)).isOwnerMissing).toBe(true);
  await plan();
  const { rows } = await sql.query('SELECT DISTINCT owner_epoch FROM cameras');
  expect(rows).toEqual([{ owner_epoch: await incarnationOf('a') }]);
});

test('of rounds at the same time, one plans', async () => {
  await addNode('a');
  await addCameras(1);
  await sql.query('BEGIN');
  await sql.query('SELECT pg_try_advisory_xact_lock(4173622952)');
  await plan();
  expect(camerasOf(await owners(), 'a')).toHaveLength(0);
  await sql.query('COMMIT');
  await plan();
  expect(camerasOf(await owners(), 'a')).toHaveLength(1);
});

test('a camera stays with its node until the next one has prepared, and is not taken while it records', async () => {
  await addNode('a');
  await addCameras(1);
  await plan();
  await addNode('b', 100_000_000);
  await planOwners(db, { mayDeclareLost: true });
  const row = async () => (await sql.query('SELECT id, node_id, next_node_id FROM cameras')).rows[0];
  const { id } = await row();
  expect(await row()).toMatchObject({ node_id: 'a', next_node_id: 'b' });
  await record(id, 'a');
  const next = { nodeId: 'b', incarnation: BigInt(await incarnationOf('b')) };
  await takePrepared(db, next, id);
  expect(await row()).toMatchObject({ node_id: 'a', next_node_id: 'b' });
  await planOwners(db, { mayDeclareLost: true });
  expect(await row()).toMatchObject({ node_id: 'a', next_node_id: null });
  await sql.query('DELETE FROM playbacks');
  await planOwners(db, { mayDeclareLost: true });
  await takePrepared(db, next, id);
  expect(await row()).toMatchObject({ node_id: 'b', next_node_id: null });
});

test('a draining node gets no camera, and loses those that it has, also while it records them', async () => {
  await addNode('a');
  await addNode('b');
  await addCameras(20);
  await plan();
  const before = await owners();
  for (const [cameraId, node] of before) if (node === 'a') await record(cameraId, 'a');
  const drain = (id: string) => sql.query('UPDATE nodes SET draining_since = now() WHERE id = $1', [id]);
  const { live } = await readPlanFacts(db);
  await drain('a');
  expect((await readPlanFacts(db)).live).not.toBe(live);
  await plan();
  expect(camerasOf(before, 'a').length).toBeGreaterThan(0);
  expect(camerasOf(await owners(), 'b')).toHaveLength(20);
  // Where no other node is left, they stay.
  await drain('b');
  await plan();
  expect(camerasOf(await owners(), 'b')).toHaveLength(20);
});

test('a node that takes no recording gets no camera, and loses those that it has, as long as another takes some', async () => {
  await addNode('a');
  await addNode('b');
  await addCameras(20);
  await plan();
  const before = await owners();
  for (const [cameraId, node] of before) if (node === 'a') await record(cameraId, 'a');
  const fill = (id: string, problem: string | null) =>
    sql.query('UPDATE nodes SET problem = $2 WHERE id = $1', [id, problem]);
  const { live } = await readPlanFacts(db);
  await fill('a', 'its disk is full');
  expect((await readPlanFacts(db)).live).not.toBe(live);
  await plan();
  expect(camerasOf(before, 'a').length).toBeGreaterThan(0);
  expect(camerasOf(await owners(), 'b')).toHaveLength(20);
  // Where no node takes any, they stay, and a new camera is read all the same.
  await fill('b', 'its disk is full, too');
  await sql.query(
    "INSERT INTO cameras (id, name, rtsp_url) VALUES (gen_random_uuid(), 'new', 'rtsp://127.0.0.1:9/')",
  );
  await plan();
  expect([...(await owners())].filter(([id, node]) => before.has(id) && node !== 'b')).toEqual([]);
  expect(await owners()).not.toContain(null);
  await fill('a', null);
  await fill('b', null);
  await sql.query('DELETE FROM playbacks');
  await plan();
  expect(new Map([...(await owners())].filter(([id]) => before.has(id)))).toEqual(before);
});

test('a camera of a site is read by a node of that site, or by none, and its row says so', async () => {
  await addNode('a');
  await addNode('b', 100_000);
  await sql.query("UPDATE nodes SET site = 'Harbour' WHERE id = 'b'");
  await addCameras(20);
  await sql.query("UPDATE cameras SET site = 'default' WHERE name::int <= 10");
  await plan();
  const ofSite = async () => {
    const { rows } = await sql.query(
      'SELECT coalesce(node_id, state::text || last_error) AS node FROM cameras WHERE site IS NOT NULL GROUP BY 1',
    );
    return rows.map(({ node }) => node);
  };
  expect(await ofSite()).toEqual(['a']);
  expect(camerasOf(await owners(), 'b').length).toBeGreaterThan(8);
  // It moves to the other site as cameras do: once it is prepared there.
  await sql.query("UPDATE cameras SET site = 'Harbour' WHERE site IS NOT NULL");
  await plan();
  expect(await ofSite()).toEqual(['b']);
  await endLease('b', true);
  await plan();
  const words =
    'OFFLINENo server of the site Harbour is there, and servers of other sites do not read this camera.';
  expect(await ofSite()).toEqual([words]);
  expect(camerasOf(await owners(), 'a')).toHaveLength(10);
  expect((await readPlanFacts(db)).isOwnerMissing).toBe(false);
  await sql.query("UPDATE cameras SET site = 'Hill' WHERE site IS NOT NULL AND name::int <= 5");
  await plan();
  expect((await ofSite()).sort()).toEqual([words, words.replace('Harbour', 'Hill')]);
  await addNode('c');
  await sql.query("UPDATE nodes SET site = 'Harbour' WHERE id = 'c'");
  expect((await readPlanFacts(db)).isOwnerMissing).toBe(true);
  await plan();
  expect((await ofSite()).sort()).toEqual([words.replace('Harbour', 'Hill'), 'c']);
  // One whose site is changed is not read any more by a node of the site before.
  await sql.query("UPDATE cameras SET site = 'Hill' WHERE site = 'Harbour'");
  await plan();
  expect(await ofSite()).toEqual([words.replace('Harbour', 'Hill')]);
  await sql.query("UPDATE cameras SET enabled = false, last_error = NULL WHERE site = 'Hill'");
  expect((await readPlanFacts(db)).isOwnerMissing).toBe(false);
});
