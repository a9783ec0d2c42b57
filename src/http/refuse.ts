import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode, ErrorDetails, RequestError } from '../domain/errors.ts';

/** Refuses a request before GraphQL sees it, in the form of a GraphQL answer: clients find the code where they look. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: ErrorCode | 'INTERNAL_SERVER_ERROR',
  message: string,
  extensions: ErrorDetails & { requestId?: string } = {},
): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code, ...extensions } }] });
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(extensions.retryAfterMs && { 'retry-after': String(Math.ceil(extensions.retryAfterMs / 1_000)) }),
    // What was not read of the request must not be taken for the next one.
    ...(status === 413 && { connection: 'close' }),
  });
  response.end(body);
}

/** Refuses whom access does not let in, or cannot look up now. */
export function refuseCaller(response: ServerResponse, { code, message, details }: RequestError): void {
  refuse(response, code === 'UNAUTHENTICATED' ? 401 : 503, code, message, details);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

/** Lets a page of ALLOWED_ORIGINS read the answer. Yoga does it for what Yoga answers. */
export function allowOrigin(
  { headers }: IncomingMessage,
  response: ServerResponse,
  allowed: readonly string[],
): void {
  if (!headers.origin || !allowed.includes(headers.origin)) return;
  response.setHeader('access-control-allow-origin', headers.origin);
  response.setHeader('vary', 'Origin');
}

/**
 * Whether the request's target is a path and its Host names a host (RFC 9112, 3.2): everything behind this may make an
 * address of the two.
 */
export const hasAddress = ({ headers: { host }, url }: IncomingMessage): boolean =>
  url?.startsWith('/') === true &&
  (host === undefined || (/^[^\s/?#@\\]+$/.test(host) && URL.canParse(`http://${host}${url}`)));

const loopbackHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Whether the address that was asked for is this machine's own. Without keys this is what keeps web pages out that
 * let their own name point to 127.0.0.1 (DNS rebinding): to a browser they are of one origin with the server.
 */
export const namesThisMachine = ({ headers }: IncomingMessage): boolean =>
  headers.host !== undefined && loopbackHost.test(headers.host);

/**
 * Browsers name the page that makes a request. Only this server's own pages and those of ALLOWED_ORIGINS may:
 * CORS alone would not stop a foreign page from sending mutations or opening WebSockets.
 */
export function originAllowed({ headers }: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin, host } = headers;
  if (!origin || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Only JSON: what a form or a plain text can be posted with, browsers send from any page without asking first. */
export const isJson = ({ headers }: IncomingMessage): boolean =>
  /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');
