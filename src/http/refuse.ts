import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode, ErrorDetails, RequestError } from '../domain/errors.ts';

/** Refuses a request before GraphQL handles it. The answer has GraphQL's form, so that clients find the code. */
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
    // The unread rest of the request must not be taken for the next request.
    ...(status === 413 && { connection: 'close' }),
  });
  response.end(body);
}

/** Refuses a caller that is not authenticated, or that cannot be authenticated now. */
export function refuseCaller(response: ServerResponse, { code, message, details }: RequestError): void {
  refuse(response, code === 'UNAUTHENTICATED' ? 401 : 503, code, message, details);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

/** Allows pages of ALLOWED_ORIGINS to read the answer. Yoga does the same for the answers that it makes. */
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
 * Whether the request's target is a path and its Host header names a host (RFC 9112, 3.2), so that later code can build a
 * URL from both.
 */
export const hasAddress = ({ headers: { host }, url }: IncomingMessage): boolean =>
  url?.startsWith('/') === true &&
  (host === undefined || (/^[^\s/?#@\\]+$/.test(host) && URL.canParse(`http://${host}${url}`)));

const loopbackHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Whether the Host header names this machine. Without keys, this check keeps out web pages whose own name resolves to
 * 127.0.0.1 (DNS rebinding): for a browser, they have the same origin as the server.
 */
export const namesThisMachine = ({ headers }: IncomingMessage): boolean =>
  headers.host !== undefined && loopbackHost.test(headers.host);

/**
 * Whether the page that makes the request is allowed: pages of this server and of ALLOWED_ORIGINS. CORS alone would not
 * keep other pages from sending mutations or opening WebSockets.
 */
export function originAllowed({ headers }: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin, host } = headers;
  if (!origin || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Whether the body is JSON. Browsers send forms and plain text from any page without a CORS preflight. */
export const isJson = ({ headers }: IncomingMessage): boolean =>
  /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');
