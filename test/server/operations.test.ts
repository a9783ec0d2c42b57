// What operators rely on: metrics, health, and an orderly stop.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestApp } from '../support/app/app.ts';
import { connectClient } from '../support/app/client.ts';
import { awaitEnd, createEvent, endEvent } from '../support/app/playbacks.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { startServer } from '../torture/server.ts';

let camera: TestCamera;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-operations-'));
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
});

afterAll(async () => {
  await camera.close();
  await rm(dir, { recursive: true, force: true, maxRetries: 10 });
});

test('/metrics states cameras, recordings, queue and subscribers; the log has each transition', async () => {
  const app = await startTestApp();
  onTestFinished(() => app.close());
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  const watching = app.client.subscribe('subscription { playbackStatusChanged { to } }');
  const event = await createEvent(app.client, { cameraId });
  const read = async () => {
    const response = await fetch(`${app.client.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const lines = (await response.text()).split('\n').filter((line) => line && !line.startsWith('#'));
    const figures = new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
    return (name: string) => figures.get(name);
  };
  const ringSec = async () => (await read())(`flashback_ring_seconds{camera="${cameraId}"}`);
  await expect.poll(ringSec).toBeGreaterThan(0.3);
  const during = await read();
  expect(during(`flashback_feed_state{camera="${cameraId}",state="LIVE"}`)).toBe(1);
  expect(during(`flashback_ring_bytes{camera="${cameraId}"}`)).toBeGreaterThan(1_000);
  expect(during('flashback_recordings{status="RECORDING"}')).toBe(1);
  expect(during('flashback_recordings_running')).toBe(1);
  expect(during('flashback_recorded_bytes_total')).toBeGreaterThan(1_000);
  expect(during('flashback_subscribers')).toBe(1);
  expect(during('flashback_spool_ok')).toBe(1);
  expect(during('process_resident_memory_bytes')).toBeGreaterThan(1e7);

  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  watching.stop();
  const isDone = async () => (await read())('flashback_finishing_queue_depth') === 0;
  await until(isDone, 'the queue is empty');
  const after = await read();
  expect(after('flashback_transitions_total{to="COMPLETED"}')).toBe(1);
  expect(after('flashback_uploaded_bytes_total')).toBeGreaterThan(playback.fileSizeBytes!);
  expect(after('flashback_finishing_queue_oldest_seconds')).toBe(0);
  expect(after('flashback_subscriber_lag')).toBe(0);

  const lines = app.logged.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'transition');
  const ids = { playbackId: playback.id, cameraId, eventId: event.id };
  expect(lines).toMatchObject([
    { ...ids, from: null, to: 'PENDING' },
    { ...ids, from: 'PENDING', to: 'RECORDING' },
    { ...ids, from: 'RECORDING', to: 'PROCESSING' },
    { ...ids, from: 'PROCESSING', to: 'COMPLETED' },
  ]);
});

describe('a server that is stopping', () => {
  const start = async ({ onTestFinished }: TestContext, name: string, drainSec: number) => {
    const dataDir = path.join(dir, name);
    const more = { SPOOL_MIN_FREE_BYTES: '0', DRAIN_SEC: String(drainSec) };
    const server = await startServer({ DATA_DIR: dataDir, PORT: '0', ...more });
    onTestFinished(() => void server.kill());
    return { server, dataDir };
  };

  async function record(url: string) {
    const client = connectClient(url);
    const { createCamera } = await client.run<{ createCamera: { camera: { id: string } } }>(
      'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }',
      { input: { name: 'Camera', rtspUrl: camera.url, preRollSec: 1 } },
    );
    const { id } = createCamera.camera;
    await until(async () => {
      const state = 'query($id: ID!) { camera(id: $id) { state } }';
      return (await client.run<{ camera: { state: string } }>(state, { id })).camera.state === 'LIVE';
    }, 'the camera is live');
    return { client, cameraId: id, event: await createEvent(client, { cameraId: id }) };
  }

  test.concurrent('is not ready and begins no recording, then closes its sockets, all within ten seconds', async (context) => {
    const { onTestFinished } = context;
    const { server, dataDir } = await start(context, 'orderly', 3);
    const { client: before, cameraId, event } = await record(server.url);
    const closes: number[] = [];
    const sockets = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      lazy: false,
      // Called only if the library considers a retry useful.
      shouldRetry: () => true,
      retryAttempts: 1,
      on: { closed: (close) => void closes.push((close as { code: number }).code) },
      onNonLazyError: () => {},
    });
    onTestFinished(() => sockets.dispose());
    const stream = sockets.iterate({ query: 'subscription { playbackStatusChanged { to } }' });
    await stream.next();

    const stopped = server.stop();
    const statusOf = async (path: string) => (await fetch(`${server.url}${path}`)).status;
    await until(async () => (await statusOf('/readyz')) === 503, 'it is not ready any more');
    expect(await statusOf('/healthz')).toBe(200);
    const input = { cameraId, type: 'MOTION' };
    const creating = 'mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } } }';
    expect(await before.fail(creating, { input })).toMatchObject({
      code: 'CAPACITY',
      message: expect.stringContaining('stopping'),
    });
    expect(closes).toEqual([]);
    expect(await stopped).toBeLessThan(10_000);
    expect(server.lastWords()).toContain('"msg":"stopped"');
    await until(() => closes.length > 0, 'the socket was closed');
    expect(closes[0]).toBe(1001);

    const again = await startServer({ DATA_DIR: dataDir, PORT: '0', SPOOL_MIN_FREE_BYTES: '0' });
    onTestFinished(() => void again.kill());
    const client = connectClient(again.url);
    await endEvent(client, event.id);
    expect((await awaitEnd(client, event)).recordingStatus).toBe('COMPLETED');
    await client.close();
    await again.stop();
  }, 60_000);

  test.concurrent('ends within ten seconds even if PostgreSQL hangs', async (context) => {
    const { server, dataDir } = await start(context, 'hanging', 0);
    await record(server.url);
    const book = path.join(dataDir, 'children');
    const records = readdirSync(book).map((name) => JSON.parse(readFileSync(path.join(book, name), 'utf8')));
    const postgres = records.find(({ label }) => label === 'postgres').pid as number;
    process.kill(postgres, 'SIGSTOP');
    context.onTestFinished(() => void process.kill(postgres, 'SIGKILL'));
    expect(await server.stop()).toBeLessThan(10_000);
    expect(server.lastWords()).toContain('stopping took too long');
  }, 60_000);
});
