import type { IncomingMessage, Server } from 'node:http';
import type { Socket as Connection } from 'node:net';
import type { ExecutionArgs, FormattedExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import type { Context as SocketContext, SubscribePayload } from 'graphql-ws';
import { handleProtocols, makeServer } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Access, Session } from '../access/access.ts';
import { badInput, RequestError } from '../domain/errors.ts';
import type { Log } from '../log.ts';
import type { Connections } from './connections.ts';
import { FairLimit } from './fair-limit.ts';
import type { Subscribe } from './fan-out.ts';
import { graphqlPath, maxRequestBytes, type Yoga } from './graphql.ts';
import { connectSocket } from './socket-transport.ts';

/** How many operations may run on one socket at a time. */
const maxOperations = 100;
/** How many large messages are handled at a time, in total and per key. */
const receivedAtOnce = { atOnce: 4, perName: 1 };
/** The longest id of an operation, in characters. It stays in memory as long as the operation lasts. */
const longestId = 100;
/**
 * How many bytes, with their frames, a client may send before it is authenticated: enough for a token of an OpenID
 * provider.
 */
const maxBytesBeforeAck = 4 * 1024 + 64;

/**
 * Close codes. graphql-ws clients connect again after 1001, 1013 and 4403, and then learn whether their key is still
 * valid. They do not connect again after 4401 and 4429 (isFatalInternalCloseCode in graphql-ws).
 */
const closing = {
  goingAway: 1001,
  tryAgainLater: 1013,
  unauthorized: 4401,
  forbidden: 4403,
  tooMany: 4429,
} as const;

interface Enveloped {
  execute: (args: ExecutionArgs) => unknown;
}

type Admission = {
  session?: Session;
  release?: () => void;
};
type Socket = SocketContext<Record<string, unknown> | undefined, Extra & Admission>;

/**
 * GraphQL over WebSocket (graphql-transport-ws) on the same port. Operations run through Yoga's envelop, so that masking,
 * codes and limits apply there, too. Results of subscriptions are masked already and bypass envelop: for ten thousand
 * sockets, its additional iterators would be a tenth of the work.
 */
export function serveWebSockets(
  server: Server,
  options: {
    yoga: Yoga;
    subscribe: Subscribe;
    maskError: (error: unknown) => GraphQLError;
    access: Access;
    connections: Connections;
    /** Limits how many operations are parsed and validated at a time. */
    preparing: FairLimit;
    log: Log;
    refusalOf: (request: IncomingMessage) => { status: number; message: string } | undefined;
  },
): { close(): Promise<void> } {
  const { yoga, subscribe, maskError, access, connections, preparing, log, refusalOf } = options;
  const sockets = new WebSocketServer({
    server,
    path: graphqlPath,
    maxPayload: maxRequestBytes,
    handleProtocols: (protocols) => handleProtocols(protocols),
    verifyClient: ({ req }, decide) => {
      const refusal = refusalOf(req);
      decide(refusal === undefined, refusal?.status, refusal?.message);
    },
  });

  const admitted = new WeakSet<WebSocket>();

  /** Counts the bytes of the TCP connection, because ws collects the frames of a message up to the limit for messages. */
  function boundUntilAdmitted(socket: WebSocket, connection: Connection): void {
    const from = connection.bytesRead;
    const watch = () => {
      if (admitted.has(socket)) connection.off('data', watch);
      else if (connection.bytesRead - from > maxBytesBeforeAck) socket.terminate();
    };
    connection.prependListener('data', watch);
  }

  async function admit({ connectionParams, extra }: Socket): Promise<boolean> {
    const { socket, request } = extra;
    try {
      const session = await access.authenticate(authorizationOf(connectionParams, request));
      // If the client has left meanwhile, no 'close' event follows, and the connection would be counted for ever.
      if (socket.readyState !== socket.OPEN) return false;
      const end = () => endSocket(socket, closing.forbidden, 'The key or token is no longer valid.');
      extra.release = connections.admit(session, end);
      extra.session = session;
      admitted.add(socket);
      socket.once('close', extra.release);
      return true;
    } catch (error) {
      if (!(error instanceof RequestError)) log.error({ error }, 'a socket could not be authenticated');
      socket.close(closeCodeOf(error), error instanceof RequestError ? error.message : 'Try again later.');
      return false;
    }
  }

  const graphqlSockets = makeServer<Record<string, unknown> | undefined, Extra & Admission>({
    onConnect: admit,
    execute: (args) => (args.rootValue as Enveloped).execute(args) as never,
    subscribe: (args) => subscribe(args) as never,
    onSubscribe: async (context, id, params) => {
      if (id.length > longestId) return [maskError(tooLongId())];
      if (Object.keys(context.subscriptions).length > maxOperations) return [maskError(tooManyOperations())];
      const release = await preparing.enter(context.extra.session!.caller.name);
      try {
        return await prepare(yoga, context.extra, params);
      } catch (error) {
        return [maskError(error)];
      } finally {
        release();
      }
    },
    onNext: (_context, _id, _payload, _args, result) =>
      result.errors
        ? ({
            ...result,
            errors: result.errors.map((e) => formatted(maskError(e))),
          } as FormattedExecutionResult)
        : // The same object: otherwise graphql-ws would make a copy for each of ten thousand sockets.
          (result as FormattedExecutionResult),
    onError: (_context, _id, _payload, errors) => errors.map((error) => formatted(maskError(error))),
  });
  const receiving = new FairLimit(receivedAtOnce);
  // ws passes on errors of the HTTP server, which are handled there (listenFailure in server.ts).
  sockets.on('error', () => {});
  sockets.on('connection', (socket, request) => {
    boundUntilAdmitted(socket, request.socket);
    // ws has closed the socket because of a malformed or too large message.
    socket.on('error', (error) => log.debug({ error }, 'a socket failed'));
    const extra: Extra & Admission = { socket, request };
    connectSocket(graphqlSockets, socket, {
      extra,
      enter: () => receiving.enter(extra.session?.caller.name ?? ''),
      log,
    });
  });
  return {
    async close() {
      for (const socket of sockets.clients) {
        endSocket(socket, closing.goingAway, 'The server is stopping; connect again.');
      }
      await new Promise((resolve) => sockets.close(resolve));
    },
  };
}

/** How long to wait for the client's close frame. A stalled client sends none. */
const closeTimeoutMs = 1_000;

function endSocket(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), closeTimeoutMs).unref();
}

async function prepare(
  yoga: Yoga,
  { request, socket, session }: Extra & Admission,
  params: SubscribePayload,
) {
  const enveloped = yoga.getEnveloped({ req: request, socket, params, session });
  const { schema, execute, contextFactory, parse, validate } = enveloped;
  const document = parse(params.query);
  const errors = validate(schema, document);
  if (errors.length > 0) return errors as GraphQLError[];
  return {
    schema,
    operationName: params.operationName ?? null,
    document,
    variableValues: params.variables ?? null,
    contextValue: await contextFactory(),
    rootValue: { execute },
  };
}

/** The key from the first message, or else from the header: browsers cannot set headers on a WebSocket. */
function authorizationOf(params: Record<string, unknown> | undefined, request: IncomingMessage) {
  const given = params?.['authorization'] ?? params?.['Authorization'];
  return typeof given === 'string' ? given : request.headers.authorization;
}

function closeCodeOf(error: unknown): number {
  if (!(error instanceof RequestError) || error.details.retryAfterMs) return closing.tryAgainLater;
  return error.code === 'UNAUTHENTICATED' ? closing.unauthorized : closing.tooMany;
}

const tooLongId = () =>
  badInput([{ path: ['id'], message: `Expected an id of at most ${longestId} characters.` }]);

const tooManyOperations = () =>
  new RequestError('CAPACITY', `At most ${maxOperations} operations may run on one socket at a time.`);

/** Removes the HTTP status that Yoga puts into errors; it has no meaning on a socket. */
function formatted(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...rest } = error.toJSON();
  const { http: _, ...ours } = extensions ?? {};
  return { ...rest, extensions: ours };
}
