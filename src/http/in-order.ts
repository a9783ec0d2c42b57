import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that may wait on one connection; a connection with more is closed. Browsers do not pipeline requests. */
const atMost = 16;

/**
 * Handles the requests of one connection one after another. Node would emit all pipelined requests at once, and keep their
 * answers in memory until the previous answer was sent.
 */
export function inOrder(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  const queues = new WeakMap<Socket, { length: number; last: Promise<void> }>();
  return (request, response) => {
    const { socket } = request;
    const queue = queues.get(socket) ?? { length: 0, last: Promise.resolve() };
    queues.set(socket, queue);
    const before = queue.last;
    const isFirst = queue.length === 0;
    if (++queue.length > atMost) return void socket.destroy();
    queue.last = new Promise((resolve) => {
      response.once('close', () => {
        queue.length--;
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
