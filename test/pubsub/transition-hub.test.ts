// Subscribers that take transitions more slowly than they are written.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { connectDb, type Db } from '../../src/db/client.ts';
import { horizon, type Transition } from '../../src/db/transitions.ts';
import { createLog } from '../../src/log.ts';
import { TransitionHub } from '../../src/pubsub/transition-hub.ts';
import { TransitionPages } from '../../src/pubsub/transition-pages.ts';
import { maxWaiting, TransitionStream } from '../../src/pubsub/transition-stream.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { recordStatements } from '../support/database/statements.ts';

const id = '00000000-0000-7000-8000-00000000000a';
const everything = { xid: 0n, id: 0n };
let database: TestDatabase;
let sql: pg.Client;
let db: Db;
let hub: TransitionHub;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  db = connectDb(database.url);
  await sql.query(`INSERT INTO cameras (id, name, rtsp_url) VALUES ('${id}', 'x', 'rtsp://h/')`);
  await sql.query(`INSERT INTO playbacks (id, camera_id) VALUES ('${id}', '${id}')`);
});

beforeEach(async () => {
  await sql.query('TRUNCATE playback_transitions');
  const fresh = new TransitionHub({ db, log: createLog('silent'), keepDays: undefined, now: Date.now });
  onTestFinished(() => fresh.close());
  await fresh.start();
  hub = fresh;
});

afterAll(async () => {
  await db.$disconnect();
  await sql.end();
  await database.drop();
});

async function write(count: number): Promise<void> {
  const one = `INSERT INTO playback_transitions (playback_id, to_status) SELECT '${id}', 'RECORDING'`;
  const numbered = `${one} FROM generate_series(1, $1::int) RETURNING xid`;
  const { rows } = await sql.query<{ xid: string }>(numbered, [count]);
  // Open transactions of other tests delay the horizon.
  await expect.poll(() => horizon(db), { timeout: 10_000 }).toBeGreaterThan(BigInt(rows[0]!.xid));
  hub.nudge();
}

async function take(from: AsyncIterator<Transition>, count: number): Promise<Transition[]> {
  const taken: Transition[] = [];
  while (taken.length < count) taken.push((await from.next()).value);
  return taken;
}

const ids = (transitions: readonly Transition[]) => transitions.map(({ id }) => id);

test('a slow subscriber gets all of 5,700 transitions in order, does not delay others, and is live afterwards', async () => {
  await write(1);
  const [slow, fast] = [hub.subscribe({}, everything), hub.subscribe({}, everything)];
  await Promise.all([take(slow, 1), take(fast, 1)]);
  // Both have read the whole table and wait for new transitions.
  const first = [slow.next(), fast.next()];
  await write(5_000);
  const [gotFirst] = (await Promise.all(first)).map(({ value }) => value as Transition);
  const seen = await take(fast, 4_999);
  expect(hub.longestBacklog).toBe(maxWaiting);
  expect(slow.atHand.length).toBeLessThanOrEqual(maxWaiting);

  const late: Transition[] = [];
  while (late.length < 4_999) {
    late.push(...(await take(slow, 1)));
    // More transitions are written while the backlog is read.
    if (late.length === 2_500) await write(700);
  }
  expect(ids(late)).toEqual(ids(seen));
  expect(ids(late)).toEqual(ids(late).sort((a, b) => Number(a - b)));
  expect(late[0]!.id).toBe(gotFirst!.id + 1n);
  expect(ids(await take(slow, 700))).toEqual(ids(await take(fast, 700)));

  const next = [slow.next(), fast.next()];
  await expect.poll(() => hub.longestBacklog, { timeout: 10_000 }).toBe(0);
  await write(1);
  const [toSlow, toFast] = (await Promise.all(next)).map(({ value }) => value);
  // The same object: both got the transition from the hub, and neither read it from the table.
  expect(toSlow).toBe(toFast);
});

test('subscribers with a backlog share pages, also when one begins inside a page', async () => {
  await write(2_000);
  const [one, other] = [hub.subscribe({}, everything), hub.subscribe({}, everything)];
  const [a, b] = await Promise.all([take(one, 700), take(other, 700)]);
  expect(a.every((it, n) => it === b[n])).toBe(true);
  // A third subscriber begins inside the first page.
  const resumed = hub.subscribe({}, a[99]);
  const c = await take(resumed, 600);
  expect(c.every((it, n) => it === a[n + 100])).toBe(true);
});

test('a transition that is both read from the table and offered is yielded once', async () => {
  await write(3);
  class Overtaken extends TransitionPages {
    override async after(...at: Parameters<TransitionPages['after']>) {
      const page = await super.after(...at);
      stream.offer(page.transitions);
      return page;
    }
  }
  const source = { db, pages: new Overtaken(db) };
  const stream = new TransitionStream(source, {}, everything, () => {});
  const read = await take(stream, 3);
  const next = stream.next();
  // The hub offers the transitions again after the stream has read the whole table.
  stream.offer(read);
  stream.offer([{ ...read[2]!, id: read[2]!.id + 1n }]);
  expect((await next).value.id).toBe(read[2]!.id + 1n);
});

test('a last page is not shared between subscribers', async () => {
  await write(10);
  // The second subscriber reads while the first read is under way. A shared last page would lack transitions written in between.
  const streams = [hub.subscribe({}, everything), hub.subscribe({}, everything)];
  const [a, b] = (await Promise.all(streams.map((it) => take(it, 10)))) as [Transition[], Transition[]];
  expect(ids(a)).toEqual(ids(b));
  expect(a.some((it, n) => it === b[n])).toBe(false);
});

test('without a hint, a subscriber gets a transition at the next poll, and polls become rarer while nothing happens', async () => {
  const statements = recordStatements(database.url);
  onTestFinished(() => statements.stop());
  const stream = hub.subscribe({}, everything);
  const next = stream.next();
  const reads = () => statements.take().filter((text) => text.includes('hasMoreAboveHorizon')).length;
  await sleep(5_500);
  // One read of the stream and one of the hub at the beginning, one poll after two seconds; the next one is after six.
  expect(reads()).toBe(3);
  const at = performance.now();
  await sql.query(`INSERT INTO playback_transitions (playback_id, to_status) VALUES ('${id}', 'RECORDING')`);
  expect((await next).value.to).toBe('RECORDING');
  expect(performance.now() - at).toBeLessThan(2_000);
});

test('a hub without subscribers reads and counts only what its own node wrote, and a subscriber gets the rest', async () => {
  const [own, others] = ['00000000-0000-7000-8000-00000000000b', '00000000-0000-7000-8000-00000000000c'];
  await sql.query(
    `INSERT INTO playbacks (id, camera_id, node_id) VALUES ('${own}', '${id}', 'own'), ('${others}', '${id}', 'other')`,
  );
  await sql.query('TRUNCATE playback_transitions');
  await hub.close();
  const ofNode = new TransitionHub({
    db,
    log: createLog('silent'),
    keepDays: undefined,
    now: Date.now,
    nodeId: 'own',
  });
  onTestFinished(() => ofNode.close());
  await ofNode.start();
  const statements = recordStatements(database.url);
  onTestFinished(() => statements.stop());
  const insert = (playbackId: string) =>
    sql.query(`INSERT INTO playback_transitions (playback_id, to_status) VALUES ('${playbackId}', 'FAILED')`);
  await insert(others);
  ofNode.nudgeByOther();
  await insert(own);
  ofNode.nudge();
  await expect.poll(() => ofNode.seen.get('FAILED')).toBe(1);
  expect(statements.take().filter((text) => text.includes('hasMoreAboveHorizon'))).toHaveLength(1);
  const stream = ofNode.subscribe({}, everything);
  expect((await take(stream, 2)).map(({ playbackId }) => playbackId)).toEqual([others, own]);
  const next = stream.next();
  await insert(others);
  ofNode.nudgeByOther();
  expect((await next).value.playbackId).toBe(others);
  expect(ofNode.seen.get('FAILED')).toBe(1);
});
