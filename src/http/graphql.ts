import { randomUUID } from 'node:crypto';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { createYoga } from 'graphql-yoga';
import type { Context, Services } from '../graphql/context.ts';
import { schema } from '../graphql/schema.ts';
import type { Log } from '../log.ts';
import { exampleOperations } from './graphiql.ts';
import { codedDocuments, publicError } from './public-errors.ts';

export const graphqlPath = '/graphql';

export type Yoga = ReturnType<typeof createGraphql>;

/**
 * GraphQL over HTTP and SSE; WebSocket operations run through the same plugins (websocket.ts). Yoga's defaults
 * are open; what is closed here: batches, uploads, cross-origin answers, the page from a CDN.
 */
export function createGraphql(options: {
  services: Services;
  allowedOrigins: readonly string[];
  development: boolean;
  log: Log;
}) {
  const { services, allowedOrigins, development, log } = options;
  return createYoga<object, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    landingPage: false,
    multipart: false,
    batching: false,
    logging: false,
    cors: { origin: [...allowedOrigins], credentials: false, methods: ['GET', 'POST', 'OPTIONS'] },
    context: (): Context => services,
    maskedErrors: {
      maskError: (error) => publicError(error, randomUUID(), log),
    },
    plugins: [codedDocuments()],
    renderGraphiQL,
    graphiql: development
      ? async () => ({
          title: 'Flashback',
          subscriptionsProtocol: 'WS' as const,
          defaultQuery: await exampleOperations(services.db),
        })
      : false,
  });
}
