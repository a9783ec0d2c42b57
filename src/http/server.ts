import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Access } from '../access/access.ts';
import type { PathSigner } from '../access/signed-path.ts';
import { ownerOfCamera } from '../db/owners.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Services } from '../graphql/context.ts';
import { isOfWhoLeft, type Log } from '../log.ts';
import { knowClients } from './clients.ts';
import { answerClips } from './clips.ts';
import { connectionLimit, descriptorLimit, limitConnections } from './connection-limit.ts';
import { Connections } from './connections.ts';
import { loadDashboard } from './dashboard.ts';
import { boundExecution } from './execution.ts';
import { FairLimit } from './fair-limit.ts';
import { sharedExecution } from './fan-out.ts';
import { createGraphql } from './graphql.ts';
import { answerGraphql } from './graphql-requests.ts';
import { holdSubscriptions } from './held-subscriptions.ts';
import { inOrder } from './in-order.ts';
import { costOf } from './limits.ts';
import { memoryLimit } from './memory.ts';
import { answerMetrics, answerReady } from './probes.ts';
import { publicError } from './public-errors.ts';
import { hasAddress, namesThisMachine, originAllowed, refuse } from './refuse.ts';
import { answerRoute, type RouteOptions, routesOf } from './routes.ts';
import { setSecurityHeaders } from './security-headers.ts';
import type { ServerAddress } from './server-address.ts';
import { answerShare } from './share.ts';
import { answerStoryboards } from './storyboards.ts';
import { serveUpgrades } from './upgrades.ts';
import { boundWaitingBytes } from './waiting-bytes.ts';
import { wallSocketRoute } from './wall-socket.ts';
import { graphqlSocketRoute } from './websocket.ts';

export interface HttpOptions
  extends Pick<RouteOptions, 'media' | 'live' | 'snapshots' | 'nodeCalls' | 'wall'> {
  /** The address of this server. It learns the port once the server listens. */
  readonly address: ServerAddress;
  readonly host: string;
  readonly port: number;
  readonly allowedOrigins: readonly string[];
  /** Addresses and subnets of proxies whose forwarding headers are trusted. */
  readonly trustedProxies: readonly string[];
  /** undefined: GraphiQL is available as long as there are no keys. */
  readonly graphiql: boolean | undefined;
  readonly introspection: boolean;
  readonly socketsPerKey: number;
  /** File descriptors are reserved for this many recordings. */
  readonly maxRecordings: number;
  readonly access: Access;
  readonly signer: PathSigner;
  readonly log: Log;
  /** The folder of the built dashboard. */
  readonly dashboardDir: string;
  /** A link to an object of the store. */
  readonly urlOf: (key: string) => Promise<string>;
  /** The bytes of an object of the store; throws at the first step if there is no such object. */
  readonly read: (key: string) => AsyncIterable<Buffer>;
  /** Metrics for Prometheus. */
  readonly metrics: { contentType: string; read(): Promise<string> };
  /** Resolves if the server can work; rejects with the reason if it cannot. */
  readonly ready: () => Promise<void>;
}

/** Why a request is refused before it is handled, over HTTP or WebSocket. */
export interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface HttpServer {
  close(): Promise<void>;
}

/** Time limits for a client's headers and whole request, against clients that send slowly to block the server. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
/**
 * Longer than the minute for which clients and load balancers keep a connection: then the server never closes first.
 */
const keepAliveTimeoutMs = 65_000;
/** How long running answers may take when the server stops. Then their connections are closed. */
const drainMs = 1_000;
/** A client with unsent bytes that takes none of them for this long is disconnected. */
const stalledMs = 30_000;
/** The most unsent bytes that one client may have: the largest answer. */
const maxWaitingBytes = 8 * 1024 ** 2;
/** The share of the memory for unsent bytes of all clients together. */
const waitingShare = 1 / 8;
/** The share of the memory for the cache of parsed documents. */
const documentsShare = 1 / 64;
/** How many operations are parsed and validated at a time, in total and per key. */
const preparedAtOnce = { atOnce: 32, perName: 8 };

/** One port for everything: GraphQL over HTTP, SSE and WebSocket, media of the local store, health, dashboard. */
export async function serveHttp(services: Services, options: HttpOptions): Promise<HttpServer> {
  const { access, allowedOrigins, log, metrics, ready, signer } = options;
  const clients = knowClients(options.trustedProxies);
  const maskError = (error: unknown) => publicError(error, randomUUID(), log);
  const memory = memoryLimit();
  const { execute, executeEvent } = boundExecution({ memory, costOf });
  const subscribe = sharedExecution({
    mask: maskError,
    execute: executeEvent,
    hold: holdSubscriptions(memory),
  });
  const documentBytes = memory * documentsShare;
  const yoga = createGraphql({ services, execute, subscribe, documentBytes, maskError, ...options });
  const preparing = new FairLimit(preparedAtOnce);
  const connections = new Connections(options.socketsPerKey);

  const routes = routesOf({
    ...options,
    readerOf: (cameraId) => ownerOfCamera(services.db, cameraId),
    graphql: answerGraphql({ yoga, connections, preparing, db: services.db, ...options }),
    metrics: answerMetrics(metrics, access),
    ready: answerReady({ ready, access, clients }),
    share: answerShare({ ...options, ...services, clients }),
    clips: answerClips({ ...options, db: services.db }),
    storyboards: answerStoryboards({ ...options, db: services.db }),
    dashboard: await loadDashboard(options.dashboardDir),
  });

  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    inOrder((request, response) => {
      setSecurityHeaders(response);
      const refusal = refusalOf(request);
      if (refusal) return refuse(response, refusal.status, refusal.code, refusal.message);
      const path = request.url!.split('?')[0]!;
      answerRoute(routes, signer, request, response, path).catch((error: Error) =>
        failRequest(error, request, path, response),
      );
    }),
  );
  const waiting = boundWaitingBytes(server, {
    perConnection: maxWaitingBytes,
    all: memory * waitingShare,
    stalledMs,
  });
  const descriptors = await descriptorLimit();
  limitConnections(server, connectionLimit({ descriptors, memory, maxRecordings: options.maxRecordings }));

  /** Why a request is refused; undefined if it is not. */
  function refusalOf(request: IncomingMessage): Refusal | undefined {
    if (!hasAddress(request)) {
      return {
        status: 400,
        code: 'BAD_USER_INPUT',
        message: 'Expected a path, and a Host header that names a host.',
      };
    }
    const message = originRefusal(request);
    return message === undefined ? undefined : { status: 403, code: 'FORBIDDEN', message };
  }

  /** Why a request with this Host, from this client or from this page is refused; undefined if it is not. */
  function originRefusal(request: IncomingMessage): string | undefined {
    if (access.open && !namesThisMachine(request)) {
      return 'Without API keys this server answers to 127.0.0.1 and localhost only.';
    }
    if (access.open && !clients.isLocal(request)) {
      return 'Without API keys this server answers to this machine only, and this came through a proxy. Make a key, or name the proxy in TRUSTED_PROXIES.';
    }
    if (!originAllowed(request, allowedOrigins)) return 'This origin is not among ALLOWED_ORIGINS.';
    return undefined;
  }

  function failRequest(error: Error, request: IncomingMessage, path: string, response: ServerResponse): void {
    const requestId = randomUUID();
    const level = request.socket.destroyed && isOfWhoLeft(error) ? 'debug' : 'error';
    log[level]({ requestId, error, path, client: clients.addressOf(request) }, 'a request failed');
    const text = 'Something went wrong in the server; its log has the details.';
    if (response.headersSent) response.destroy();
    else refuse(response, 500, 'INTERNAL_SERVER_ERROR', text, { requestId });
  }

  const common = { access, connections, log, refusalOf };
  const sockets = serveUpgrades(server, [
    graphqlSocketRoute({ ...common, yoga, subscribe, maskError, preparing }),
    wallSocketRoute({ ...common, db: services.db, wall: options.wall }),
  ]);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFailure(error, options)));
    server.listen(options.port, options.host, resolve);
  });
  options.address.listensOn((server.address() as AddressInfo).port);
  return {
    async close() {
      waiting.close();
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

/** Adds advice to errors of listening. */
function listenFailure(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): Error {
  const advice: Record<string, string> = {
    EADDRINUSE: `PORT: port ${port} of ${host} is taken. End the program that uses it, or set another.`,
    EACCES: `PORT: this user may not listen on port ${port} of ${host}. Set one from 1024 on.`,
    EADDRNOTAVAIL: `HOST: this machine has no address ${host}. Set one that it has.`,
    ENOTFOUND: `HOST: the name ${host} is not known. Set an address of this machine.`,
  };
  const text = advice[error.code ?? ''];
  return text ? new Error(text, { cause: error }) : error;
}
