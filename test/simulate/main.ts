// npm run simulate -- --nodes 20 --cameras 2000 --events-per-minute 6000 [--seconds 60] [--top 20]: what many nodes ask of
// one PostgreSQL. Real: PostgreSQL, the nodes' code from the GraphQL API to the database, calls between nodes, spools.
// Replaced: cameras (a prepared picture a second), the bucket (takes everything, keeps nothing), ffmpeg (one poster for
// all), the nodes' disks (a folder in memory: in a real fleet each node has a disk of its own). Several nodes share a
// process.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { applyMigrations } from '../../src/db/migrate.ts';
import { figure, heading, percentiles } from '../bench/figures.ts';
import { connectClient } from '../support/app/client.ts';
import { freePort } from '../support/processes/free-port.ts';
import { openSimulatedDatabase, type SimulatedDatabase, type StatementCount } from './database.ts';
import { runLoad, watchAll } from './load.ts';
import type { NodeSettings } from './nodes-process.ts';
import { processorSecOf } from './processor.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '20' },
    cameras: { type: 'string', default: '2000' },
    'events-per-minute': { type: 'string', default: '6000' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    top: { type: 'string', default: '0' },
  },
});
const [nodeCount, cameraCount, sec, seed, top] = (
  ['nodes', 'cameras', 'seconds', 'seed', 'top'] as const
).map((name) => Number(values[name])) as [number, number, number, number, number];
const eventsPerSec = Number(values['events-per-minute']) / 60;
/** How many processes the nodes share. */
const processes = 2;
const idleSec = 20;
const warmUpSec = 10;
/** The part in which events happen at two nodes only. */
const apart = { sec: 30, eventsPerSec: 5 };

const ids = Array.from({ length: nodeCount }, (_, i) => `node${String(i + 1).padStart(2, '0')}`);
const dir = await mkdtemp('/dev/shm/flashback-simulate-nodes-');
const database = await openSimulatedDatabase(ids);
const { sql } = database;
await applyMigrations(sql);
// The first start seals the addresses.
await sql.query(
  `INSERT INTO cameras (id, name, rtsp_url, record_on, pre_roll_sec, updated_at)
   SELECT gen_random_uuid(), 'Camera ' || n, 'rtsp://127.0.0.1:9/' || n, '{MOTION}', 5, now() FROM generate_series(1, $1) n`,
  [cameraCount],
);

const settings = await Promise.all(ids.map((id) => settingsOf(id)));
const children = await startNodes(settings);
const urls = settings.map((it) => it['NODE_URL']!);
const clients = urls.map((url) => connectClient(url));
const countLive = async () =>
  (await sql.query("SELECT count(*)::int AS count FROM cameras WHERE state = 'LIVE'")).rows[0].count;
await untilWithin(async () => (await countLive()) === cameraCount, 'all cameras are LIVE', 180_000);
const owners: { id: string; node_id: string }[] = (await sql.query('SELECT id, node_id FROM cameras')).rows;
console.log(
  `${nodeCount} nodes in ${processes} processes, ${cameraCount} cameras, ${os.cpus().length} × ${os.cpus()[0]?.model}`,
);

await sleep(12_000); // polls that become rarer have become rare
await measureIdle();
await measureLoad();
await measureApart();

for (const client of clients) await client.close();
for (const child of children) child.disconnect();
await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')));
await database.close();
await rm(dir, { recursive: true, force: true });

async function settingsOf(id: string): Promise<NodeSettings> {
  const port = await freePort();
  return {
    ...{ NODE_ID: id, DATA_DIR: path.join(dir, id), PORT: `${port}`, NODE_URL: `http://127.0.0.1:${port}` },
    ...{ DATABASE_URL: database.urlOf(id), SECRET_KEY: Buffer.alloc(32, 1).toString('base64') },
    ...{ R2_ENDPOINT: 'http://127.0.0.1:9', R2_BUCKET: 'simulated' },
    ...{ R2_ACCESS_KEY_ID: 'none', R2_SECRET_ACCESS_KEY: 'none' },
    ...{ SPOOL_MIN_FREE_BYTES: '0', EVENTS_PER_MINUTE: '1000000', PATH: process.env['PATH']! },
  };
}

async function startNodes(all: readonly NodeSettings[]) {
  const share = Math.ceil(all.length / processes);
  const started = Array.from({ length: processes }, (_, i) => {
    const child = fork(path.join(import.meta.dirname, 'nodes-process.ts'));
    child.once('exit', (code) => {
      if (code === 0) return;
      console.error(`A process of nodes has ended with ${code}.`);
      process.exit(1);
    });
    child.send(all.slice(i * share, (i + 1) * share));
    return child;
  });
  await Promise.all(started.map((child) => once(child, 'message')));
  return started;
}

/** Counts statements and the database's processor time while `run` runs. */
async function measured<T>(db: SimulatedDatabase, run: () => Promise<T>) {
  await db.reset();
  const [cpu, nodesCpu, at] = [await db.cpuSec(), await nodesCpuSec(), performance.now()];
  const result = await run();
  const counts = await db.counts();
  const took = (performance.now() - at) / 1_000;
  const cores = ((await db.cpuSec()) - cpu) / took;
  return { result, counts, sec: took, cores, nodesSec: (await nodesCpuSec()) - nodesCpu };
}

/** Processor time of all nodes so far, in seconds. */
async function nodesCpuSec(): Promise<number> {
  const each = await Promise.all(children.map(({ pid }) => processorSecOf(pid!)));
  return each.reduce((all, sec) => all + sec, 0);
}

function sum(counts: readonly StatementCount[]): number {
  return counts.reduce((all, { calls }) => all + calls, 0);
}

function printTop(counts: readonly StatementCount[], per: number, unit: string): void {
  const byQuery = new Map<string, number>();
  for (const { query, calls } of counts) byQuery.set(query, (byQuery.get(query) ?? 0) + calls);
  const sorted = [...byQuery].sort(([, a], [, b]) => b - a).slice(0, top);
  for (const [query, calls] of sorted)
    console.log(`    ${(calls / per).toFixed(2)} ${unit}  ${query.replaceAll(/\s+/g, ' ').slice(0, 150)}`);
}

async function measureIdle(): Promise<void> {
  const { counts, sec: took, cores, nodesSec } = await measured(database, () => sleep(idleSec * 1_000));
  heading(`Nothing happens, ${idleSec} s`);
  figure(`statements a second of ${nodeCount} nodes`, (sum(counts) / took).toFixed(1), '100');
  figure("database's processor, cores", cores.toFixed(2));
  figure("nodes' processor, cores", (nodesSec / took).toFixed(2));
  printTop(counts, took, 'a second');
}

async function measureLoad(): Promise<void> {
  const watchers = [watchAll(urls[0]!), watchAll(urls[nodeCount - 1]!)];
  const options = { clients, cameraIds: owners.map(({ id }) => id), eventsPerSec };
  await runLoad({ ...options, sec: warmUpSec, seed: seed + 1 });
  await untilWithin(isFinished, 'the first events are finished', 60_000);
  const from = Date.now();
  const { result, counts, cores, nodesSec } = await measured(database, async () => {
    const load = await runLoad({ ...options, sec, seed });
    await untilWithin(isFinished, 'all events are finished', 120_000);
    return load;
  });
  const { rows: after } = await sql.query('SELECT count(*)::int AS count FROM playback_transitions');
  await untilWithin(
    async () => watchers.every(({ received }) => received.size >= after[0].count),
    'the subscribers have all',
    20_000,
  ).catch(() => {});
  const { events, errors } = result;
  heading(`${(eventsPerSec * 60).toFixed(0)} events a minute for ${sec} s, at all nodes`);
  figure('accepted events, a minute', `${events}, ${((events / result.sec) * 60).toFixed(0)}`);
  figure('errors', errors.length === 0 ? '0' : `${errors.length}: ${errors[0]}`);
  figure('playbacks', await statusText());
  figure('statements per event', (sum(counts) / events).toFixed(1), '16');
  figure("database's processor, cores", cores.toFixed(2), '1');
  figure("nodes' processor per event", `${((nodesSec * 1_000) / events).toFixed(1)} ms`);
  figure('createEvent, ms (p50 / p95 / p99)', percentiles(result.createMs, 50, 95, 99));
  for (const [i, { received, repeated }] of watchers.entries()) {
    const times = [...received.values()]
      .filter(({ at }) => at >= from)
      .map(({ at, receivedAt }) => receivedAt - at);
    const how = `${received.size} of ${after[0].count}, ${repeated} twice`;
    figure(
      `transition → subscriber ${i + 1} (p50 / p95 / p99 / most; ${how})`,
      percentiles(times, 50, 95, 99, 100),
      'p99 250 ms',
    );
  }
  printTop(counts, events, 'per event');
  for (const watcher of watchers) await watcher.close();
}

/** Events at the cameras of the first node, reported to the second: what do the others ask? */
async function measureApart(): Promise<void> {
  await sleep(12_000);
  const two = new Set(ids.slice(0, 2));
  const others = (counts: readonly StatementCount[]) => counts.filter(({ node }) => !two.has(node));
  const idle = await measured(database, () => sleep(apart.sec * 1_000));
  const cameraIds = owners.filter(({ node_id }) => node_id === ids[0]).map(({ id }) => id);
  const busy = await measured(database, async () => {
    const load = await runLoad({ clients: clients.slice(0, 2), cameraIds, ...apart, seed });
    await untilWithin(isFinished, 'all events are finished', 60_000);
    return load;
  });
  const { events } = busy.result;
  const known = new Set(others(idle.counts).map(({ query }) => query));
  const more = sum(others(busy.counts)) / busy.sec - sum(others(idle.counts)) / idle.sec;
  const fresh = others(busy.counts).filter(({ query }) => !known.has(query));
  heading(`${events} events that concern two nodes: the statements of the other ${nodeCount - 2}`);
  figure(
    'a second, without and with events',
    `${(sum(others(idle.counts)) / idle.sec).toFixed(1)}, ${(sum(others(busy.counts)) / busy.sec).toFixed(1)}`,
  );
  figure('more per event', ((more * busy.sec) / events).toFixed(2), '0');
  figure('statements that idle nodes do not send', `${sum(fresh)}`, '0');
  printTop(fresh, 1, 'times');
}

async function untilWithin(
  isTrue: () => boolean | Promise<boolean>,
  what: string,
  withinMs: number,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}: ${await statusText()}`);
    await sleep(100);
  }
}

async function isFinished(): Promise<boolean> {
  const { rows } = await sql.query(
    "SELECT EXISTS (SELECT FROM playbacks WHERE recording_status IN ('PENDING', 'RECORDING', 'PROCESSING')) AS \"isAny\"",
  );
  return !rows[0].isAny;
}

async function statusText(): Promise<string> {
  const { rows } = await sql.query(
    'SELECT recording_status AS status, count(*)::int AS count FROM playbacks GROUP BY 1 ORDER BY 1',
  );
  return rows.map(({ status, count }) => `${count} ${status}`).join(', ');
}
