// Cameras side by side: one that is no use is in nobody's way.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../support/app/app.ts';
import { startTestCamera, type TestCamera } from '../../support/camera/camera.ts';
import { capture } from '../../support/camera/captures.ts';

let app: TestApp;
let camera: TestCamera;
/** Takes connections and never says a word. */
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

test('a camera is live soon, also behind sixteen that take the connection and say nothing', async () => {
  const { port } = silent.address() as { port: number };
  const rtspUrl = `rtsp://127.0.0.1:${port}/silent`;
  for (let i = 0; i < 16; i++) await app.addCamera({ rtspUrl, name: `Silent ${i}` }, 'CONNECTING');
  const since = Date.now();
  const id = await app.addCamera({ rtspUrl: camera.url, name: 'Live' });
  // Eight start at once, two seconds at most; each of the silent ones holds ffmpeg for ten.
  expect(Date.now() - since).toBeLessThan(9_000);

  // One that waits for its turn can be switched off meanwhile.
  const off = 'mutation($id: ID!) { updateCamera(input: { id: $id, enabled: false }) { camera { state } } }';
  const before = Date.now();
  await app.client.run(off, { id });
  expect(Date.now() - before).toBeLessThan(2_500);
}, 60_000);
