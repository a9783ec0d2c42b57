// Many cameras: one that does not work does not delay the others.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../support/app/app.ts';
import { startTestCamera, type TestCamera } from '../../support/camera/camera.ts';
import { capture } from '../../support/camera/captures.ts';

let app: TestApp;
let camera: TestCamera;
/** Accepts connections and never sends anything. */
let silent: Server;
const held = new Set<Socket>();

beforeAll(async () => {
  silent = createServer((socket) => {
    held.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => held.delete(socket));
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  camera = await startTestCamera({ capture: await capture({ gopSec: 1 }) });
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await camera.close();
  for (const socket of held) socket.destroy();
  silent.close();
});

test('a camera is live soon, even after sixteen that accept the connection and send nothing', async () => {
  const { port } = silent.address() as { port: number };
  const rtspUrl = `rtsp://127.0.0.1:${port}/silent`;
  for (let i = 0; i < 16; i++) await app.addCamera({ rtspUrl, name: `Silent ${i}` }, 'CONNECTING');
  const since = Date.now();
  const id = await app.addCamera({ rtspUrl: camera.url, name: 'Live' });
  // Eight start at the same time, for at most two seconds. Each of the silent ones keeps ffmpeg busy for ten.
  expect(Date.now() - since).toBeLessThan(9_000);

  // A camera that waits for its turn can be switched off.
  const off = 'mutation($id: ID!) { updateCamera(input: { id: $id, enabled: false }) { camera { state } } }';
  const before = Date.now();
  await app.client.run(off, { id });
  expect(Date.now() - before).toBeLessThan(2_500);
}, 60_000);
