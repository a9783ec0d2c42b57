// Servers of one database: whose rows are whose, who may write nothing more, and whose clock counts.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { reportFeed } from '../../src/db/cameras.ts';
import { connectDb, type Db } from '../../src/db/client.ts';
import { DatabaseClock } from '../../src/db/database-clock.ts';
import { endPlaybacks } from '../../src/db/ends.ts';
import { failUnfinished, takeOverUnfinished, unfinishedOfLost } from '../../src/db/lost-playbacks.ts';
import { enterNode, openNodeLease } from '../../src/db/nodes.ts';
import { insertPlayback, newPlayback, saveClipProgress } from '../../src/db/playbacks.ts';
import { beginRecording, retry, transition } from '../../src/db/transitions.ts';
import { RecordingFailure } from '../../src/domain/failures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';

let database: TestDatabase;
/** Of no server. */
let sql: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
});
beforeEach(() => sql.query('TRUNCATE nodes, cameras CASCADE'));
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** @param url undefined: the server works alone */
async function enter(id: string, url?: string) {
  const self = await enterNode(database.url, { id, url, site: 'default', version: '1.0.0', capacity: 10 });
  const db = connectDb(database.url, { self });
  const lease = openNodeLease(database.url, self);
  onTestFinished(async () => {
    await db.$disconnect();
    await lease.close();
  });
  return { self, db, lease };
}

const at = new Date();
const addCamera = (db: Db) => db.camera.create({ data: { name: 'Gate', rtspUrl: 'rtsp://127.0.0.1:9/' } });

async function addPlayback(db: Db): Promise<string> {
  const { id: cameraId } = await addCamera(db);
  const deadlineAt = new Date(at.getTime() + 3_600_000);
  const playback = newPlayback({ cameraId, startedAt: at, preRollSec: 5, deadlineAt });
  await insertPlayback(db, playback, at);
  return playback.id;
}

const ownerOf = async (table: 'playbacks' | 'cameras', id: string) =>
  (await sql.query(`SELECT node_id, owner_epoch FROM ${table} WHERE id = $1`, [id])).rows[0];
const rowsOf = async () =>
  (
    await sql.query(`SELECT to_jsonb(t) FROM
      (SELECT to_jsonb(c) FROM cameras c UNION ALL SELECT to_jsonb(e) FROM events e UNION ALL SELECT to_jsonb(p) FROM playbacks p) t`)
  ).rows;

test('what a server makes is its own, and a new start takes over what is not over', async () => {
  const first = await enter('a');
  const [running, over] = [await addPlayback(first.db), await addPlayback(first.db)];
  await transition(first.db, over, 'PENDING', 'FAILED', at, { failureCode: 'NOT_RECORDED' });
  const owner = { node_id: 'a', owner_epoch: `${first.self.incarnation}` };
  expect(await ownerOf('playbacks', running)).toEqual(owner);
  const { self } = await enter('a');
  expect(self.incarnation).toBeGreaterThan(first.self.incarnation);
  expect(await ownerOf('playbacks', running)).toEqual({ node_id: 'a', owner_epoch: `${self.incarnation}` });
  expect(await ownerOf('playbacks', over)).toEqual(owner);
});

test.each(['a', 'b'])('a server behind which the node %s has started writes nothing more', async (next) => {
  const { db, lease } = await enter('a');
  const id = await addPlayback(db);
  const { cameraId } = await db.playback.findUniqueOrThrow({ where: { id } });
  await enter(next);
  const before = await rowsOf();
  const writes = [
    () => addCamera(db),
    () => db.event.create({ data: { cameraId, type: 'MOTION', startedAt: at } }),
    () => db.playback.create({ data: { cameraId } }),
    () => transition(db, id, 'PENDING', 'RECORDING', at),
    () => endPlaybacks(db, { id }, { endedAt: at, reason: 'STOPPED', recordUntil: at }),
    () => db.playback.deleteMany(),
    () => reportFeed(db, cameraId, { state: 'LIVE', lastError: null }),
  ];
  for (const write of writes) await expect(write()).rejects.toThrow('has taken the place of the node a');
  expect(await lease.beat()).toBeUndefined();
  expect(await rowsOf()).toEqual(before);
});

test('a server that works with others owns what its earlier start owned, and leaves the rest alone', async () => {
  const [a, b] = [await enter('a', 'http://a'), await enter('b', 'http://b')];
  const [ofA, ofB] = [await addPlayback(a.db), await addPlayback(b.db)];
  const again = await enter('a', 'http://a');
  expect(await ownerOf('playbacks', ofA)).toEqual({
    node_id: 'a',
    owner_epoch: `${again.self.incarnation}`,
  });
  const ownerOfB = { node_id: 'b', owner_epoch: `${b.self.incarnation}` };
  expect(await ownerOf('playbacks', ofB)).toEqual(ownerOfB);
  const { rows } = await sql.query('SELECT node_id, count(*)::int FROM cameras GROUP BY 1 ORDER BY 1');
  expect(rows).toEqual([
    { node_id: 'a', count: 1 },
    { node_id: 'b', count: 1 },
  ]);
  await expect(addCamera(a.db)).rejects.toThrow('has taken the place of the node a');
  await addCamera(b.db);
});

test('a start waits for the transaction that an earlier start has open, and then owns what it wrote', async () => {
  const { db } = await enter('a');
  const { id: cameraId } = await addCamera(db);
  const id = randomUUID();
  let entering: ReturnType<typeof enter> | undefined;
  await db.$transaction(async (tx) => {
    await tx.playback.create({ data: { id, cameraId } });
    entering = enter('a');
    await expect
      .poll(async () => (await sql.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rowCount)
      .toBe(1);
  });
  const { self } = await entering!;
  expect((await ownerOf('playbacks', id)).owner_epoch).toBe(`${self.incarnation}`);
});

test('of a playback that another node owns, a server writes ends alone', async () => {
  const { db } = await enter('a');
  const id = await addPlayback(db);
  await transition(db, id, 'PENDING', 'RECORDING', at);
  await sql.query("UPDATE playbacks SET node_id = 'b', owner_epoch = 1000 WHERE id = $1", [id]);
  const before = await rowsOf();
  const begun = { id, at, localPath: '/', streamUrl: 'rtsp://x/', clipStartedAt: at };
  expect(await transition(db, id, 'RECORDING', 'PROCESSING', at)).toBeUndefined();
  expect(await beginRecording(db, { ...begun, preRollMs: 0, missedMs: 0 })).toBeUndefined();
  await saveClipProgress(db, id, { missedMs: 7 });
  expect(await rowsOf()).toEqual(before);
  const end = { endedAt: at, reason: 'ENDED', recordUntil: at } as const;
  expect(await endPlaybacks(db, { id }, end)).toHaveLength(1);
});

test('a playback that a command retries is finished by the node that recorded it, also after another start', async () => {
  const first = await enter('a');
  const id = await addPlayback(first.db);
  await transition(first.db, id, 'PENDING', 'FAILED', at, { failureCode: 'NOT_RECORDED' });
  const { db, self } = await enter('a');
  const command = connectDb(database.url);
  onTestFinished(() => command.$disconnect());
  await retry(command, id, at);
  expect(await ownerOf('playbacks', id)).toEqual({ node_id: 'a', owner_epoch: null });
  expect(await transition(db, id, 'PROCESSING', 'FAILED', at)).toBeDefined();
  expect(await ownerOf('playbacks', id)).toEqual({ node_id: 'a', owner_epoch: `${self.incarnation}` });
});

test('the state of a camera is written by the node that feeds it alone', async () => {
  const { db } = await enter('a');
  const { id } = await addCamera(db);
  const report = { state: 'LIVE', lastError: null } as const;
  await sql.query("UPDATE cameras SET node_id = 'b', owner_epoch = 1000");
  await reportFeed(db, id, report);
  expect(await db.camera.findUnique({ where: { id } })).toMatchObject({ state: 'IDLE' });
  await sql.query("UPDATE cameras SET node_id = 'a', owner_epoch = (SELECT incarnation FROM nodes)");
  await reportFeed(db, id, report);
  expect(await db.camera.findUnique({ where: { id } })).toMatchObject({ state: 'LIVE' });
});

test('a lease lasts five seconds from a heartbeat by the database’s clock, and ends when the server ends', async () => {
  const { lease } = await enter('a');
  const { now } = (await lease.beat())!;
  const left = `SELECT extract(epoch FROM lease_until) * 1000 - $1 AS ms, lease_until > clock_timestamp() AS live FROM nodes`;
  const { rows } = await sql.query(left, [now]);
  expect(Math.abs(rows[0].ms - 5_000)).toBeLessThan(50);
  await lease.leave();
  // The column has whole milliseconds, so the end of the lease may be rounded to half a millisecond ahead.
  await expect.poll(async () => (await sql.query(left, [now])).rows[0].live).toBe(false);
});

test('sessions of the server cannot stay idle in a transaction, nor in one for minutes', async () => {
  const { db } = await enter('a');
  const setting = async (name: string) => {
    const rows = await db.$queryRaw<{ value: string }[]>`SELECT current_setting(${name}) AS value`;
    return rows[0]!.value;
  };
  expect(await setting('idle_in_transaction_session_timeout')).toBe('10s');
  expect(await setting('transaction_timeout')).toBe('1min');
});

test('a machine whose clock agrees with the database’s uses it unchanged, however slow the answer', () => {
  const clock = new DatabaseClock(() => 5_000);
  clock.note({ before: 1_000, database: 1_000.7, after: 1_000 });
  clock.note({ before: 2_000, database: 2_900, after: 3_000 });
  expect(clock.now()).toBe(5_000);
});

test('a machine whose clock is ahead or behind takes the database’s, ever nearer', () => {
  const clock = new DatabaseClock(() => 100_000);
  // The truth is 60 s behind; the answer took 40 ms.
  clock.note({ before: 100_000, database: 40_020, after: 100_040 });
  expect(Math.abs(clock.now() - 40_000)).toBeLessThanOrEqual(21);
  clock.note({ before: 100_000, database: 40_001, after: 100_002 });
  expect(Math.abs(clock.now() - 40_000)).toBeLessThanOrEqual(2);
  // Then somebody sets it right.
  clock.note({ before: 40_000, database: 40_001, after: 40_002 });
  expect(Math.abs(clock.offsetMs)).toBeLessThanOrEqual(2);
});

test('a machine whose clock is set keeps the time of a database on another machine', () => {
  let [own, follows] = [0, 0];
  const clock = new DatabaseClock(() => Date.now() + own, true);
  const off = () => Math.abs(clock.now() - Date.now());
  expect(off()).toBeLessThan(50);
  own = 86_400_000;
  expect(off()).toBeLessThan(50);
  own = -60_000;
  expect(off()).toBeLessThan(50);
  // One of a database on this machine is followed.
  const same = new DatabaseClock(() => 1_000 + follows);
  expect(same.now()).toBe(1_000);
  follows = 86_400_000;
  expect(same.now()).toBe(86_401_000);
});

test('what a lost node has not finished is taken over or failed by the new owner of its camera, unless it comes back', async () => {
  const lost = await enter('lost', 'http://127.0.0.1:1');
  const other = await enter('other', 'http://127.0.0.1:2');
  const [taken, failed, back] = [
    await addPlayback(lost.db),
    await addPlayback(lost.db),
    await addPlayback(lost.db),
  ];
  for (const id of [taken, failed, back]) await transition(lost.db, id, 'PENDING', 'RECORDING', at);
  await endPlaybacks(lost.db, {}, { endedAt: at, reason: 'ENDED', recordUntil: at });
  await transition(lost.db, taken, 'RECORDING', 'PROCESSING', at);
  const unfinished = () => unfinishedOfLost(other.db, other.self, at);
  await sql.query("UPDATE cameras SET node_id = 'other', owner_epoch = $1", [other.self.incarnation]);
  expect(await unfinished()).toEqual([]);

  await sql.query(
    "UPDATE nodes SET lease_until = now() - interval '25 hours', incarnation = nextval('node_incarnations') WHERE id = 'lost'",
  );
  const found = await unfinished();
  expect(found.map(({ id }) => id)).toEqual([taken, failed, back]);
  for (const { hoursLost } of found) expect(Math.round(hoursLost)).toBe(25);
  const failure = new RecordingFailure('NODE_LOST', 'It was lost.');
  expect(await takeOverUnfinished(other.db, found[0]!, other.self, at)).toBe(true);
  expect(await failUnfinished(other.db, found[1]!, other.self, failure, at)).toBe(true);
  const again = await enter('lost', 'http://127.0.0.1:1');
  expect(await takeOverUnfinished(other.db, found[2]!, other.self, at)).toBe(false);
  expect(await failUnfinished(other.db, found[2]!, other.self, failure, at)).toBe(false);
  expect(await unfinished()).toEqual([]);

  const { rows } = await sql.query(
    `SELECT p.id, node_id, recording_status AS status, failure_code AS code, task_identifier AS task
     FROM playbacks p LEFT JOIN graphile_worker.jobs j ON j.key = p.id::text ORDER BY p.id`,
  );
  expect(rows).toEqual([
    { id: taken, node_id: 'other', status: 'PROCESSING', code: null, task: 'finish:other' },
    { id: failed, node_id: 'lost', status: 'FAILED', code: 'NODE_LOST', task: null },
    { id: back, node_id: 'lost', status: 'RECORDING', code: null, task: null },
  ]);
  // Its disk is back.
  expect(await retry(again.db, failed, at)).toMatchObject({ nodeId: 'lost', recordingStatus: 'PROCESSING' });
});
