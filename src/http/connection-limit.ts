import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** What a connection costs while nothing happens on it, with the parser and the buffers below it. */
const bytesPerConnection = 16 * 1024;
/** A connection needs a descriptor, and another for the file that it is answered with. */
const descriptorsPerConnection = 2;
/** Database, launcher, logs, and what Node itself has open. */
const descriptorsOfServer = 128;
/** A feed's pipes, a spool and what finishing reads of it. */
const descriptorsPerRecording = 4;

/** Where the system does not tell: what macOS gives to Node. */
const usualDescriptors = 10_240;

/** @returns how many files and sockets this process may have open */
export async function descriptorLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft ?? usualDescriptors);
}

/**
 * Connections that clients may have: descriptors are kept back for feeds, spools and the database, and idle connections
 * fill no more than a quarter of the memory.
 */
export function connectionLimit(of: { descriptors: number; memory: number; maxRecordings: number }): number {
  const keptBack = descriptorsOfServer + of.maxRecordings * descriptorsPerRecording;
  // Where there are few, half are kept back: a server that nobody can reach is of no use either.
  const free = Math.max(of.descriptors - keptBack, of.descriptors / 2);
  return Math.floor(Math.min(free / descriptorsPerConnection, of.memory / 4 / bytesPerConnection));
}

/**
 * Keeps the server at so many connections. Where they are used up, the one that has been idle for longest makes room:
 * who only holds connections keeps nobody out.
 */
export function limitConnections(server: Server, limit: number): void {
  /** Longest idle first. */
  const idle = new Set<Socket>();
  let open = 0;
  // The server refuses where none is idle.
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
