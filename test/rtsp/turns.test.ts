// Sockets that are read in turns: all bytes arrive with few reads, and the end is reported.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Turns } from '../../src/rtsp/turns.ts';

const buffer = Buffer.alloc(64 * 1024);
const server = createServer();
const turns = new Turns();
const open: Socket[] = [];

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  for (const socket of open) socket.destroy();
  server.close();
});

interface Read {
  readonly peer: Socket;
  readonly parts: Buffer[];
  readonly bytes: () => number;
  /** Why it ended; undefined until then. */
  readonly ends: (Error | undefined)[];
  readonly stop: () => void;
}

async function beginReading(): Promise<Read> {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const unused = { buffer: Buffer.alloc(1), callback: () => true };
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', onread: unused });
  await once(socket, 'connect');
  const [peer] = await accepted;
  open.push(socket, peer);
  const parts: Buffer[] = [];
  const ends: (Error | undefined)[] = [];
  const stop = turns.add(
    {
      socket,
      receive(bytes) {
        parts.push(Buffer.from(buffer.subarray(0, bytes)));
        return true;
      },
      end(error) {
        ends.push(error);
        socket.destroy();
        stop?.();
      },
    },
    buffer,
  );
  return {
    peer,
    parts,
    bytes: () => parts.reduce((sum, part) => sum + part.length, 0),
    ends,
    stop: stop!,
  };
}

test('all bytes arrive in order, even more than the buffer can hold', async () => {
  const read = await beginReading();
  const sent = Buffer.from(Uint32Array.from({ length: 500_000 }, (_, i) => i).buffer);
  read.peer.write(sent);
  await expect.poll(read.bytes).toBe(sent.length);
  expect(Buffer.concat(read.parts).equals(sent)).toBe(true);
  read.stop();
});

test('bytes that arrive within one turn are one read', async () => {
  const read = await beginReading();
  read.peer.setNoDelay(true);
  for (let i = 0; i < 60; i++) {
    read.peer.write('x');
    await sleep(5);
  }
  await expect.poll(read.bytes).toBe(60);
  expect(read.parts.length).toBeLessThan(15);
  read.stop();
});

test('a closed connection is reported, and a broken one with its error', async () => {
  const [closed, broken] = [await beginReading(), await beginReading()];
  closed.peer.end('last');
  await expect.poll(() => closed.ends).toEqual([undefined]);
  expect(Buffer.concat(closed.parts).toString()).toBe('last');
  broken.peer.resetAndDestroy();
  await expect.poll(() => broken.ends).toMatchObject([{ code: 'ECONNRESET' }]);
});

test('a destroyed socket is not read, even if its descriptor was reused', async () => {
  const read = await beginReading();
  read.peer.write('before');
  await expect.poll(read.bytes).toBe(6);
  open.at(-2)!.destroy();
  const next = await beginReading();
  next.peer.write('next');
  await expect.poll(next.bytes).toBe(4);
  expect([read.bytes(), read.ends]).toEqual([6, []]);
  read.stop();
  next.stop();
});

test('after a pause, all sockets are read before anything else happens', async () => {
  const reads: Read[] = [];
  for (let i = 0; i < 150; i++) reads.push(await beginReading());
  await Promise.all(reads.map(({ peer }) => new Promise((resolve) => peer.write('x', resolve))));
  const before = performance.now();
  while (performance.now() - before < 300);
  await new Promise<void>((resolve) => {
    setTimeout(() => setImmediate(resolve), 0);
  });
  expect(reads.filter(({ bytes }) => bytes() === 1)).toHaveLength(150);
  for (const { stop } of reads) stop();
});
