import type { Server, Socket } from 'node:net';

export interface WaitingBytesLimits {
  /** The most unsent bytes that one client may have. */
  readonly perConnection: number;
  /** The most unsent bytes that all clients together may have. */
  readonly all: number;
  /** A client with unsent bytes that takes none of them for this long has gone or stalled. */
  readonly stalledMs: number;
}

interface Connection {
  readonly socket: Socket;
  /** Unsent bytes at the last check. */
  waiting: number;
  /** How many bytes the client had taken at the last check. */
  taken: number;
  /** Since when that number has not changed. */
  takenAt: number;
}

const checkMs = 1_000;

/**
 * Limits the memory for clients that do not read: answers, results of subscriptions, pongs. A connection beyond its limit
 * is closed. If all connections together are beyond theirs, those with most unsent bytes are closed. This works on TCP
 * connections, below HTTP and WebSocket, and so counts everything that is sent.
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

  /**
   * Closes the connections with most unsent bytes. Counts again first, because bytes may have been sent since the last
   * count.
   */
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
