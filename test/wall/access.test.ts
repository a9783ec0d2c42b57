// Who may watch cameras live.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { openViewer, type TestViewer } from '../support/app/viewer.ts';
import { startTestCamera, type TestCamera } from '../support/camera/camera.ts';
import { capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';

const admin = 'admin-secret-of-the-test-01';
let app: TestApp;
let camera: TestCamera;
let front: string;
let back: string;
const viewers: TestViewer[] = [];

beforeAll(async () => {
  app = await startTestApp({ apiKeys: [{ name: 'admin', role: 'ADMIN', secret: admin }] });
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  front = await app.addCamera({ name: 'Front', rtspUrl: camera.url, preRollSec: 1 });
  back = await app.addCamera({ name: 'Back', rtspUrl: camera.url, preRollSec: 1 });
});

afterEach(async () => {
  for (const viewer of viewers.splice(0)) await viewer.close();
});

afterAll(async () => {
  await app.close();
  await camera.close();
});

async function open(key?: string): Promise<TestViewer> {
  const viewer = await openViewer(app.client.url, key);
  viewers.push(viewer);
  return viewer;
}

interface MadeKey {
  apiKey: { id: string };
  secret: string;
}

async function makeKey(name: string, role: string, cameraIds?: string[]): Promise<MadeKey> {
  const { createApiKey } = await app.client.run<{ createApiKey: MadeKey }>(
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }',
    { input: { name, role, cameraIds } },
  );
  return createApiKey;
}

const isLive = (viewer: TestViewer, camera: string) =>
  until(() => viewer.footageOf(camera).length > 3, 'the camera is live');

test('without a key, or with a wrong one, the socket is closed before anything is sent', async () => {
  for (const key of [undefined, 'wrong-secret-of-the-test-01']) {
    const viewer = await open(key);
    expect(await viewer.awaits(({ type }) => type === 'closed')).toMatchObject({ number: 4401 });
    expect(viewer.received.map(({ type }) => type)).toEqual(['closed']);
  }
  const { socket, received } = await open(admin);
  expect(received.map(({ type }) => type)).toEqual(['ready']);
  socket.terminate();
});

test.each(['VIEWER', 'ANALYTICS', 'OPERATOR'])(
  '%s watches the cameras that its key may see, and no other',
  async (role) => {
    const viewer = await open((await makeKey(`${role} of the front`, role, [front])).secret);
    viewer.watch(front);
    await isLive(viewer, front);
    viewer.watch(back);
    expect(await viewer.awaits(({ type }) => type === 'refused')).toMatchObject({
      camera: back,
      reason: 'There is no such camera.',
    });
    expect(viewer.footageOf(back)).toEqual([]);
    // Nor does it get the pictures from before.
    viewer.say({ type: 'back', camera: back });
    const before = viewer.footageOf(front).length;
    await until(() => viewer.footageOf(front).length > before + 5, 'it goes on');
    expect(viewer.footageOf(back)).toEqual([]);
  },
);

test('a key that is revoked sees nothing more within five seconds', async () => {
  const { secret, apiKey } = await makeKey('short', 'VIEWER');
  const viewer = await open(secret);
  viewer.watch(front);
  await isLive(viewer, front);
  await app.client.run('mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }', { id: apiKey.id });
  const revokedAt = Date.now();
  expect((await viewer.awaits(({ type }) => type === 'closed')).number).toBe(4403);
  expect(viewer.received.at(-1)!.at - revokedAt).toBeLessThan(5_000);
});

test('pages of other origins cannot open the socket, and other paths are no socket', async () => {
  const answer = (path: string, origin: string) =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(`${app.client.url.replace('http', 'ws')}${path}`, { origin });
      socket.on('error', () => {});
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode!));
      socket.on('open', () => {
        resolve(101);
        socket.terminate();
      });
    });
  expect(await answer('/wall', 'https://elsewhere.example')).toBe(403);
  expect(await answer('/wall', app.client.url)).toBe(101);
  expect(await answer('/walls', app.client.url)).toBe(400);
});

test('at most sixteen cameras are watched over one socket', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 17; i++) {
    ids.push(await app.addCamera({ name: `Off ${i}`, rtspUrl: camera.url, enabled: false }, 'DISABLED'));
  }
  const viewer = await open(admin);
  for (const id of ids) viewer.watch(id);
  const refused = await viewer.awaits(({ type }) => type === 'refused');
  expect(refused).toMatchObject({
    camera: ids[16],
    reason: 'At most 16 cameras can be watched at a time.',
  });
  viewer.say({ type: 'leave', camera: ids[0] });
  viewer.watch(ids[16]!);
  await viewer.awaits(({ type, camera: it }) => type === 'watching' && it === ids[16]);
});
