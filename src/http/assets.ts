import { createHash } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { isOfWhoLeft } from '../log.ts';

type Coding = 'br' | 'gzip';

/** A file in memory, compressed once. */
export interface Asset {
  readonly body: Buffer;
  /** The body in each coding that makes it smaller, the smallest one first. */
  readonly compressed: readonly (readonly [Coding, Buffer])[];
  readonly headers: OutgoingHttpHeaders;
}

/** @param brotli the body, compressed with Brotli by the build, because that takes too long here; undefined if it was not */
export async function makeAsset(body: Buffer, headers: OutgoingHttpHeaders, brotli?: Buffer): Promise<Asset> {
  const gzipped = await promisify(gzip)(body, { level: constants.Z_BEST_COMPRESSION });
  const codings = [...(brotli ? [['br', brotli] as const] : []), ['gzip', gzipped] as const];
  return {
    body,
    compressed: codings.filter(([, bytes]) => bytes.length < body.length),
    headers: {
      ...headers,
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      vary: 'accept-encoding',
    },
  };
}

const acceptanceOf = (coding: Coding) => new RegExp(`\\b${coding}\\b(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$))`);
const acceptances = { br: acceptanceOf('br'), gzip: acceptanceOf('gzip') };

/** Whether the client accepts the coding (RFC 9110, 12.5.3). Browsers accept Brotli only over https and from the same machine. */
export const accepts = ({ headers }: IncomingMessage, coding: Coding): boolean =>
  acceptances[coding].test(String(headers['accept-encoding'] ?? ''));

export async function sendAsset(
  request: IncomingMessage,
  response: ServerResponse,
  { body, compressed, headers }: Asset,
): Promise<void> {
  if (request.headers['if-none-match'] === headers.etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const [coding, bytes] = compressed.find(([coding]) => accepts(request, coding)) ?? [undefined, body];
  response.writeHead(200, {
    ...headers,
    ...(coding && { 'content-encoding': coding }),
    'content-length': bytes.length,
  });
  await sendBytes(request, response, bytes);
}

const pieceBytes = 64 * 1024;

/**
 * Sends the body of an answer in pieces, each one when the previous piece was sent: so a client sees progress, and
 * little waits in memory. Resolves when the answer has ended, also because the client left.
 */
export async function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
): Promise<void> {
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  if (bytes.length <= pieceBytes) {
    response.end(bytes);
    return;
  }
  await pipeline(Readable.from(piecesOf(bytes), { objectMode: false, highWaterMark: 1 }), response).catch(
    (error: Error) => {
      if (!isOfWhoLeft(error)) throw error;
    },
  );
}

/**
 * Yields one piece per turn of the event loop. Without that, hundreds of clients could each get megabytes in one turn,
 * because the kernel accepts them at once.
 */
async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield bytes.subarray(at, at + pieceBytes);
    await nextTurn();
  }
}
