// Subscribers that are slower than what comes.
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { connectDb, type Db } from '../src/db/client.ts';
import { horizon, type Transition } from '../src/db/transitions.ts';
import { createLog } from '../src/log.ts';
import { TransitionHub } from '../src/pubsub/transition-hub.ts';
import { TransitionPages } from '../src/pubsub/transition-pages.ts';
import { maxWaiting, TransitionStream } from '../src/pubsub/transition-stream.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

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
  // Where other tests have transactions open, it is not below the horizon at once.
  await expect.poll(() => horizon(db), { timeout: 10_000 }).toBeGreaterThan(BigInt(rows[0]!.xid));
  hub.nudge();
}

async function take(from: AsyncIterator<Transition>, count: number): Promise<Transition[]> {
  const taken: Transition[] = [];
  while (taken.length < count) taken.push((await from.next()).value);
  return taken;
}

const ids = (transitions: readonly Transition[]) => transitions.map(({ id }) => id);

test('who is slow gets each of thousands in order, holds nobody up, and is live again afterwards', async () => {
  await write(1);
  const [slow, fast] = [hub.subscribe({}, everything), hub.subscribe({}, everything)];
  await Promise.all([take(slow, 1), take(fast, 1)]);
  // Both wait for what comes: they are live.
  const first = [slow.next(), fast.next()];
  await write(5_000);
  const [gotFirst] = (await Promise.all(first)).map(({ value }) => value as Transition);
  const seen = await take(fast, 4_999);
  expect(hub.mostBehind).toBe(maxWaiting);
  expect(slow.atHand.length).toBeLessThanOrEqual(maxWaiting);

  const late: Transition[] = [];
  while (late.length < 4_999) {
    late.push(...(await take(slow, 1)));
    // Meanwhile more comes.
    if (late.length === 2_500) await write(700);
  }
  expect(ids(late)).toEqual(ids(seen));
  expect(ids(late)).toEqual(ids(late).sort((a, b) => Number(a - b)));
  expect(late[0]!.id).toBe(gotFirst!.id + 1n);
  expect(ids(await take(slow, 700))).toEqual(ids(await take(fast, 700)));

  const next = [slow.next(), fast.next()];
  await expect.poll(() => hub.mostBehind, { timeout: 10_000 }).toBe(0);
  await write(1);
  const [toSlow, toFast] = (await Promise.all(next)).map(({ value }) => value);
  // The very same object: it was handed to both as it came, and not read again from the table.
  expect(toSlow).toBe(toFast);
});

test('who fell behind together is given the same, read once, wherever each was', async () => {
  await write(2_000);
  const [one, other] = [hub.subscribe({}, everything), hub.subscribe({}, everything)];
  const [a, b] = await Promise.all([take(one, 700), take(other, 700)]);
  expect(a.every((it, n) => it === b[n])).toBe(true);
  // One that was elsewhere joins them.
  const resumed = hub.subscribe({}, a[99]);
  const c = await take(resumed, 600);
  expect(c.every((it, n) => it === a[n + 100])).toBe(true);
});

test('what comes while the table is read, and was read as well, is given once', async () => {
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
  // And once more when it is live: the hub was later than this stream.
  stream.offer(read);
  stream.offer([{ ...read[2]!, id: read[2]!.id + 1n }]);
  expect((await next).value.id).toBe(read[2]!.id + 1n);
});

test('that nothing more is there, each finds out for itself', async () => {
  await write(10);
  // The second asks while the first is being answered: what came in between would be in neither's answer.
  const streams = [hub.subscribe({}, everything), hub.subscribe({}, everything)];
  const [a, b] = (await Promise.all(streams.map((it) => take(it, 10)))) as [Transition[], Transition[]];
  expect(ids(a)).toEqual(ids(b));
  expect(a.some((it, n) => it === b[n])).toBe(false);
});
