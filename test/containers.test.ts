// Tests of the containers without Docker: the content of the files, and the commands that run in the containers.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startTestApp } from './support/app/app.ts';
import { connectClient } from './support/app/client.ts';
import { until } from './support/camera/reader.ts';
import { createTestDatabase, type TestDatabase } from './support/database/database.ts';
import { program } from './support/processes/program.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('docker-compose.yml', () => {
  interface Service {
    image: string;
    command?: string[];
    environment?: Record<string, string>;
    volumes?: string[];
    [setting: string]: unknown;
  }
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, Service>;
  };

  test.each(Object.entries(services))('%s has limited memory and rights', (_name, service) => {
    expect(service).toMatchObject({
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      read_only: true,
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
    });
    for (const volume of service.volumes ?? []) expect(volume).toMatch(/^[a-z]+:\//);
  });

  test('names exact releases, and contains no key', () => {
    const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map((match) => match[1]!);
    const images = Object.values(services).map(({ image }) => image);
    for (const name of [...bases, ...images].filter((name) => name !== 'flashback')) {
      expect(name).toMatch(/^(node:24\.\d+\.\d+|postgres:18\.\d+)-bookworm(-slim)?$/);
    }
    expect(read('docker-compose.yml')).not.toMatch(/API_KEYS|minio\/|secret-/);
    expect(services['flashback']?.environment?.['GRAPHIQL']).toBe('false');
  });

  test('runs only commands that exist', () => {
    const commands = Object.values(services).flatMap(({ command }) => command?.[1] ?? []);
    expect(commands).toHaveLength(2);
    for (const file of commands) read(file.replace(/^dist/, 'src').replace(/js$/, 'ts'));
  });
});

describe('the first start', () => {
  let database: TestDatabase;
  let dataDir: string;
  let camera: ChildProcess;
  let address: string;

  function run(file: string, ...args: string[]): { child: ChildProcess; said: () => string } {
    const env = { ...process.env, DATABASE_URL: database.url, DATA_DIR: dataDir };
    const child = spawn(process.execPath, [program(file), ...args], { env });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
    return { child, said: () => said };
  }
  const firstStart = async () => {
    const { child, said } = run('src/first-start.ts', address);
    expect(await once(child, 'close')).toEqual([0, null]);
    return said();
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'flashback-containers-'));
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    address = `rtsp://127.0.0.1:${port}/demo`;
    const started = run('src/demo/camera-alone.ts', String(port));
    camera = started.child;
    await until(() => started.said().includes('can be played'), 'the camera can be played');
  });

  afterAll(async () => {
    const over = once(camera, 'close');
    camera.kill();
    await over;
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('makes a key and shows it once, and adds the camera, which the server then reads', async () => {
    const said = await firstStart();
    const secret = /fb_[\w-]{43}/.exec(said)?.[0];
    expect(secret).toBeDefined();
    expect(await firstStart()).toBe('');
    const app = await startTestApp({ databaseUrl: database.url, dataDir, host: '0.0.0.0' });
    const client = connectClient(app.app.url.replace('0.0.0.0', '127.0.0.1'), secret!);
    await until(async () => {
      const { cameras } = await client.run<{ cameras: unknown[] }>('{ cameras { name rtspUrl state } }');
      expect(cameras).toHaveLength(1);
      expect(cameras[0]).toMatchObject({ name: 'Test camera', rtspUrl: address });
      return (cameras[0] as { state: string }).state === 'LIVE';
    }, 'the camera is live');
    await client.close();
    await app.close();
  }, 90_000);
});
