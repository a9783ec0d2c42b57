import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Sockets whose messages leave together: the first of them should not wait for thousands of others. */
const atMost = 256;

/**
 * Lets what is sent within one turn of the event loop leave together: a socket's messages in one write, and the
 * writes of many sockets one after another. A transition goes to thousands of sockets; when each is written between
 * the work for two others, whoever receives them falls asleep and is woken for each, which costs the kernel more than
 * the writing.
 * @returns takes a socket of that server and the connection below it
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
