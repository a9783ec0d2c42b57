// Clients cannot end a server that has 1 GiB of memory, nor block its other clients. Each of these floods once did. Each
// server is a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { program } from '../support/processes/program.ts';
import { type Server, startServer } from '../torture/server.ts';

const mebibyte = 1024 ** 2;
const heapMebibytes = 640;
const victim = 'victim-0123456789abcdef';
const attacker = 'attacker-0123456789abcdef';
/** How long the server is watched after the flood has been sent. */
const afterwardsMs = 1_000;
const floodMs = 6_000;

let dir: string;
let database: TestDatabase;
let server: Server;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-floods-'));
  database = await createTestDatabase();
  const sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  await sql.query(`INSERT INTO cameras (id, name, rtsp_url) VALUES (gen_random_uuid(), 'Yard', 'rtsp://h/')`);
  // The largest allowed metadata, with the highest cost in values.
  await sql.query(
    `INSERT INTO events (id, camera_id, type, label, description, metadata, started_at)
     SELECT gen_random_uuid(), cameras.id, 'OTHER', repeat('l', 200), repeat('d', 2000),
       ('[' || repeat('{},', 21000) || '{}]')::jsonb, now() FROM cameras, generate_series(1, 100)`,
  );
  await sql.end();
  server = await startServer({
    DATA_DIR: dir,
    DATABASE_URL: database.url,
    PORT: '0',
    SPOOL_MIN_FREE_BYTES: '0',
    GRAPHIQL: 'true',
    API_KEYS: `victim:admin:${victim},attacker:viewer:${attacker}`,
    NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}`,
  });
}, 60_000);

afterAll(async () => {
  server.kill();
  await server.over();
  await database.drop();
  await rm(dir, { recursive: true, force: true, maxRetries: 10 });
});

/** Milliseconds for which a process was ready to run while the machine ran others, because tests run side by side. */
const keptWaitingMs = (pid: number) =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;

/** Milliseconds until `{ me }` was answered, without those for which the machine was busy with other processes. */
async function ask(): Promise<number> {
  const machine = () => keptWaitingMs(server.pid) + keptWaitingMs(process.pid);
  const [asked, keptBefore] = [performance.now(), machine()];
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${victim}` },
    body: '{"query":"{ me { name } }"}',
    signal: AbortSignal.timeout(20_000),
  });
  expect(await response.json()).toEqual({ data: { me: { name: 'victim' } } });
  return performance.now() - asked - (machine() - keptBefore);
}

/** The peak memory of the server. */
const peakBytes = () =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))![1]) * 1024;

function startFlood(name: string, key: string): ChildProcess {
  const args = [program('test/support/app/flood.ts'), name, server.url, key];
  const flood = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void flood.kill('SIGKILL'));
  return flood;
}

test.skipIf(process.platform !== 'linux').each([
  ['pages', ''],
  ['pings', ''],
  ['pings', attacker],
  ['fragments', ''],
  ['fragments', attacker],
  ['metadata', attacker],
  ['metadataWithinCost', attacker],
  ['descriptions', attacker],
  ['pipelined', attacker],
  ['subscriptions', attacker],
  ['distinct', attacker],
  ['documents', attacker],
  ['variables', attacker],
  ['bodies', ''],
  ['bodies', attacker],
  ['errors', attacker],
  ['introspection', attacker],
])(
  'a flood of %s (key: "%s") neither ends the server nor blocks others',
  async (name, key) => {
    const flood = startFlood(name, key);
    let end = performance.now() + floodMs;
    createInterface({ input: flood.stdout! }).once('line', () => {
      end = Math.min(end, performance.now() + afterwardsMs);
    });
    const waits: number[] = [];
    while (performance.now() < end) {
      waits.push(await ask());
      await sleep(50);
    }
    const exited = once(flood, 'exit');
    flood.kill('SIGKILL');
    await exited;
    const sorted = waits.sort((a, b) => b - a).map(Math.round);
    if (process.env['FIGURES'])
      console.log(
        name,
        key ? 'key' : 'none',
        sorted.slice(0, 5),
        waits.length,
        Math.round(peakBytes() / mebibyte),
      );
    expect(server.isAlive).toBe(true);
    expect(sorted[0]).toBeLessThan(1_000);
    expect(peakBytes()).toBeLessThan(1024 * mebibyte);
  },
  60_000,
);
