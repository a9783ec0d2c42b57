import { GraphQLError, getOperationAST } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Session } from '../access/access.ts';
import { DatabaseAway, tookTooLong } from '../db/client.ts';
import { RequestError } from '../domain/errors.ts';
import type { Context, Services } from '../graphql/context.ts';
import { schema } from '../graphql/schema.ts';
import { documentCaches } from './document-cache.ts';
import type { Execute } from './execution.ts';
import type { Subscribe } from './fan-out.ts';
import { limitedDocuments } from './limits.ts';
import { codedDocuments, expectedError } from './public-errors.ts';

export const graphqlPath = '/graphql';
/** The largest request over HTTP or WebSocket. The largest event has a quarter of it. */
export const maxRequestBytes = 256 * 1024;

export type Yoga = ReturnType<typeof createGraphql>;

/** The context of a request. It is empty only for a CORS preflight. */
export interface RequestContext {
  readonly session?: Session;
  /**
   * Only over HTTP: counts this request's connection as open, for a subscription.
   * @returns a promise that resolves when the connection has closed; the subscription has to be ended then
   * @throws RequestError CAPACITY (at once, not in the promise) if the key has too many connections
   */
  readonly holdOpen?: () => Promise<void>;
  /** Only over HTTP: called once the request is read. Waits until it may be parsed and validated. */
  readonly prepare?: () => Promise<void>;
  /** Called after validation: then the next operation may be parsed and validated. */
  readonly onPrepared?: () => void;
}

/**
 * GraphQL over HTTP and SSE; WebSocket operations run through the same plugins (websocket.ts). Switches off what Yoga
 * allows by default: batches, uploads, cross-origin answers, GraphiQL, large requests.
 */
export function createGraphql(options: {
  services: Services;
  execute: Execute;
  subscribe: Subscribe;
  /** Bytes that cached documents may take. */
  documentBytes: number;
  maskError: (error: unknown) => Error;
  allowedOrigins: readonly string[];
  introspection: boolean;
}) {
  const { services, execute, subscribe, documentBytes, maskError, allowedOrigins, introspection } = options;
  const writing: Plugin<Context> = {
    onExecute: ({ args: { document, operationName, contextValue }, extendContext }) => {
      const isMutation = getOperationAST(document, operationName)?.operation === 'mutation';
      if (!isMutation) return {};
      extendContext({ db: contextValue.writingDb });
      return {
        // If PostgreSQL cancelled a statement of a mutation, the mutation was not too complex: the database was slow,
        // and a retry may succeed.
        onExecuteDone: ({ result, setResult }) => {
          if (!('errors' in result) || !result.errors) return;
          setResult({ ...result, errors: result.errors.map(unlessTooLong) });
        },
      };
    },
  };
  const executing: Plugin<Context & RequestContext, RequestContext> = {
    onRequestParse: ({ serverContext }) => ({
      onRequestParseDone: () => serverContext.prepare?.(),
    }),
    onExecute: ({ args, setExecuteFn }) => {
      args.contextValue.onPrepared?.();
      setExecuteFn(execute);
    },
    onSubscribe: ({ args, setSubscribeFn }) => {
      args.contextValue.onPrepared?.();
      setSubscribeFn(heldOpen(subscribe));
    },
  };
  return createYoga<RequestContext, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    landingPage: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: maxRequestBytes,
    logging: false,
    parserAndValidationCache: documentCaches(documentBytes),
    cors: { origin: [...allowedOrigins], credentials: false, methods: ['GET', 'POST', 'OPTIONS'] },
    context: ({ session }): Context => {
      if (!session) throw new RequestError('UNAUTHENTICATED', 'This needs an API key.');
      // The cast: `Context.answer` is missing here. execution.ts sets it for each execution.
      return { ...services, caller: session.caller } as Context;
    },
    maskedErrors: { maskError },
    // The limits come first, because validating a document that is too large would be too much work.
    plugins: [codedDocuments(), limitedDocuments({ introspection }), executing, writing],
    graphiql: false,
  });
}

/**
 * Counts subscriptions over HTTP when they begin. Earlier it is unknown whether the answer is a stream: Yoga decides
 * that from the Accept header, which has many forms. A subscription that Yoga cannot answer is ended here, too.
 */
function heldOpen(subscribe: Subscribe): Subscribe {
  return async (args) => {
    const { holdOpen } = args.contextValue as RequestContext;
    let over: Promise<void> | undefined;
    try {
      over = holdOpen?.();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { errors: [expectedError(error, 503)] };
    }
    const result = await subscribe(args);
    if (Symbol.asyncIterator in result) void over?.then(() => result.return?.());
    return result;
  };
}

const unlessTooLong = (error: GraphQLError): GraphQLError =>
  tookTooLong(error.originalError)
    ? new GraphQLError(error.message, {
        nodes: error.nodes ?? null,
        source: error.source ?? null,
        positions: error.positions ?? null,
        path: error.path ?? null,
        originalError: new DatabaseAway(error.originalError),
      })
    : error;
