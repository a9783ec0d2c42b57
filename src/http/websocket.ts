import type { Server } from 'node:http';
import { type ExecutionArgs, GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { graphqlPath, type Yoga } from './graphql.ts';

/** The largest message a client may send; ws would take 100 MiB. */
const maxPayloadBytes = 256 * 1024;
/** Going away: graphql-ws clients connect again after it. */
const goingAway = 1001;

interface Enveloped {
  execute: (args: ExecutionArgs) => unknown;
  subscribe: (args: ExecutionArgs) => unknown;
}

/**
 * GraphQL over WebSocket (graphql-transport-ws) on the same port. Operations run through Yoga's envelop, so that
 * masking, codes and limits hold there too.
 */
export function serveWebSockets(server: Server, yoga: Yoga): { close(): Promise<void> } {
  const sockets = new WebSocketServer({ server, path: graphqlPath, maxPayload: maxPayloadBytes });
  const disposable = useServer(
    {
      execute: (args) => (args.rootValue as Enveloped).execute(args) as never,
      subscribe: (args) => (args.rootValue as Enveloped).subscribe(args) as never,
      onSubscribe: async (context, _id, params) => {
        const enveloped = yoga.getEnveloped({
          req: context.extra.request,
          socket: context.extra.socket,
          params,
        });
        const { schema, execute, subscribe, contextFactory, parse, validate } = enveloped;
        const document = tryParse(parse, params.query);
        if (document instanceof GraphQLError) return [document];
        const errors = validate(schema, document);
        if (errors.length > 0) return errors as GraphQLError[];
        return {
          schema,
          operationName: params.operationName ?? null,
          document,
          variableValues: params.variables ?? null,
          contextValue: await contextFactory(),
          rootValue: { execute, subscribe },
        };
      },
    },
    sockets,
  );
  return {
    async close() {
      for (const socket of sockets.clients) socket.close(goingAway, 'The server is stopping; connect again.');
      await disposable.dispose();
    },
  };
}

function tryParse<T>(parse: (source: string) => T, source: string): T | GraphQLError {
  try {
    return parse(source);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}
