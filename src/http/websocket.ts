import type { ExecutionArgs, FormattedExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import type { Context as SocketContext, SubscribePayload } from 'graphql-ws';
import { handleProtocols as chooseProtocol, makeServer } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import type { Access, Session } from '../access/access.ts';
import { badInput, RequestError } from '../domain/errors.ts';
import type { Log } from '../log.ts';
import { socketAdmission } from './admit-socket.ts';
import type { Connections } from './connections.ts';
import { FairLimit } from './fair-limit.ts';
import type { Subscribe } from './fan-out.ts';
import { graphqlPath, maxRequestBytes, type Yoga } from './graphql.ts';
import { connectSocket } from './socket-transport.ts';
import { type RefusalOf, type SocketRoute, socketRoute } from './upgrades.ts';

/** How many operations may run on one socket at a time. */
const maxOperations = 100;
/** How many large messages are handled at a time, in total and per key. */
const receivedAtOnce = { atOnce: 4, perName: 1 };
/** The longest id of an operation, in characters. It stays in memory as long as the operation lasts. */
const longestId = 100;

interface Enveloped {
  execute: (args: ExecutionArgs) => unknown;
}

type Admission = { session?: Session };
type Socket = SocketContext<Record<string, unknown> | undefined, Extra & Admission>;

/**
 * GraphQL over WebSocket (graphql-transport-ws) on the same port. Operations run through Yoga's envelop, so that masking,
 * codes and limits apply there, too. Results of subscriptions are masked already and bypass envelop: for ten thousand
 * sockets, its additional iterators would be a tenth of the work.
 */
export function graphqlSocketRoute(options: {
  yoga: Yoga;
  subscribe: Subscribe;
  maskError: (error: unknown) => GraphQLError;
  access: Access;
  connections: Connections;
  /** Limits how many operations are parsed and validated at a time. */
  preparing: FairLimit;
  log: Log;
  refusalOf: RefusalOf;
}): SocketRoute {
  const { yoga, subscribe, maskError, access, connections, preparing, log, refusalOf } = options;
  const admission = socketAdmission({ access, connections, log });

  async function admit({ connectionParams, extra }: Socket): Promise<boolean> {
    const given = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
    const session = await admission.admit(extra.socket, extra.request, given);
    if (session) extra.session = session;
    return session !== undefined;
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
  const handleProtocols = (protocols: Set<string>) => chooseProtocol(protocols);
  return socketRoute(
    graphqlPath,
    { maxPayload: maxRequestBytes, handleProtocols, refusalOf },
    (socket, request) => {
      admission.bound(socket, request.socket);
      // ws has closed the socket because of a malformed or too large message.
      socket.on('error', (error) => log.debug({ error }, 'a socket failed'));
      const extra: Extra & Admission = { socket, request };
      connectSocket(graphqlSockets, socket, {
        extra,
        enter: () => receiving.enter(extra.session?.caller.name ?? ''),
        log,
      });
    },
  );
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
