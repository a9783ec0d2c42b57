import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { gatherWrites } from '../../src/http/gathered-writes.ts';

const http = createServer();
const sockets = new WebSocketServer({ server: http });
const gather = gatherWrites();

beforeAll(() => once(http.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => {
  sockets.close();
  http.close();
});

async function connectPair() {
  const { port } = http.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const received: string[] = [];
  client.on('message', (data) => received.push(String(data)));
  const [[server, request]] = (await Promise.all([once(sockets, 'connection'), once(client, 'open')])) as [
    [WebSocket, { socket: Socket }],
    unknown,
  ];
  gather(server, request.socket);
  return { client, received, server, connection: request.socket };
}

const sent = (socket: WebSocket, text: string) =>
  new Promise<void>((resolve, reject) => {
    socket.send(text, (error) => (error ? reject(error) : resolve()));
  });

test('messages to a socket within one turn of the event loop are written at once, in order', async () => {
  const { client, received, server, connection } = await connectPair();
  const write = vi.spyOn(connection, '_writev');
  const texts = Array.from({ length: 20 }, (_, n) => `${n}`);
  await Promise.all(texts.map((text) => sent(server, text)));
  expect(write).toHaveBeenCalledTimes(1);
  await vi.waitFor(() => expect(received).toEqual(texts));
  await sent(server, 'later');
  await vi.waitFor(() => expect(received.at(-1)).toBe('later'));
  client.terminate();
});

test('messages sent before a close arrive before it', async () => {
  const { client, received, server } = await connectPair();
  server.send('last words');
  server.close(4403, 'over');
  const [code] = await once(client, 'close');
  expect([received, code]).toEqual([['last words'], 4403]);
});

test('at most 256 sockets wait for the end of the turn', async () => {
  const pairs: Awaited<ReturnType<typeof connectPair>>[] = [];
  while (pairs.length < 300) pairs.push(await connectPair());
  for (const { server } of pairs) server.send('all');
  const held = pairs.filter(({ connection }) => connection.writableCorked > 0);
  expect(held.length).toBe(300 - 256);
  await vi.waitFor(() => expect(pairs.every(({ received }) => received[0] === 'all')).toBe(true));
  for (const { client } of pairs) client.terminate();
});
