import { readSync } from 'node:fs';
import type { Socket } from 'node:net';

/*
 * A camera sends some thirty times a second. To be woken up each time, and to find the processor's caches cold, costs
 * more than the work with the bytes. So the sockets of cameras are read in turns: one system call reads all that a
 * socket has received since its last turn, and the next socket is read directly after it.
 */

/**
 * How often a socket is read, in milliseconds. The intervals of usual picture rates are no multiples or simple
 * fractions of it, so now and then a read follows right after a picture arrived, which gives the true delay.
 */
export const roundMs = 95;
/** How many sockets are read in one turn. It takes 3 to 6 ms, in which nothing else happens. */
const mostInTurn = 64;

export interface TurnReader {
  readonly socket: Socket;
  /** @returns whether more may be read */
  receive(bytes: number): boolean;
  /** Called when the connection is closed. @param error why, if it was not closed regularly */
  end(error?: NodeJS.ErrnoException): void;
}

/** Reads the sockets of all cameras of an app. */
export class Turns {
  /** The readers of each turn in a round. */
  readonly #groups: Set<TurnReader>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;
  #turnedAt = 0;

  /**
   * Reads an unencrypted socket in turns from now on.
   * @param buffer where the bytes of a read are until `receive` returns; all readers share it
   * @returns a function that ends this; undefined if this system cannot read in turns: then nothing was changed
   */
  add(reader: TurnReader, buffer: Buffer): (() => void) | undefined {
    if (fileOf(reader.socket) === undefined) return undefined;
    reader.socket.pause();
    let group = this.#groups.find(({ size }) => size < mostInTurn);
    if (!group) {
      group = new Set();
      this.#groups.push(group);
      this.#start(buffer);
    }
    group.add(reader);
    return () => {
      group.delete(reader);
      if (this.#groups.every(({ size }) => size === 0)) this.#groups.length = 0;
      if (this.#groups.length === 0) clearInterval(this.#timer);
    };
  }

  #start(buffer: Buffer): void {
    clearInterval(this.#timer);
    this.#turnedAt = performance.now();
    const turnMs = Math.round(roundMs / this.#groups.length);
    this.#timer = setInterval(() => this.#takeTurns(turnMs, buffer), turnMs);
  }

  /**
   * Takes all turns that are due. After a pause of this machine, this reads everything that has arrived before other
   * work.
   */
  #takeTurns(turnMs: number, buffer: Buffer): void {
    const groups = this.#groups;
    const now = performance.now();
    const due = Math.min(groups.length, Math.max(1, Math.floor((now - this.#turnedAt) / turnMs)));
    this.#turnedAt = now;
    for (let i = 0; i < due && groups.length > 0; i++) {
      this.#turn = (this.#turn + 1) % groups.length;
      for (const reader of groups[this.#turn]!) read(reader, buffer);
    }
  }
}

function read(reader: TurnReader, buffer: Buffer): void {
  for (;;) {
    const file = fileOf(reader.socket);
    if (file === undefined) return;
    let bytes: number;
    try {
      bytes = readSync(file, buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') reader.end(error as NodeJS.ErrnoException);
      return;
    }
    if (bytes === 0) reader.end();
    else if (reader.receive(bytes) && bytes === buffer.length) continue;
    return;
  }
}

/** The socket's file descriptor; undefined once it is closed, and where the system has none (Windows). */
function fileOf(socket: Socket): number | undefined {
  const file = (socket as unknown as { _handle: { fd?: number } | null })._handle?.fd;
  return file !== undefined && file >= 0 ? file : undefined;
}
