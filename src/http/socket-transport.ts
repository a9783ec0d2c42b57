import type { Server } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import type { RawData, WebSocket } from 'ws';
import type { Log } from '../log.ts';

/**
 * Messages from this size on are handled a few at a time, because parsing them takes milliseconds and twenty times
 * their memory.
 */
const largeFromBytes = 16 * 1024;
/** A connection is closed if a ping is not answered within this time. */
const pingMs = 12_000;

/**
 * Connects a socket to graphql-ws, as graphql-ws/use/ws does. Besides, large messages wait for each other, and
 * meanwhile nothing is read from the socket; errors go to the log.
 * @param options.enter waits until a large message may be handled
 */
export function connectSocket<E extends Partial<Extra>>(
  server: Server<Extra & E>,
  socket: WebSocket,
  options: { extra: Extra & E; enter: () => Promise<() => void>; log: Log },
): void {
  const { extra, enter, log } = options;
  const waiting: Buffer[] = [];
  let take = async (_text: string) => {};

  /** Handles a message. Not awaited: `take` resolves when the operation has ended, which may be hours later. */
  function handle(message: Buffer): void {
    take(String(message)).catch((error: Error) => {
      log.warn({ error }, 'a message of a socket cannot be handled');
      socket.close(4400, 'This message cannot be handled.');
    });
  }

  async function handleWaiting(): Promise<void> {
    socket.pause();
    for (let message = waiting[0]; message; waiting.shift(), message = waiting[0]) {
      const release = message.length >= largeFromBytes ? await enter() : undefined;
      if (socket.readyState === socket.OPEN) handle(message);
      // Other messages that have arrived are handled before the next large one.
      if (release) await new Promise((resolve) => setImmediate(resolve));
      release?.();
    }
    socket.resume();
  }

  const closed = server.opened(
    {
      protocol: socket.protocol,
      send: (text) =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(text, (error) => (error ? reject(error) : resolve()));
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (listener) => {
        take = listener;
      },
    },
    extra,
  );
  socket.on('message', (data: RawData) => {
    const message = data as Buffer;
    if (waiting.length === 0 && message.length < largeFromBytes) return handle(message);
    if (waiting.push(message) === 1) void handleWaiting();
  });
  const endPinging = keepPinging(socket);
  socket.once('close', (code, reason) => {
    endPinging();
    void closed(code, String(reason));
  });
}

/** Closes the connection once a ping is not answered. @returns a function that ends this */
export function keepPinging(socket: WebSocket): () => void {
  let isAnswered = true;
  socket.on('pong', () => {
    isAnswered = true;
  });
  const pinging = setInterval(() => {
    if (!isAnswered) return socket.terminate();
    isAnswered = false;
    socket.ping();
  }, pingMs);
  return () => clearInterval(pinging);
}
