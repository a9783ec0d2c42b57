import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Services } from '../graphql/context.ts';
import type { Log } from '../log.ts';
import { createGraphql, graphqlPath } from './graphql.ts';
import { serveWebSockets } from './websocket.ts';

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly allowedOrigins: readonly string[];
  readonly development: boolean;
  readonly log: Log;
  /** Serves an object of the local store; undefined where clips are in a bucket. */
  readonly media:
    | ((request: IncomingMessage, response: ServerResponse, key: string) => Promise<void>)
    | undefined;
  /** Figures for Prometheus. */
  readonly metrics: { contentType: string; read(): Promise<string> };
  /** Resolves where the server can work; rejects with what is wrong. */
  readonly ready: () => Promise<void>;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void> | void;

/** One port for everything: GraphQL over HTTP, SSE and WebSocket, media of the local store, health. */
export async function serveHttp(services: Services, options: HttpOptions): Promise<HttpServer> {
  const { log, media, metrics, ready } = options;
  const yoga = createGraphql({ services, ...options });

  const routes: readonly [string, Handler][] = [
    [graphqlPath, (request, response) => yoga(request, response)],
    ['/media/', (request, response, path) => (media ? media(request, response, path) : notFound(response))],
    [
      '/metrics',
      async (_request, response) => {
        const figures = await metrics.read();
        response.writeHead(200, { 'content-type': metrics.contentType }).end(figures);
      },
    ],
    ['/healthz', (_request, response) => send(response, 200, 'alive')],
    [
      '/readyz',
      (_request, response) =>
        ready().then(
          () => send(response, 200, 'ready'),
          (error: Error) => send(response, 503, error.message),
        ),
    ],
  ];

  const server = createServer((request, response) => {
    if (!originAllowed(request, options.allowedOrigins)) {
      send(response, 403, 'This origin is not among ALLOWED_ORIGINS.');
      return;
    }
    const { pathname } = new URL(request.url ?? '/', 'http://server');
    const route = routes.find(
      ([prefix]) => pathname === prefix || (prefix.endsWith('/') && pathname.startsWith(prefix)),
    );
    if (!route && pathname === '/') {
      response.writeHead(302, { location: graphqlPath }).end();
      return;
    }
    Promise.resolve(
      route ? route[1](request, response, pathname.slice(route[0].length)) : notFound(response),
    ).catch((error: Error) => {
      log.error({ error, path: pathname }, 'a request failed');
      if (!response.headersSent)
        send(response, 500, 'Something went wrong in the server; its log has the details.');
      else response.destroy();
    });
  });
  server.prependListener('upgrade', (request, socket) => {
    if (!originAllowed(request, options.allowedOrigins))
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
  });
  const sockets = serveWebSockets(server, yoga);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken ? new Error(`Port ${options.port} of ${options.host} is taken. Set PORT to another.`) : error,
      );
    });
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await sockets.close();
      await yoga.dispose();
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), drainMs).unref();
      await closed;
    },
  };
}

/** Answers under way get this long when the server stops; what streams is cut then. */
const drainMs = 1_000;

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

const notFound = (response: ServerResponse) => send(response, 404, 'There is nothing at this address.');

/**
 * Browsers name the page that makes a request. Only this server's own pages and those of ALLOWED_ORIGINS may:
 * CORS alone would not stop a foreign page from sending mutations or opening WebSockets.
 */
function originAllowed(request: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin, host } = request.headers;
  if (!origin || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
