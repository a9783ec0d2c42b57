// A client of the API as users write it: fetch for queries and mutations, graphql-ws for subscriptions.
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { message: string; path?: unknown[]; extensions: Record<string, unknown> }[];
}

export interface Stream<Item> {
  /** The next item, already received or still to come. Rejects when the stream has ended or takes too long. */
  next(): Promise<Item>;
  /** The items up to and including the first that matches. */
  until(isMeant: (item: Item) => boolean): Promise<Item[]>;
  stop(): void;
}

export interface TestClient {
  readonly url: string;
  ask<Data>(query: string, variables?: object): Promise<Answer<Data>>;
  /** Returns the data. Throws if there is an error. */
  run<Data>(query: string, variables?: object): Promise<Data>;
  /** Returns the extensions of the first error. Throws if there is no error. */
  fail(
    query: string,
    variables?: object,
  ): Promise<{ code: string; message: string; issues?: { path: string[]; message: string }[] }>;
  /** Queues items from the call on, so that none is missed between two calls of next. */
  subscribe<Item>(query: string, variables?: object): Stream<Item>;
  close(): Promise<void>;
}

const patienceMs = 40_000;

/**
 * @param key an API key, if the server needs one
 * @param answerMs how long it waits for an answer; undefined: as long as fetch does
 */
export function connectClient(url: string, key?: string, answerMs?: number): TestClient {
  const authorization: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {};
  const endpoint = `${url}/graphql`;
  const sockets = createClient({
    url: endpoint.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: authorization,
    retryAttempts: 0,
  });

  async function ask<Data>(query: string, variables: object = {}): Promise<Answer<Data>> {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify({ query, variables }),
      ...(answerMs !== undefined && { signal: AbortSignal.timeout(answerMs) }),
    });
    return (await response.json()) as Answer<Data>;
  }

  return {
    url,
    ask,
    async run<Data>(query: string, variables?: object) {
      const { data, errors } = await ask<Data>(query, variables);
      if (errors || !data) throw new Error(`Expected data, got ${JSON.stringify(errors)}`);
      return data;
    },
    async fail(query, variables) {
      const { data, errors } = await ask(query, variables);
      const error = errors?.[0];
      if (!error) throw new Error(`Expected an error, got ${JSON.stringify(data)}`);
      return { message: error.message, ...error.extensions } as never;
    },
    subscribe: (query, variables = {}) => queueOf(sockets.iterate({ query, variables: { ...variables } })),
    close: async () => sockets.dispose(),
  };
}

function queueOf<Item>(source: AsyncIterableIterator<{ data?: unknown; errors?: unknown }>): Stream<Item> {
  const items: Item[] = [];
  let failure: unknown;
  let wake = () => {};
  const pump = async () => {
    for await (const { data, errors } of source) {
      if (errors) throw new Error(JSON.stringify(errors));
      items.push(data as Item);
      wake();
    }
    throw new Error('The subscription was completed by the server.');
  };
  pump().catch((error: unknown) => {
    failure = error;
    wake();
  });

  async function next(): Promise<Item> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      if (items.length > 0) return items.shift() as Item;
      if (failure) throw failure;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`Nothing came over the subscription within ${patienceMs} ms.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  return {
    next,
    async until(isMeant) {
      const seen: Item[] = [];
      for (;;) {
        const item = await next();
        seen.push(item);
        if (isMeant(item)) return seen;
      }
    },
    stop: () => void source.return?.(),
  };
}
