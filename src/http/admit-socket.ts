import type { IncomingMessage } from 'node:http';
import type { Socket as Connection } from 'node:net';
import type { WebSocket } from 'ws';
import type { Access, Session } from '../access/access.ts';
import { RequestError } from '../domain/errors.ts';
import type { Log } from '../log.ts';
import type { Connections } from './connections.ts';

/**
 * How many bytes, with their frames, a client may send before it is authenticated: enough for a token of an OpenID
 * provider.
 */
const maxBytesBeforeAck = 4 * 1024 + 64;
/** How long to wait for the client's close frame. A stalled client sends none. */
const closeTimeoutMs = 1_000;

/**
 * Close codes. graphql-ws clients connect again after 1001, 1013 and 4403, and then learn whether their key is still
 * valid. They do not connect again after 4401 and 4429 (isFatalInternalCloseCode in graphql-ws).
 */
export const closing = {
  goingAway: 1001,
  tryAgainLater: 1013,
  invalid: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  late: 4408,
  tooMany: 4429,
} as const;

export interface AdmitOptions {
  readonly access: Access;
  readonly connections: Connections;
  readonly log: Log;
}

/** Authenticates the clients of WebSockets. */
export interface SocketAdmission {
  /** Until the socket is admitted, its client may send only a few bytes. */
  bound(socket: WebSocket, connection: Connection): void;
  /**
   * Authenticates the socket's client, or closes the socket. The socket is also closed when the key is revoked.
   * @param given the value of an `Authorization` header, as the first message has it
   * @returns undefined if the socket is closed
   */
  admit(socket: WebSocket, request: IncomingMessage, given: unknown): Promise<Session | undefined>;
}

export function socketAdmission({ access, connections, log }: AdmitOptions): SocketAdmission {
  const admitted = new WeakSet<WebSocket>();
  return {
    /** Counts the bytes of the TCP connection, because ws collects the frames of a message up to the limit for messages. */
    bound(socket, connection) {
      const from = connection.bytesRead;
      const watch = () => {
        if (admitted.has(socket)) connection.off('data', watch);
        else if (connection.bytesRead - from > maxBytesBeforeAck) socket.terminate();
      };
      connection.prependListener('data', watch);
    },
    async admit(socket, request, given) {
      try {
        const session = await access.authenticate(authorizationOf(given, request));
        // If the client has left meanwhile, no 'close' event follows, and the connection would be counted for ever.
        if (socket.readyState !== socket.OPEN) return undefined;
        const end = () => endSocket(socket, closing.forbidden, 'The key or token is no longer valid.');
        const release = connections.admit(session, end);
        admitted.add(socket);
        socket.once('close', release);
        return session;
      } catch (error) {
        if (!(error instanceof RequestError)) log.error({ error }, 'a socket could not be authenticated');
        socket.close(closeCodeOf(error), error instanceof RequestError ? error.message : 'Try again later.');
        return undefined;
      }
    },
  };
}

export function endSocket(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), closeTimeoutMs).unref();
}

/** The key from the first message, or else from the header: browsers cannot set headers on a WebSocket. */
const authorizationOf = (given: unknown, request: IncomingMessage): string | undefined =>
  typeof given === 'string' ? given : request.headers.authorization;

function closeCodeOf(error: unknown): number {
  if (!(error instanceof RequestError) || error.details.retryAfterMs) return closing.tryAgainLater;
  return error.code === 'UNAUTHENTICATED' ? closing.unauthorized : closing.tooMany;
}
