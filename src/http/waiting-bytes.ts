import type { Server, Socket } from 'node:net';

export interface WaitingBytesLimits {
  /** Bytes that may wait for one client. */
  readonly perConnection: number;
  /** Bytes that may wait for all clients together. */
  readonly all: number;
  /** A client for which bytes wait and that takes none of them for so long has gone or stalled. */
  readonly stalledMs: number;
}

interface Connection {
  readonly socket: Socket;
  /** Bytes that waited when it was last looked at. */
  waiting: number;
  /** Bytes that the client had taken by then, and since when it has taken no more. */
  taken: number;
  takenAt: number;
}

const checkMs = 1_000;

/**
 * Bounds what is kept in memory for clients that do not read, whatever it is: answers, results, pongs. A connection
 * beyond its bound is ended; where all together are beyond theirs, those for which most waits. Stands below HTTP and
 * WebSocket, so that nothing that is sent goes past it.
 */
export function boundWaitingBytes(server: Server, limits: WaitingBytesLimits): { close(): void } {
  const connections = new Set<Connection>();
  let sum = 0;

  function note(connection: Connection): void {
    const waiting = connection.socket.writableLength;
    sum += waiting - connection.waiting;
    connection.waiting = waiting;
  }

  function demandRoom(connection: Connection): void {
    note(connection);
    if (connection.waiting > limits.perConnection) connection.socket.destroy();
    else if (sum > limits.all) endLargest();
  }

  /** What was noted may have been sent since. */
  function endLargest(): void {
    for (const connection of connections) note(connection);
    if (sum <= limits.all) return;
    let left = sum;
    for (const { socket, waiting } of [...connections].sort((a, b) => b.waiting - a.waiting)) {
      if (left <= limits.all) return;
      left -= waiting;
      socket.destroy();
    }
  }

  function endStalled(): void {
    const now = performance.now();
    for (const connection of connections) {
      note(connection);
      const taken = connection.socket.bytesWritten - connection.waiting;
      if (connection.waiting === 0 || taken !== connection.taken) {
        connection.taken = taken;
        connection.takenAt = now;
      } else if (now - connection.takenAt >= limits.stalledMs) connection.socket.destroy();
    }
  }

  server.on('connection', (socket: Socket) => {
    const connection = { socket, waiting: 0, taken: 0, takenAt: performance.now() };
    connections.add(connection);
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    socket.write = (...args: unknown[]) => {
      const isRoom = write(...args);
      demandRoom(connection);
      return isRoom;
    };
    socket.once('close', () => {
      connections.delete(connection);
      sum -= connection.waiting;
    });
  });
  const check = setInterval(endStalled, checkMs);
  return { close: () => clearInterval(check) };
}
