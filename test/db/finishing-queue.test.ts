import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { connectDb } from '../../src/db/client.ts';
import { FinishingQueue, type TryResult } from '../../src/db/finishing-queue.ts';
import { Writes } from '../../src/db/writes.ts';
import { createLog } from '../../src/log.ts';
import { until } from '../support/camera/reader.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';

let database: TestDatabase;
let db: pg.Client;
/** The ids of playbacks and cameras by their names in these tests. */
const names = new Map<string, string>();
const ids = new Map<string, string>();
const queues: FinishingQueue[] = [];
/** The names of playbacks in the order in which queues began them, and functions that end their present try. */
let begun: string[];
let answers: Map<string, (outcome: TryResult) => void>;
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
    nodeId: 'here',
    atOnce,
    log: createLog('error'),
    work(id, signal) {
      const name = names.get(id)!;
      begun.push(name);
      return new Promise<TryResult>((resolve) => {
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

/** Makes a RECORDING playback. The playback a1 belongs to the camera a. @param nodeId the node that records it */
async function makeRecording(name: string, nodeId: string | null, epoch?: bigint): Promise<string> {
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
  await db.query(
    "INSERT INTO playbacks (id, camera_id, recording_status, node_id, owner_epoch) VALUES ($1, $2, 'RECORDING', $3, $4)",
    [id, ids.get(camera), nodeId, epoch],
  );
  return id;
}

/** Makes a PROCESSING playback. @param nodeId the node that has recorded it */
async function makeProcessing(name: string, nodeId: string | null = null): Promise<void> {
  const id = await makeRecording(name, nodeId);
  await db.query("UPDATE playbacks SET recording_status = 'PROCESSING' WHERE id = $1", [id]);
}

interface JobRow {
  name: string;
  /** Seconds until the job is due. */
  due: number;
  isLocked: boolean;
}

async function jobs(): Promise<JobRow[]> {
  const { rows } = await db.query(`SELECT key, extract(epoch FROM run_at - now())::float AS due,
    locked_by IS NOT NULL AS "isLocked" FROM graphile_worker.jobs ORDER BY id`);
  return rows.map(({ key, due, isLocked }) => ({ name: names.get(key)!, due, isLocked }));
}

const beginning = (count: number) => until(() => begun.length >= count, `${count} are begun`);

const answer = (name: string, outcome: TryResult) => answers.get(name)!(outcome);

test('alternates between cameras, however many clips of one camera came first', async () => {
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

test('begins PROCESSING playbacks at once, but no more than `atOnce` at a time', async () => {
  await startQueue(2);
  for (const name of ['a1', 'a2', 'b1']) await makeProcessing(name);
  await beginning(2);
  // The third one may be locked by now, for the worker that is free first.
  expect((await jobs()).filter(({ isLocked }) => isLocked).length).toBeGreaterThanOrEqual(2);
  expect(begun).toHaveLength(2);
  answer(begun[0]!, 'done');
  await beginning(3);
  expect(new Set(begun)).toEqual(new Set(['a1', 'a2', 'b1']));
});

test('doubles the pause with each retry, up to half a minute; hurry ends the pause', async () => {
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
    // Part of the pause has passed when the job is read.
    expect(job!.due).toBeGreaterThan(pause * 0.75 - 0.7);
    await queue.hurry();
  }
});

test('a pause delays only its own clip, not others of the camera', async () => {
  await startQueue(1);
  await makeProcessing('a1');
  await beginning(1);
  answer('a1', 'later');
  await makeProcessing('a2');
  await beginning(2);
  expect(begun[1]).toBe('a2');
});

test('a start takes over the jobs that a killed server had locked, and ends all pauses', async () => {
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

test('running jobs are aborted when the server stops, and the next server begins them again', async () => {
  await startQueue(1);
  await makeProcessing('a1');
  await beginning(1);
  await closeQueues();
  expect(aborted).toEqual(['a1']);
  expect(await jobs()).toMatchObject([{ name: 'a1', isLocked: false }]);
  await startQueue(1);
  await beginning(2);
});

test('works on its node’s playbacks alone, and leaves what another node has locked or put off', async () => {
  for (const name of ['a1', 'b1']) await makeProcessing(name, 'there');
  await makeProcessing('c1', 'here');
  const keys = `key IN ('${ids.get('a1')}', '${ids.get('b1')}')`;
  await db.query(`UPDATE graphile_worker._private_jobs SET run_at = now() + interval '1 hour' WHERE ${keys}`);
  await db.query(`UPDATE graphile_worker._private_jobs SET locked_by = 'there', locked_at = now()
    WHERE key = '${ids.get('b1')}'`);
  const queue = await startQueue(3);
  await beginning(1);
  await queue.hurry();
  answer('c1', 'done');
  await until(async () => (await jobs()).length === 2, 'c1 is done');
  const { rows } = await db.query(
    `SELECT task_identifier AS task, run_at > now() AS later, locked_by AS by FROM graphile_worker.jobs ORDER BY id`,
  );
  const other = { task: 'finish:there', later: true };
  expect(rows).toEqual([
    { ...other, by: null },
    { ...other, by: 'there' },
  ]);
  expect(begun).toEqual(['c1']);
});

test('a try that ends after another node has taken the playback over does not take the job back', async () => {
  await makeProcessing('a1', 'here');
  await startQueue(1);
  await beginning(1);
  const id = ids.get('a1');
  await db.query("UPDATE playbacks SET node_id = 'there' WHERE id = $1", [id]);
  await db.query('SELECT flashback_add_finishing_job($1, 1)', [id]);
  answer('a1', 'later');
  await until(async () => (await jobs()).every(({ isLocked }) => !isLocked), 'the try is over');
  const tasks = await db.query('SELECT task_identifier AS task FROM graphile_worker.jobs');
  expect(tasks.rows).toEqual([{ task: 'finish:there' }]);
});

const cutConnections = () =>
  db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`);

test('begins new jobs after its connections were cut during a job, without waiting for running ones', async () => {
  await startQueue(2);
  for (const name of ['a1', 'b1']) await makeProcessing(name);
  await beginning(2);
  await cutConnections();
  await db.query("UPDATE playbacks SET recording_status = 'FAILED' WHERE id = $1", [ids.get('a1')]);
  // The end of the job may not be writable, which makes the library's workers stop.
  answer('a1', 'done');
  await makeProcessing('c1');
  await until(() => begun.includes('c1'), 'c1 is begun');
  await until(async () => {
    for (const answer of answers.values()) answer('done');
    return (await jobs()).length === 0;
  }, 'no job is left');
});

test('restarts the library’s workers after they stopped by themselves, and begins running jobs again', async () => {
  await startQueue(1);
  await makeProcessing('a1');
  await beginning(1);
  // The workers stop as if they could not write the end of a job.
  await until(async () => {
    await db.query(`SELECT pg_notify('worker:migrate', '{"breaking": true}')`);
    return process.exitCode === 57;
  }, 'they stopped');
  process.exitCode = undefined;
  await beginning(2);
  expect([begun, aborted]).toEqual([['a1', 'a1'], ['a1']]);
});

test('discarding a clip aborts its job, and leaves none', async () => {
  const queue = await startQueue(1);
  await makeProcessing('a1');
  await beginning(1);
  await queue.stopWork(ids.get('a1')!);
  expect(aborted).toEqual(['a1']);
  await until(async () => (await jobs()).length === 0, 'no job is left');
});

test('a server’s own session adds a job without waking the workers of other nodes, and its own begin at once', async () => {
  const incarnation = 7n;
  await db.query(
    `INSERT INTO nodes (id, incarnation, version, capacity, started_at, heartbeat_at, lease_until)
     VALUES ('here', $1, '1', 1, now(), now(), now())`,
    [incarnation],
  );
  const queue = await startQueue(2);
  // The queue has found nothing, and does not look again for five seconds.
  await until(async () => (await idleLookers()) > 0, 'the queue waits');
  const writes = new Writes();
  writes.on('flashback_jobs', () => queue.nudge());
  const told = connectDb(database.url, { self: { nodeId: 'here', incarnation }, writes });
  const heard: string[] = [];
  const listener = new pg.Client({ connectionString: database.url });
  await listener.connect();
  onTestFinished(async () => {
    await listener.end();
    await told.$disconnect();
  });
  listener.on('notification', ({ channel }) => heard.push(channel));
  await listener.query('LISTEN "jobs:insert"; LISTEN flashback_transitions');
  await makeRecording('a1', 'here', incarnation);
  await listener.query('SELECT 1');
  heard.length = 0;
  const at = performance.now();
  await told.$executeRaw`UPDATE playbacks SET recording_status = 'PROCESSING' WHERE id = ${ids.get('a1')}::uuid`;
  await beginning(1);
  expect(performance.now() - at).toBeLessThan(3_000);
  answer('a1', 'later');
  await until(async () => begun.length === 2, 'it is tried again, without another hint');
  await listener.query('SELECT 1');
  expect(heard).toEqual([]);
  // A session that is not told notifies, so that servers of any release hear of it.
  await makeProcessing('b1', 'here');
  await beginning(3);
  await listener.query('SELECT 1');
  expect(heard).toContain('jobs:insert');
  expect(heard).toContain('flashback_transitions');
});

/** How many connections have looked for a job and are idle. */
async function idleLookers(): Promise<number> {
  const { rows } = await db.query(`SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle' AND query LIKE '%graphile_worker%_private_jobs%'`);
  return rows[0].count;
}
