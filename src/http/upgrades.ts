import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { closing, endSocket } from './admit-socket.ts';

/** Why a request for a WebSocket is refused; undefined if it is not. */
export type RefusalOf = (request: IncomingMessage) => { status: number; message: string } | undefined;

/** What handles the sockets of one path. */
export interface SocketRoute {
  readonly path: string;
  readonly sockets: WebSocketServer;
}

/** @param onSocket gets each socket once the connection is upgraded */
export function socketRoute(
  path: string,
  options: ServerOptions & { refusalOf: RefusalOf },
  onSocket: (socket: WebSocket, request: IncomingMessage) => void,
): SocketRoute {
  const { refusalOf, ...rest } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    ...rest,
    verifyClient: ({ req }, decide) => {
      const refusal = refusalOf(req);
      decide(refusal === undefined, refusal?.status, refusal?.message);
    },
  });
  sockets.on('connection', onSocket);
  return { path, sockets };
}

/** Passes requests for WebSockets to the route of their path. */
export function serveUpgrades(server: Server, routes: readonly SocketRoute[]): { close(): Promise<void> } {
  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    const path = request.url!.split('?')[0]!;
    const route = routes.find((it) => it.path === path);
    if (!route) return refuseUpgrade(connection);
    const { sockets } = route;
    sockets.handleUpgrade(request, connection, head, (socket) => sockets.emit('connection', socket, request));
  });
  return {
    async close() {
      const all = routes.map(({ sockets }) => sockets);
      for (const { clients } of all) {
        for (const socket of clients) {
          endSocket(socket, closing.goingAway, 'The server is stopping; connect again.');
        }
      }
      await Promise.all(all.map((sockets) => new Promise((resolve) => sockets.close(resolve))));
    },
  };
}

function refuseUpgrade(connection: Duplex): void {
  connection.on('error', () => {}); // the client has left
  connection.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}
