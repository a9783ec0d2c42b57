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
import type { Subscribe } from './fan-out.ts';
import { gatherWrites } from './gathered-writes.ts';
import { graphqlPath, maxRequestBytes, type Yoga } from './graphql.ts';
import { connectSocket } from './socket-transport.ts';
import { Turns } from './turns.ts';

/** Operations that may run on one socket at a time. */
const maxOperations = 100;
/** Large messages that are taken at a time, and those of one key. */
const receivedAtOnce = { atOnce: 4, perName: 1 };
/** An operation's id is held as long as it lasts. */
const longestId = 100;
/** Who has not said who they are may send this much, frames included: a token of an OpenID provider, and no more. */
const maxBytesBeforeAck = 4 * 1024 + 64;

/**
 * Why a socket is closed. graphql-ws clients connect again after 1001, 1013 and 4403, and then learn whether their
 * key still holds; 4401 and 4429 they take for final (its isFatalInternalCloseCode).
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
 * GraphQL over WebSocket (graphql-transport-ws) on the same port. Operations run through Yoga's envelop, so that
 * masking, codes and limits hold there too. What a subscription gives is masked already, and goes without the envelop:
 * for ten thousand sockets its iterators around each would be a tenth of the work.
 */
export function serveWebSockets(
  server: Server,
  options: {
    yoga: Yoga;
    subscribe: Subscribe;
    maskError: (error: unknown) => GraphQLError;
    access: Access;
    connections: Connections;
    /** Operations that are parsed and validated. */
    preparing: Turns;
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

  /** What has come is looked at below ws, which collects the frames of a message up to its limit. */
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
      // A client that left meanwhile closes no more, so that it would be counted for ever.
      if (socket.readyState !== socket.OPEN) return false;
      const end = () => endSocket(socket, closing.forbidden, 'The key or token does not hold any more.');
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
        : // Given back as it is: graphql-ws would make a copy for each of ten thousand sockets.
          (result as FormattedExecutionResult),
    onError: (_context, _id, _payload, errors) => errors.map((error) => formatted(maskError(error))),
  });
  const receiving = new Turns(receivedAtOnce);
  // Errors of the HTTP server come by here, too; whoever listens on that one tells of them.
  sockets.on('error', () => {});
  const gather = gatherWrites();
  sockets.on('connection', (socket, request) => {
    gather(socket, request.socket);
    boundUntilAdmitted(socket, request.socket);
    // A broken or too large message closes the socket, and that is all.
    socket.on('error', (error) => log.debug({ error: error.message }, 'a socket failed'));
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

/** A client that has stalled does not answer the farewell: it is not waited for longer than this. */
const farewellMs = 1_000;

function endSocket(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), farewellMs).unref();
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

/** Browsers cannot set headers on a WebSocket: the key comes in the first message. */
function authorizationOf(params: Record<string, unknown> | undefined, request: IncomingMessage) {
  const given = params?.authorization ?? params?.Authorization;
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

/** Yoga notes the status of an HTTP answer in errors; on a socket it means nothing. */
function formatted(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...rest } = error.toJSON();
  const { http: _, ...ours } = extensions ?? {};
  return { ...rest, extensions: ours };
}
