import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Session } from '../access/access.ts';
import { RequestError } from '../domain/errors.ts';
import type { Context, Services } from '../graphql/context.ts';
import { schema } from '../graphql/schema.ts';
import type { Subscribe } from './fan-out.ts';
import { exampleOperations } from './graphiql.ts';
import { limitedDocuments } from './limits.ts';
import { codedDocuments } from './public-errors.ts';

export const graphqlPath = '/graphql';
/** The largest request, over HTTP as over WebSocket. The largest event is a quarter of it. */
export const maxRequestBytes = 256 * 1024;

export type Yoga = ReturnType<typeof createGraphql>;

/** What every request brings with it; the page of GraphiQL alone is given without. */
export interface RequestContext {
  readonly session?: Session;
}

/**
 * GraphQL over HTTP and SSE; WebSocket operations run through the same plugins (websocket.ts). Yoga's defaults
 * are open; what is closed here: batches, uploads, cross-origin answers, the page from a CDN, large requests.
 */
export function createGraphql(options: {
  services: Services;
  subscribe: Subscribe;
  maskError: (error: unknown) => Error;
  allowedOrigins: readonly string[];
  graphiql: boolean;
  introspection: boolean;
}) {
  const { services, subscribe, maskError, allowedOrigins, graphiql, introspection } = options;
  const subscribing: Plugin = { onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe) };
  return createYoga<RequestContext, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    landingPage: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: maxRequestBytes,
    logging: false,
    cors: { origin: [...allowedOrigins], credentials: false, methods: ['GET', 'POST', 'OPTIONS'] },
    context: ({ session }): Context => {
      if (!session) throw new RequestError('UNAUTHENTICATED', 'This needs an API key.');
      return { ...services, caller: session.caller };
    },
    maskedErrors: { maskError },
    // The limits come first: validating a document that is too large would itself be too much work.
    plugins: [codedDocuments(), limitedDocuments({ introspection }), subscribing],
    renderGraphiQL,
    graphiql: graphiql
      ? async () => ({
          title: 'Flashback',
          subscriptionsProtocol: 'WS' as const,
          defaultQuery: await exampleOperations(services.db),
        })
      : false,
  });
}
