import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { type App, startApp } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { type Release, thisRelease } from '../../src/db/migrate.ts';
import { createLog } from '../../src/log.ts';
import { connectClient, type TestClient } from '../support/app/client.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { freePort } from '../support/processes/free-port.ts';
import { bucketSettings, type S3Server, startS3Server } from '../support/s3/s3-server.ts';

export interface TestNode {
  readonly id: string;
  readonly config: Config;
  readonly app: App;
  readonly client: TestClient;
  readonly logged: string[];
  close(): Promise<void>;
}

export interface TestNodes {
  readonly bucket: S3Server;
  readonly sql: pg.Client;
  readonly dir: string;
  /**
   * Starts a server, or the one of this id again.
   * @param release another version than this one
   * @param logged gets the lines of its log
   */
  start(
    id: string,
    changes?: Record<string, string>,
    release?: Release,
    logged?: string[],
  ): Promise<TestNode>;
  /** The settings of the server of this id, for one that is a process of its own. */
  settings(id: string): Promise<Record<string, string>>;
  /** Adds a camera, and waits until its owner has connected. */
  /** Resolves when the camera is LIVE, at whichever node. */
  awaitLive(at: TestNode, cameraId: string): Promise<void>;
  addCamera(at: TestNode, rtspUrl: string): Promise<{ id: string; owner: TestNode; other: TestNode }>;
  close(): Promise<void>;
}

export async function openNodes(): Promise<TestNodes> {
  const database = await createTestDatabase();
  const bucket = await startS3Server();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-nodes-'));
  const sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  const running = new Map<string, TestNode>();
  const ports = new Map<string, number>();

  async function settings(id: string): Promise<Record<string, string>> {
    const port = ports.get(id) ?? (await freePort());
    ports.set(id, port);
    return {
      ...{ DATA_DIR: path.join(dir, id), NODE_ID: id, NODE_URL: `http://127.0.0.1:${port}`, PORT: `${port}` },
      ...{ DATABASE_URL: database.url, SECRET_KEY: Buffer.alloc(32, 1).toString('base64') },
      ...{ ...bucketSettings(bucket), SPOOL_MIN_FREE_BYTES: '0' },
    };
  }

  async function awaitLive({ client }: TestNode, id: string): Promise<void> {
    const states = client.subscribe<{ cameraStateChanged: { state: string } }>(
      'subscription($id: ID!) { cameraStateChanged(cameraId: $id) { state } }',
      { id },
    );
    await states.until(({ cameraStateChanged }) => cameraStateChanged.state === 'LIVE');
    states.stop();
  }

  async function start(
    id: string,
    changes: Record<string, string> = {},
    release = thisRelease,
    logged: string[] = [],
  ): Promise<TestNode> {
    const config = readConfig({ ...(await settings(id)), ...changes });
    const log = createLog('debug', { write: (line: string) => void logged.push(line) });
    const app = await startApp(config, log, Date.now, undefined, release);
    const client = connectClient(app.url);
    const node: TestNode = {
      ...{ id, config, app, client, logged },
      async close() {
        running.delete(id);
        await client.close();
        await app.close();
      },
    };
    running.set(id, node);
    return node;
  }

  return {
    ...{ bucket, sql, dir, start, settings },
    awaitLive,
    async addCamera(at, rtspUrl) {
      const { createCamera } = await at.client.run<{
        createCamera: { camera: { id: string } };
      }>('mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }', {
        input: { name: 'Camera', rtspUrl, preRollSec: 1 },
      });
      const { id } = createCamera.camera;
      await awaitLive(at, id);
      const { camera } = await at.client.run<{ camera: { node: string } }>(
        `{ camera(id: "${id}") { node } }`,
      );
      const owner = running.get(camera.node)!;
      return { id, owner, other: [...running.values()].find((it) => it !== owner)! };
    },
    async close() {
      for (const node of [...running.values()]) await node.close();
      await sql.end();
      await bucket.close();
      await database.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
