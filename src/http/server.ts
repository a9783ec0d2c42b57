import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Access, Session } from '../access/access.ts';
import type { PathSigner } from '../access/signed-path.ts';
import { seesOnlyOwn } from '../domain/caller.ts';
import { RequestError } from '../domain/errors.ts';
import type { Services } from '../graphql/context.ts';
import type { Log } from '../log.ts';
import { Connections } from './connections.ts';
import { loadDashboard } from './dashboard.ts';
import { sharedExecution } from './fan-out.ts';
import { createGraphql, graphqlPath } from './graphql.ts';
import { publicError } from './public-errors.ts';
import { isJson, namesThisMachine, originAllowed, refuse } from './refuse.ts';
import { serveWebSockets } from './websocket.ts';

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly allowedOrigins: readonly string[];
  readonly graphiql: boolean;
  readonly introspection: boolean;
  readonly socketsPerKey: number;
  readonly access: Access;
  readonly signer: PathSigner;
  readonly log: Log;
  /** The folder of the built dashboard. */
  readonly dashboardDir: string;
  /** Serves an object of the local store; undefined where clips are in a bucket. */
  readonly media:
    | ((request: IncomingMessage, response: ServerResponse, key: string) => Promise<void>)
    | undefined;
  /** Serves what is being recorded, as HLS, below the playback's id. */
  readonly live: (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;
  /** A JPEG of what the camera sees now; undefined where there is none. */
  readonly snapshot: (cameraId: string) => Promise<Buffer | undefined>;
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

/** A client gets this long for its headers, and for its whole request: one that drips holds nothing for long. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
/** Longer than the minute for which clients and load balancers keep a connection: whoever closes first must not be us. */
const keepAliveTimeoutMs = 65_000;
/** Answers under way get this long when the server stops; what streams is cut then. */
const drainMs = 1_000;

/** One port for everything: GraphQL over HTTP, SSE and WebSocket, media of the local store, health, dashboard. */
export async function serveHttp(services: Services, options: HttpOptions): Promise<HttpServer> {
  const { access, allowedOrigins, log, media, metrics, ready, signer } = options;
  const maskError = (error: unknown) => publicError(error, randomUUID(), log);
  const subscribe = sharedExecution(maskError);
  const yoga = createGraphql({ services, subscribe, maskError, ...options });
  const connections = new Connections(options.socketsPerKey);
  const dashboard = await loadDashboard(options.dashboardDir);

  const routes: readonly [string, Handler][] = [
    [graphqlPath, answerGraphql],
    ['/media/', answerMedia],
    ['/live/', answerLive],
    ['/snapshots/', answerSnapshot],
    ['/metrics', answerMetrics],
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

  async function answerGraphql(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'POST' && !isJson(request)) {
      return refuse(response, 415, 'BAD_USER_INPUT', 'Expected the content type application/json.');
    }
    if (request.method === 'OPTIONS' || (options.graphiql && wantsPage(request))) {
      return void (await yoga(request, response));
    }
    try {
      const session = await access.authenticate(request.headers.authorization);
      if (response.destroyed) return;
      await yoga(request, response, { session, holdOpen: () => holdOpen(session, response) });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      allowOrigin(request, response);
      refuse(
        response,
        error.code === 'UNAUTHENTICATED' ? 401 : 503,
        error.code,
        error.message,
        error.details,
      );
    }
  }

  /** The client may have left already: then nothing more would tell of it. */
  function holdOpen(session: Session, response: ServerResponse): Promise<void> {
    const release = connections.admit(session, () => response.destroy());
    if (response.destroyed) return Promise.resolve(release());
    return new Promise<void>((resolve) => response.once('close', resolve)).then(release);
  }

  /** Yoga does it for what Yoga answers. */
  function allowOrigin({ headers }: IncomingMessage, response: ServerResponse): void {
    if (!headers.origin || !allowedOrigins.includes(headers.origin)) return;
    response.setHeader('access-control-allow-origin', headers.origin);
    response.setHeader('vary', 'Origin');
  }

  /** With keys, scrapers bring one: the figures name cameras, and are for who may see them all. */
  async function answerMetrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { caller } = await access.authenticate(request.headers.authorization);
      if (caller.cameraIds || seesOnlyOwn(caller)) {
        const why =
          'The figures are of all cameras: they take a key that is limited to none, of another role than ANALYTICS.';
        return refuse(response, 403, 'FORBIDDEN', why);
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return refuse(response, 401, error.code, error.message);
    }
    const figures = await metrics.read();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(figures);
  }

  async function answerMedia(request: IncomingMessage, response: ServerResponse, path: string) {
    const key = signer.verify('media', path);
    if (!media) return notFound(response);
    if (!key) return send(response, 403, linkExpired);
    await media(request, response, key);
  }

  async function answerLive(request: IncomingMessage, response: ServerResponse, path: string) {
    const scope = signer.verify('live', path);
    if (!scope) return send(response, 403, linkExpired);
    allowOrigin(request, response);
    await options.live(request, response, scope);
  }

  async function answerSnapshot(_request: IncomingMessage, response: ServerResponse, path: string) {
    const scope = signer.verify('snapshots', path);
    if (!scope) return send(response, 403, linkExpired);
    const jpeg = await options.snapshot(scope.replace(/\.jpg$/, ''));
    if (!jpeg) return notFound(response);
    response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'no-store' }).end(jpeg);
  }

  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      const refusal = refusalOf(request);
      if (refusal) return refuse(response, 403, 'FORBIDDEN', refusal);
      const path = (request.url ?? '/').split('?')[0]!;
      const route = routes.find(
        ([prefix]) => path === prefix || (prefix.endsWith('/') && path.startsWith(prefix)),
      );
      const answer = async () =>
        route ? route[1](request, response, path.slice(route[0].length)) : dashboard(request, response, path);
      answer().catch((error: Error) => failRequest(error, path, response));
    },
  );

  /** Why nobody at this address or of this page is answered at all. */
  function refusalOf(request: IncomingMessage): string | undefined {
    if (access.open && !namesThisMachine(request)) {
      return 'Without API keys this server answers to 127.0.0.1 and localhost only.';
    }
    if (!originAllowed(request, allowedOrigins)) return 'This origin is not among ALLOWED_ORIGINS.';
    return undefined;
  }

  function failRequest(error: Error, path: string, response: ServerResponse): void {
    const requestId = randomUUID();
    log.error({ requestId, error, path }, 'a request failed');
    const text = 'Something went wrong in the server; its log has the details.';
    if (response.headersSent) response.destroy();
    else refuse(response, 500, 'INTERNAL_SERVER_ERROR', text, { requestId });
  }

  const sockets = serveWebSockets(server, {
    yoga,
    subscribe,
    maskError,
    access,
    connections,
    log,
    refusalOf,
  });
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
      connections.close();
    },
  };
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

const linkExpired = 'This link has expired, or is none; ask for a new one.';

const notFound = (response: ServerResponse) => send(response, 404, 'There is nothing at this address.');

const wantsPage = ({ method, headers }: IncomingMessage) =>
  method === 'GET' && Boolean(headers.accept?.includes('text/html'));
