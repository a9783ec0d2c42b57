import type { Server } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import type { RawData, WebSocket } from 'ws';
import type { Log } from '../log.ts';

/** Messages above this wait for their turn: as values, they need twenty times their bytes, and milliseconds. */
const largeFromBytes = 16 * 1024;
/** A connection that answers no ping for so long is gone. */
const pingMs = 12_000;

/**
 * Connects a socket to graphql-ws, as graphql-ws/use/ws does, but takes large messages in their turn and reads nothing
 * from the socket meanwhile, and writes failures to our log.
 * @param enter gives the turn for a large message
 */
export function connectSocket<E extends Partial<Extra>>(
  server: Server<Extra & E>,
  socket: WebSocket,
  options: { extra: Extra & E; enter: () => Promise<() => void>; log: Log },
): void {
  const { extra, enter, log } = options;
  const waiting: Buffer[] = [];
  let take = async (_text: string) => {};

  /** Resolves when the operation is over, which may be hours later; the message itself is dealt with at once. */
  function handle(message: Buffer): void {
    take(String(message)).catch((error: Error) => {
      log.warn({ error: error.message }, 'a socket sent what cannot be dealt with');
      socket.close(4400, 'This message cannot be dealt with.');
    });
  }

  async function handleWaiting(): Promise<void> {
    socket.pause();
    for (let message = waiting[0]; message; waiting.shift(), message = waiting[0]) {
      const release = message.length >= largeFromBytes ? await enter() : undefined;
      if (socket.readyState === socket.OPEN) handle(message);
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

function keepPinging(socket: WebSocket): () => void {
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
