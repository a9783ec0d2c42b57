import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that may wait on one connection; beyond them it is ended. Browsers wait with the second for the first. */
const atMost = 16;

/**
 * Answers what comes on one connection one after the other. Node would hand over every pipelined request at once, and
 * keep their answers in memory until the one before them was read.
 */
export function inOrder(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  const lines = new WeakMap<Socket, { length: number; last: Promise<void> }>();
  return (request, response) => {
    const { socket } = request;
    const line = lines.get(socket) ?? { length: 0, last: Promise.resolve() };
    lines.set(socket, line);
    const before = line.last;
    const isFirst = line.length === 0;
    if (++line.length > atMost) return void socket.destroy();
    line.last = new Promise((resolve) => {
      response.once('close', () => {
        line.length--;
        resolve();
      });
    });
    if (isFirst) answer(request, response);
    else
      void before.then(() => {
        if (!response.destroyed) answer(request, response);
      });
  };
}
