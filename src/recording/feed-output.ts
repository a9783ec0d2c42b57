import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** One for all feeds: what was read is taken out of it before anything else is read. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024);

export interface FeedOutput {
  /** For the process that writes; it is closed here once that process has it. */
  readonly writeEnd: Socket;
  /** Resolves when the last process that had it has closed it, and all that was written has been handed on. */
  readonly ended: Promise<unknown>;
}

/**
 * A pipe whose bytes are always read into the same memory. Node reads a child's stdout into a new buffer each time,
 * and cannot be told otherwise: with 64 cameras a third of its work is to be rid of these again. A socket that connects
 * can be told so (`onread`), so this is one that connects to itself.
 * @param onBytes given what came; valid only until it returns
 */
export async function openFeedOutput(onBytes: (bytes: Buffer) => void): Promise<FeedOutput> {
  // Nobody else can come into a folder made by mkdtemp, and so nobody else can connect.
  const folder = await mkdtemp(path.join(os.tmpdir(), 'flashback-feed-'));
  const server = createServer({ pauseOnConnect: true });
  try {
    server.listen(path.join(folder, 's'));
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const readEnd = connect({
      path: path.join(folder, 's'),
      onread: {
        buffer,
        callback: (length) => {
          onBytes(buffer.subarray(0, length));
          return true;
        },
      },
    });
    await once(readEnd, 'connect');
    // Whatever happens to it, it is closed after that.
    readEnd.on('error', () => {});
    const ended = new Promise((resolve) => readEnd.once('close', resolve));
    const [writeEnd] = await accepted;
    return { writeEnd, ended };
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
