import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The memory of an idle connection, with its parser and buffers. */
const bytesPerConnection = 16 * 1024;
/** The descriptors of a connection: one for itself, and one for a file that is sent. */
const descriptorsPerConnection = 2;
/** The descriptors for the database, the launcher, the log, and Node itself. */
const descriptorsOfServer = 128;
/** The descriptors of a recording: its feed's connections, its spool, and reading the spool when the clip is made. */
const descriptorsPerRecording = 4;

/** The limit that macOS gives to Node, used if the system does not report one. */
const usualDescriptors = 10_240;

/** @returns how many files and sockets this process may have open */
export async function descriptorLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => ''); // only Linux has this file
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft ?? usualDescriptors);
}

/**
 * The number of connections that clients may have. Descriptors are reserved for feeds, spools and the database, and idle
 * connections take at most a quarter of the memory.
 */
export function connectionLimit(of: { descriptors: number; memory: number; maxRecordings: number }): number {
  const reserved = descriptorsOfServer + of.maxRecordings * descriptorsPerRecording;
  // At most half are reserved, because a server must be reachable even with few descriptors.
  const free = Math.max(of.descriptors - reserved, of.descriptors / 2);
  return Math.floor(Math.min(free / descriptorsPerConnection, of.memory / 4 / bytesPerConnection));
}

/**
 * Limits the server to that many connections. At the limit, a new connection replaces the one that has been idle for
 * longest: idle connections keep nobody out.
 */
export function limitConnections(server: Server, limit: number): void {
  /** Longest idle first. */
  const idle = new Set<Socket>();
  let open = 0;
  // Node refuses new connections if none is idle.
  server.maxConnections = limit;
  server.on('connection', (socket: Socket) => {
    open++;
    idle.add(socket);
    socket.once('close', () => {
      open--;
      idle.delete(socket);
    });
    if (open >= limit) {
      const [longest] = idle;
      if (longest) idle.delete(longest.destroy());
    }
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) idle.add(socket);
    });
  });
  server.on('upgrade', ({ socket }) => void idle.delete(socket));
}
