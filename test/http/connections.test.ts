// Limits for clients that do not read, or only keep connections open.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { sendBytes } from '../../src/http/assets.ts';
import { connectionLimit, descriptorLimit, limitConnections } from '../../src/http/connection-limit.ts';
import { inOrder } from '../../src/http/in-order.ts';
import { boundWaitingBytes, type WaitingBytesLimits } from '../../src/http/waiting-bytes.ts';
import { until } from '../support/camera/reader.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const mebibyte = 1024 ** 2;

async function serve(
  prepare: (server: Server) => void,
  answer: (response: ServerResponse, path: string, request: IncomingMessage) => void,
): Promise<number> {
  const server = createServer(inOrder((request, response) => answer(response, request.url!, request)));
  prepare(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Sends requests and reads no answers. */
function askUnread(port: number, path = '/'): Socket {
  const socket = connect(port, '127.0.0.1').pause();
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  ends.push(() => socket.destroy());
  return socket;
}

const answerOf = async (port: number) => (await fetch(`http://127.0.0.1:${port}/small`)).text();

async function serveBytes(limits: Partial<WaitingBytesLimits>, bytes: number) {
  const body = Buffer.alloc(bytes);
  const sockets = new Set<Socket>();
  let connected = 0;
  const bounds = { perConnection: 1e12, all: 1e12, stalledMs: 1e6, ...limits };
  const port = await serve(
    (server) => {
      const bound = boundWaitingBytes(server, bounds);
      ends.push(() => bound.close());
      server.on('connection', (socket: Socket) => {
        connected++;
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
    },
    (response, path, request) => {
      if (path === '/pieces') void sendBytes(request, response, body);
      else response.end(path === '/small' ? 'ok' : body);
    },
  );
  const waiting = () => [...sockets].reduce((sum, { writableLength }) => sum + writableLength, 0);
  return { port, sockets, waiting, connected: () => connected };
}

test('a connection with too many unsent bytes is closed', async () => {
  const { port, sockets, connected } = await serveBytes({ perConnection: 16 * mebibyte }, 32 * mebibyte);
  askUnread(port);
  await until(() => connected() === 1, 'it is connected');
  await until(() => sockets.size === 0, 'it is ended');
  expect(await answerOf(port)).toBe('ok');
});

test('if all connections have too many unsent bytes, those with most of them are closed', async () => {
  const { port, waiting } = await serveBytes({ all: 64 * mebibyte }, 24 * mebibyte);
  for (let n = 0; n < 12; n++) askUnread(port);
  await until(() => waiting() > 24 * mebibyte, 'they are answered');
  for (let n = 0; n < 20; n++) {
    expect(await answerOf(port)).toBe('ok');
    expect(waiting()).toBeLessThanOrEqual(64 * mebibyte);
  }
});

test('a client that takes nothing for too long is disconnected, a slow one is not', async () => {
  const { port, sockets, connected } = await serveBytes({ stalledMs: 1_500 }, 32 * mebibyte);
  const stalled = askUnread(port, '/pieces');
  const slow = askUnread(port, '/pieces');
  let read = 0;
  const drip = setInterval(() => {
    read += slow.read()?.length ?? 0;
    slow.read(0);
  }, 5);
  ends.push(() => clearInterval(drip));
  const ports = () => [...sockets].map(({ remotePort }) => remotePort);
  await until(() => connected() === 2, 'both are connected');
  await until(() => !ports().includes(stalled.localPort), 'the stalled one is ended');
  expect(ports()).toEqual([slow.localPort]);
  expect(read).toBeGreaterThan(0);
});

test('pipelined requests are answered in order, one at a time', async () => {
  let underWay = 0;
  let most = 0;
  const port = await serve(
    () => {},
    (response, path) => {
      most = Math.max(most, ++underWay);
      setTimeout(() => {
        underWay--;
        response.end(`<${path}>`);
      }, 5);
    },
  );
  const socket = connect(port, '127.0.0.1');
  ends.push(() => socket.destroy());
  socket.write(
    Array.from({ length: 10 }, (_, n) => `GET /${n} HTTP/1.1\r\nhost: localhost\r\n\r\n`).join(''),
  );
  let text = '';
  socket.on('data', (data) => {
    text += data;
  });
  await until(() => text.includes('</9>'), 'all are answered');
  expect([...text.matchAll(/<\/(\d)>/g)].map((match) => match[1]).join('')).toBe('0123456789');
  expect(most).toBe(1);
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(100));
  await once(socket, 'close');
});

test('idle connections cannot keep other clients out', async () => {
  const port = await serve(
    (server) => limitConnections(server, 50),
    (response) => void response.end('ok'),
  );
  const held = Array.from({ length: 200 }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    ends.push(() => socket.destroy());
    return socket;
  });
  await until(
    () => held.filter(({ destroyed, connecting }) => !destroyed && !connecting).length <= 50,
    'some make room',
  );
  for (let n = 0; n < 20; n++) {
    expect(
      await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text(),
    ).toBe('ok');
  }
});

test('file descriptors and memory are reserved for cameras and the database', async () => {
  expect(await descriptorLimit()).toBeGreaterThan(100);
  const of = { descriptors: 20_000, memory: 4e9, maxRecordings: 200 };
  const limit = connectionLimit(of);
  expect(2 * limit).toBeLessThanOrEqual(20_000 - 200 * 4);
  expect(limit).toBeGreaterThan(5_000);
  expect(connectionLimit({ ...of, descriptors: 1_024 })).toBe(256);
  expect(connectionLimit({ ...of, descriptors: 1e6, memory: 1e9 })).toBeLessThan(20_000);
});
