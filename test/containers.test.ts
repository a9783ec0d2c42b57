// Tests of the containers without Docker: the content of the files, and the commands that run in the containers.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startTestApp } from './support/app/app.ts';
import { connectClient } from './support/app/client.ts';
import { until } from './support/camera/reader.ts';
import { createTestDatabase, type TestDatabase } from './support/database/database.ts';
import { freePort } from './support/processes/free-port.ts';
import { program } from './support/processes/program.ts';
import { startS3Server } from './support/s3/s3-server.ts';
import { startServer } from './torture/server.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Service {
  image: string;
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  [setting: string]: unknown;
}
interface Composed {
  readonly services: Record<string, Service>;
  readonly configs?: { readonly proxy: { readonly content: string } };
}
const composed = (file: string) => parse(read(file), { merge: true }) as Composed;
const fleet = composed('docker-compose.fleet.yml');
const fleetNodes = Object.entries(fleet.services).filter(([name]) => name.startsWith('node-'));

describe.each(['docker-compose.yml', 'docker-compose.fleet.yml'])('%s', (file) => {
  const { services } = composed(file);

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
      expect(name).toMatch(
        /^((node:24\.\d+\.\d+|postgres:18\.\d+)-bookworm(-slim)?|haproxy:3\.\d+\.\d+|minio\/minio:RELEASE\.[\dTZ-]+)$/,
      );
    }
    expect(read(file)).not.toMatch(/API_KEYS|secret-/);
    const servers = Object.values(services).filter(({ environment }) => environment?.['PUBLIC_URL']);
    expect(servers.length).toBeGreaterThan(0);
    for (const { environment } of servers) expect(environment!['GRAPHIQL']).toBe('false');
  });

  test('runs only commands that exist', () => {
    const ours = Object.values(services).filter(({ image }) => image === 'flashback');
    const commands = ours.flatMap(({ command }) => command?.[1] ?? []);
    expect(commands).toHaveLength(2);
    for (const file of commands) read(file.replace(/^dist/, 'src').replace(/js$/, 'ts'));
  });
});

/** A value with the variables of the shell that Compose fills in. */
function filledIn(value: string, variables: Record<string, string>): string {
  const inner = /\$\{(\w+)(?::([-?])([^{}]*))?\}/;
  for (let text = value; ; ) {
    const found = inner.exec(text);
    if (!found) return text;
    const [all, name = '', kind, rest = ''] = found;
    const given = variables[name];
    if (given === undefined && kind === '?') throw new Error(`${name}: ${rest}`);
    text = text.replace(all, () => given ?? rest);
  }
}

describe('docker-compose.fleet.yml, its three servers', () => {
  const shared = ({ NODE_ID, NODE_URL, ...rest }: Record<string, string>) => ({ NODE_ID, NODE_URL, rest });
  const nodes = fleetNodes.map(([name, service]) => ({ name, service, ...shared(service.environment!) }));

  test('differ in their id, address and disk alone, and the proxy and Compose wait for the end of each', () => {
    expect(nodes.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3']);
    for (const { name, service, NODE_ID, NODE_URL, rest } of nodes) {
      expect({ NODE_ID, NODE_URL }).toEqual({ NODE_ID: name, NODE_URL: `http://${name}:4000` });
      expect(rest).toEqual(nodes[0]!.rest);
      expect(fleet.configs!.proxy.content).toContain(`server ${name} ${name}:4000\n`);
      // DRAIN_SEC, and eight seconds more.
      expect(Number.parseInt(String(service['stop_grace_period']), 10)).toBeGreaterThanOrEqual(30 + 8);
    }
    expect(new Set(nodes.flatMap(({ service }) => service.volumes)).size).toBe(3);
    expect(() => filledIn(nodes[0]!.rest['SECRET_KEY']!, {})).toThrow('openssl rand -base64 32');
  });

  test('start with these settings, and share the cameras', async () => {
    const database = await createTestDatabase();
    const bucket = await startS3Server();
    const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-fleet-'));
    const ports = await Promise.all(nodes.map(freePort));
    const given = {
      ...{ SECRET_KEY: randomBytes(32).toString('base64'), BUCKET_PASSWORD: bucket.secretAccessKey },
      ...{ R2_ENDPOINT: bucket.endpoint, R2_BUCKET: bucket.bucket, R2_ACCESS_KEY_ID: bucket.accessKeyId },
    };
    const settings = nodes.map(({ service }, i) => ({
      ...Object.fromEntries(
        Object.entries(service.environment!).map(([name, value]) => [name, filledIn(value, given)]),
      ),
      // What containers have for themselves: their network, and their disk.
      ...{ DATABASE_URL: database.url, DATA_DIR: path.join(dir, `${i}`), SPOOL_MIN_FREE_BYTES: '0' },
      ...{ HOST: '127.0.0.1', PORT: `${ports[i]}`, NODE_URL: `http://127.0.0.1:${ports[i]}` },
    }));
    const servers = await Promise.all(settings.map((env) => startServer(env)));
    onTestFinished(async () => {
      for (const server of servers) {
        server.kill();
        await server.over();
      }
      await bucket.close();
      await database.drop();
      await rm(dir, { recursive: true, force: true });
    });
    // The log names the proxy's address.
    expect(servers[0]!.url).toBe('http://localhost:4000');
    const client = connectClient(`http://127.0.0.1:${ports[0]}`);
    const { nodes: live } = await client.run<{ nodes: object[] }>('{ nodes { id state problem capacity } }');
    expect(live).toEqual(
      nodes.map(({ name }) => ({ id: name, state: 'LIVE', problem: null, capacity: 200 })),
    );
    const owners = new Set<string>();
    for (let i = 0; i < 12; i++) {
      const { createCamera } = await client.run<{ createCamera: { camera: { node: string } } }>(
        'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { node } } }',
        { input: { name: `Camera ${i}`, rtspUrl: 'rtsp://127.0.0.1:9/', preRollSec: 0 } },
      );
      owners.add(createCamera.camera.node);
    }
    expect(owners.size).toBeGreaterThan(1);
    await client.close();
  }, 90_000);
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
