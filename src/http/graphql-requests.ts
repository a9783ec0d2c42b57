import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { sendNodeResponse } from '@whatwg-node/server';
import type { Access, Session } from '../access/access.ts';
import type { Db } from '../db/client.ts';
import { RequestError } from '../domain/errors.ts';
import { accepts, sendAsset, sendBytes } from './assets.ts';
import type { Connections } from './connections.ts';
import { FairLimit } from './fair-limit.ts';
import { createGraphiqlPage, exampleOperations } from './graphiql.ts';
import { maxRequestBytes, type Yoga } from './graphql.ts';
import { allowOrigin, isJson, refuse, refuseCaller } from './refuse.ts';

/** Answers from this size on are compressed. A smaller one fits into one packet. */
const compressedFromBytes = 1_400;
/** Requests from this size on are read a few at a time, because parsed they take twenty times the memory. */
const largeFromBytes = 16 * 1024;
const largeAtOnce = { atOnce: 32, perName: 16 };

/** GraphQL over HTTP and SSE, and GraphiQL at the same address. */
export function answerGraphql(options: {
  yoga: Yoga;
  access: Access;
  connections: Connections;
  /** Limits how many operations are parsed and validated at a time. */
  preparing: FairLimit;
  allowedOrigins: readonly string[];
  /** undefined: GraphiQL is available as long as there are no keys. */
  graphiql: boolean | undefined;
  /** For GraphiQL's examples. */
  db: Db;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { yoga, access, connections, preparing, allowedOrigins, graphiql, db } = options;
  const large = new FairLimit(largeAtOnce);
  const graphiqlPage = createGraphiqlPage();

  /**
   * Counts an open connection. If the client has left already, the connection is released at once, because no 'close'
   * event will follow.
   */
  function holdOpen(session: Session, response: ServerResponse): Promise<void> {
    const release = connections.admit(session, () => response.destroy());
    if (response.destroyed) return Promise.resolve(release());
    return new Promise<void>((resolve) => response.once('close', resolve)).then(release);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = await access.authenticate(request.headers.authorization);
    const { name } = session.caller;
    const releaseLarge = sizeOf(request) > largeFromBytes ? await large.enter(name) : undefined;
    let releasePrepared = () => {};
    const prepare = async () => {
      releasePrepared = await preparing.enter(name);
    };
    const onPrepared = () => releasePrepared();
    let made: Response;
    try {
      if (response.destroyed) return;
      const context = { session, prepare, onPrepared, holdOpen: () => holdOpen(session, response) };
      made = await yoga.handleNodeRequestAndResponse(request, response, context);
    } finally {
      releasePrepared();
      releaseLarge?.();
    }
    await sendAnswer(request, response, made);
  }

  return async (request, response) => {
    if (request.method === 'POST' && !isJson(request)) {
      return refuse(response, 415, 'BAD_USER_INPUT', 'Expected the content type application/json.');
    }
    if (!hasJsonParameters(request)) {
      return refuse(
        response,
        400,
        'BAD_USER_INPUT',
        'Expected JSON in the parameters variables and extensions.',
      );
    }
    if (request.method === 'OPTIONS') {
      return sendAnswer(request, response, await yoga.handleNodeRequestAndResponse(request, response, {}));
    }
    if ((graphiql ?? access.open) && wantsPage(request)) {
      const operations = await exampleOperations(access.open ? db : undefined);
      return sendAsset(request, response, await graphiqlPage(operations));
    }
    try {
      await answer(request, response);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      allowOrigin(request, response, allowedOrigins);
      refuseCaller(response, error);
    }
  };
}

/** Whether these parameters are JSON. If not, Yoga would answer with an error of the server. */
function hasJsonParameters({ url }: IncomingMessage): boolean {
  const parameters = new URLSearchParams(url?.split('?')[1]);
  try {
    for (const name of ['variables', 'extensions']) JSON.parse(parameters.get(name) ?? '{}');
    return true;
  } catch {
    // `variables` or `extensions` is not JSON.
    return false;
  }
}

/** The size of a request in bytes; the largest possible one if the request does not state its length. */
const sizeOf = ({ headers }: IncomingMessage): number =>
  headers['transfer-encoding'] ? maxRequestBytes : Number(headers['content-length'] ?? 0);

const wantsPage = ({ method, headers }: IncomingMessage) =>
  method === 'GET' && Boolean(headers.accept?.includes('text/html'));

const isStream = (answer: Response) =>
  /^(text\/event-stream|multipart\/mixed)/.test(answer.headers.get('content-type') ?? '');

/**
 * Sends Yoga's answer. Yoga's own function puts an error's stack into the answer, sends answers in one piece, and does not
 * compress them.
 */
async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Response,
): Promise<void> {
  if (response.destroyed) return;
  if (isStream(answer)) return void (await sendNodeResponse(answer, response, request, true));
  const body = Buffer.from(await answer.text());
  const headers = Object.fromEntries(answer.headers);
  const zipped = body.length >= compressedFromBytes && accepts(request, 'gzip');
  const bytes = zipped ? await promisify(gzip)(body) : body;
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    ...headers,
    ...(zipped && { 'content-encoding': 'gzip' }),
    vary: [headers['vary'], 'accept-encoding'].filter(Boolean).join(', '),
    'content-length': bytes.length,
  });
  await sendBytes(request, response, bytes);
}
