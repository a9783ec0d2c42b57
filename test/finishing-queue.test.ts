import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FinishingQueue, type Outcome } from '../src/db/finishing-queue.ts';
import { createLog } from '../src/log.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { until } from './support/reader.ts';

let database: TestDatabase;
let db: pg.Client;
/** Names of playbacks and cameras, as the tests call them, by their ids. */
const names = new Map<string, string>();
const ids = new Map<string, string>();
const queues: FinishingQueue[] = [];
/** Playbacks that a queue has taken up, and how their tries are answered. */
let begun: string[];
let answers: Map<string, (outcome: Outcome) => void>;
let aborted: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  db = new pg.Client({ connectionString: database.url });
  await db.connect();
});
afterAll(async () => {
  await db.end();
  await database.drop();
});
beforeEach(async () => {
  await db.query('TRUNCATE cameras, graphile_worker._private_jobs CASCADE');
  [begun, answers, aborted] = [[], new Map(), []];
  names.clear();
  ids.clear();
});
afterEach(async () => {
  for (const answer of answers.values()) answer('done');
  await closeQueues();
});
const closeQueues = () => Promise.all(queues.splice(0).map((queue) => queue.close()));

async function startQueue(atOnce: number): Promise<FinishingQueue> {
  const queue = new FinishingQueue({
    url: database.url,
    atOnce,
    log: createLog('error'),
    work(id, signal) {
      const name = names.get(id)!;
      begun.push(name);
      return new Promise<Outcome>((resolve) => {
        answers.set(name, resolve);
        signal.addEventListener('abort', () => {
          aborted.push(name);
          resolve('done');
        });
      });
    },
  });
  queues.push(queue);
  await queue.start();
  return queue;
}

/** A playback whose recording is over: named a1, it is the camera a's. */
async function makeProcessing(name: string): Promise<void> {
  const camera = name[0]!;
  if (!ids.has(camera)) {
    ids.set(camera, randomUUID());
    await db.query('INSERT INTO cameras (id, name, rtsp_url, updated_at) VALUES ($1, $2, $3, now())', [
      ids.get(camera),
      camera,
      'rtsp://127.0.0.1/',
    ]);
  }
  const id = randomUUID();
  ids.set(name, id);
  names.set(id, name);
  await db.query("INSERT INTO playbacks (id, camera_id, recording_status) VALUES ($1, $2, 'RECORDING')", [
    id,
    ids.get(camera),
  ]);
  await db.query("UPDATE playbacks SET recording_status = 'PROCESSING' WHERE id = $1", [id]);
}

interface JobRow {
  name: string;
  /** Seconds until it is due. */
  due: number;
  isLocked: boolean;
}

async function jobs(): Promise<JobRow[]> {
  const { rows } = await db.query(`SELECT key, extract(epoch FROM run_at - now())::float AS due,
    locked_by IS NOT NULL AS "isLocked" FROM graphile_worker.jobs ORDER BY id`);
  return rows.map(({ key, due, isLocked }) => ({ name: names.get(key)!, due, isLocked }));
}

const beginning = (count: number) => until(() => begun.length >= count, `${count} are begun`);

const answer = (name: string, outcome: Outcome) => answers.get(name)!(outcome);

test('takes turns between cameras, however many clips of one came first', async () => {
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1']) await makeProcessing(name);
  await startQueue(1);
  for (let n = 1; n <= 6; n++) {
    await beginning(n);
    answer(begun.at(-1)!, 'done');
  }
  expect(begun.slice(0, 3).sort()).toEqual(['a1', 'b1', 'c1']);
  expect(begun.slice(3)).toEqual(['a2', 'a3', 'a4']);
  await until(async () => (await jobs()).length === 0, 'no job is left');
});

test('takes up at once what becomes PROCESSING, and no more at a time than it is told', async () => {
  await startQueue(2);
  for (const name of ['a1', 'a2', 'b1']) await makeProcessing(name);
  await beginning(2);
  expect((await jobs()).filter(({ isLocked }) => isLocked)).toHaveLength(2);
  answer(begun[0]!, 'done');
  await beginning(3);
  expect(new Set(begun)).toEqual(new Set(['a1', 'a2', 'b1']));
});

test('doubles the pause with each fault up to half a minute; hurry ends it', async () => {
  const queue = await startQueue(1);
  await makeProcessing('a1');
  const pauses = [1, 2, 4, 8, 16, 30, 30];
  for (const [i, pause] of pauses.entries()) {
    await beginning(i + 1);
    answer('a1', 'later');
    await until(async () => (await jobs()).every(({ isLocked }) => !isLocked), 'it is put off');
    const [job, ...others] = await jobs();
    expect(others).toEqual([]);
    expect(job!.due).toBeLessThan(pause * 1.25);
    // Some of it is over when it is read.
    expect(job!.due).toBeGreaterThan(pause * 0.75 - 0.7);
    await queue.hurry();
    // It would look by itself within two seconds.
    await db.query(`SELECT pg_notify('jobs:insert', '{"count": 1}')`);
  }
});

test('a pause is not the camera’s: what else it recorded goes on', async () => {
  await startQueue(1);
  await makeProcessing('a1');
  await beginning(1);
  answer('a1', 'later');
  await makeProcessing('a2');
  await beginning(2);
  expect(begun[1]).toBe('a2');
});

test('a start takes over what a dead server held, and ends all pauses', async () => {
  for (const name of ['a1', 'a2', 'b1']) await makeProcessing(name);
  await db.query(`UPDATE graphile_worker._private_jobs SET locked_by = 'dead', locked_at = now(), attempts = 1
    WHERE key = '${ids.get('a1')}'`);
  await db.query(`UPDATE graphile_worker._private_jobs SET run_at = now() + interval '1 hour'
    WHERE key = '${ids.get('b1')}'`);
  await startQueue(3);
  await beginning(3);
  expect([...begun].sort()).toEqual(['a1', 'a2', 'b1']);
  expect(await jobs()).toHaveLength(3);
});

test('what is under way when the server stops is aborted, and begun again by the next', async () => {
  await startQueue(1);
  await makeProcessing('a1');
  await beginning(1);
  await closeQueues();
  expect(aborted).toEqual(['a1']);
  expect(await jobs()).toMatchObject([{ name: 'a1', isLocked: false }]);
  await startQueue(1);
  await beginning(2);
});

const cutConnections = () =>
  db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`);

test('goes on when its connections were cut in the middle of a job, without waiting for the others', async () => {
  await startQueue(2);
  for (const name of ['a1', 'b1']) await makeProcessing(name);
  await beginning(2);
  await cutConnections();
  await db.query("UPDATE playbacks SET recording_status = 'FAILED' WHERE id = $1", [ids.get('a1')]);
  // That it is over may not be writable, which makes the library's workers stop.
  answer('a1', 'done');
  await makeProcessing('c1');
  await until(() => begun.includes('c1'), 'c1 is begun');
  await until(async () => {
    for (const answer of answers.values()) answer('done');
    return (await jobs()).length === 0;
  }, 'no job is left');
});

test('goes on when the library’s workers stopped by themselves: what was under way is begun anew', async () => {
  await startQueue(1);
  await makeProcessing('a1');
  await beginning(1);
  // As they do where they could not write that a job is over.
  await until(async () => {
    await db.query(`SELECT pg_notify('worker:migrate', '{"breaking": true}')`);
    return process.exitCode === 57;
  }, 'they stopped');
  process.exitCode = undefined;
  await beginning(2);
  expect([begun, aborted]).toEqual([['a1', 'a1'], ['a1']]);
});

test('a clip that is discarded is aborted, and nothing of it goes on', async () => {
  const queue = await startQueue(1);
  await makeProcessing('a1');
  await beginning(1);
  await queue.discard(ids.get('a1')!);
  expect(aborted).toEqual(['a1']);
  await until(async () => (await jobs()).length === 0, 'no job is left');
});
