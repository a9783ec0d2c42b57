import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Sockets that are flushed together, so that the first does not wait for thousands of others. */
const atMost = 256;

/**
 * Batches the writes of one turn of the event loop: the messages of a socket become one write, and many sockets are
 * written one after another. A transition goes to thousands of sockets. If other work ran between two writes, a receiving
 * process would sleep and be woken for each, which costs the kernel more than the writes.
 * @returns call it with each WebSocket and its TCP connection
 */
export function gatherWrites(): (socket: WebSocket, connection: Socket) => void {
  let corked: Socket[] = [];
  const release = () => {
    const now = corked;
    corked = [];
    for (const connection of now) connection.uncork();
  };
  return (socket, connection) => {
    const send = socket.send.bind(socket) as (...args: unknown[]) => void;
    socket.send = (...args: unknown[]) => {
      if (connection.writableCorked === 0) {
        connection.cork();
        if (corked.push(connection) === 1) setImmediate(release);
      }
      send(...args);
      if (corked.length === atMost) release();
    };
  };
}
