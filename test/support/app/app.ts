// The whole server in this process, with its own database, disk and port.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type App, startApp } from '../../../src/app.ts';
import { type Config, readConfig } from '../../../src/config.ts';
import { createLog } from '../../../src/log.ts';
import { createTestDatabase } from '../database/database.ts';
import { connectClient, type TestClient } from './client.ts';

export interface TestApp {
  readonly config: Config;
  readonly client: TestClient;
  /** Everything that the server has logged, one JSON object per line. */
  readonly logged: string[];
  readonly app: App;
  /** Closes the server and, after `whileDown`, starts it again on the same data. */
  restart(whileDown?: () => Promise<unknown>): Promise<void>;
  /** Adds a camera and waits until it is in that state. @returns its id */
  addCamera(input: { rtspUrl: string; [setting: string]: unknown }, state?: string): Promise<string>;
  awaitCamera(id: string, state: string): Promise<void>;
  close(): Promise<void>;
}

/** @param now the server's wall clock, in epoch milliseconds */
export async function startTestApp(
  changes: Partial<Config> = {},
  now: () => number = Date.now,
): Promise<TestApp> {
  const database = await createTestDatabase();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-app-'));
  const config: Config = {
    ...readConfig({ DATA_DIR: dir, PORT: '0', SPOOL_MIN_FREE_BYTES: '0' }),
    databaseUrl: database.url,
    ...changes,
  };
  const logged: string[] = [];
  const log = createLog('debug', { write: (line: string) => void logged.push(line) });
  const adminKey = config.apiKeys.find(({ role }) => role === 'ADMIN')?.secret;
  let app = await startApp(config, log, now);
  let client = connectClient(app.url, adminKey);

  const test: TestApp = {
    config,
    logged,
    get app() {
      return app;
    },
    get client() {
      return client;
    },
    async restart(whileDown) {
      await client.close();
      await app.close();
      await whileDown?.();
      app = await startApp(config, log, now);
      client = connectClient(app.url, adminKey);
    },
    async addCamera(input, state = 'LIVE') {
      const { createCamera } = await client.run<{ createCamera: { camera: { id: string } } }>(
        'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
        { input: { name: 'Camera', ...input } },
      );
      await test.awaitCamera(createCamera.camera.id, state);
      return createCamera.camera.id;
    },
    async awaitCamera(id, state) {
      const states = client.subscribe<{ cameraStateChanged: { state: string } }>(
        'subscription($id: ID!) { cameraStateChanged(cameraId: $id) { state } }',
        { id },
      );
      await states.until(({ cameraStateChanged }) => cameraStateChanged.state === state);
      states.stop();
    },
    async close() {
      await client.close();
      await app.close();
      await database.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return test;
}
