import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { attachment } from './attachment.ts';
import { parseRange } from './byte-range.ts';
import { etagOf, matchesAny } from './etag.ts';
import { contentTypeOf, isKey } from './key.ts';
import { localPath } from './local.ts';

const yearSec = 365 * 24 * 60 * 60;

/** The properties of a file that conditional and range requests depend on. */
interface Representation {
  size: number;
  etag: string;
  /** in ms since 1970, rounded to whole seconds as HTTP dates are */
  modifiedMs: number;
}

/**
 * Serves the objects of the local store: GET and HEAD, one byte range, conditional requests (RFC 9110 §13, §14).
 * `?download=NAME` makes browsers save the object under that name instead of playing it. The caller checks access.
 * The promise resolves when the answer has ended, even if the client has left; it rejects if the file cannot be read.
 */
export function serveLocal(
  dir: string,
): (req: IncomingMessage, res: ServerResponse, key: string) => Promise<void> {
  return async (req, res, key) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      return answerText(res, 405, 'Only GET and HEAD are answered here.', { allow: 'GET, HEAD' });
    }
    const file = isKey(key) ? await openOrNothing(localPath(dir, key)) : undefined;
    try {
      const found = await file?.stat({ bigint: true });
      if (!file || !found?.isFile()) return answerText(res, 404, 'There is no such object.');
      await answerFile(req, res, key, file, representationOf(found));
    } finally {
      await file?.close();
    }
  };
}

async function answerFile(
  req: IncomingMessage,
  res: ServerResponse,
  key: string,
  file: FileHandle,
  it: Representation,
): Promise<void> {
  const headers = headersOf(it, nameToSave(req));
  if (isUnchanged(req, it)) {
    res.writeHead(304, headers).end();
    return;
  }
  const range = rangeOf(req, it);
  if (range === 'unsatisfiable') {
    const text = `The object has ${it.size} bytes; the range asked for begins after them.`;
    return answerText(res, 416, text, { 'content-range': `bytes */${it.size}` });
  }
  const { first, last } = range === 'everything' ? { first: 0, last: it.size - 1 } : range;
  const length = { 'content-type': contentTypeOf(key), 'content-length': last - first + 1 };
  if (range === 'everything') res.writeHead(200, { ...headers, ...length });
  else res.writeHead(206, { ...headers, ...length, 'content-range': `bytes ${first}-${last}/${it.size}` });

  if (req.method === 'HEAD' || last < first) res.end();
  else await send(file, first, last, res);
}

async function send(file: FileHandle, first: number, last: number, res: ServerResponse): Promise<void> {
  const bytes = file.createReadStream({ start: first, end: last, autoClose: false });
  try {
    await pipeline(bytes, res);
  } catch (error) {
    const hasClientLeft = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!hasClientLeft) throw error;
  }
}

function representationOf(found: BigIntStats): Representation {
  const modifiedMs = Math.floor(Number(found.mtimeMs) / 1000) * 1000;
  return { size: Number(found.size), etag: etagOf(found), modifiedMs };
}

/** @param name under which browsers save the object; null if they play it */
function headersOf(it: Representation, name: string | null): OutgoingHttpHeaders {
  return {
    'accept-ranges': 'bytes',
    'cache-control': `private, max-age=${yearSec}, immutable`,
    etag: it.etag,
    'last-modified': new Date(it.modifiedMs).toUTCString(),
    'x-content-type-options': 'nosniff',
    ...(name && { 'content-disposition': attachment(name) }),
  };
}

/**
 * Whether the client has this representation. RFC 9110 §13.2.2: If-Modified-Since counts only if the request has no
 * If-None-Match.
 */
function isUnchanged({ headers }: IncomingMessage, it: Representation): boolean {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return matchesAny(noneMatch, it.etag);
  const since = headers['if-modified-since'];
  return since !== undefined && it.modifiedMs <= Date.parse(since);
}

/**
 * The range to send. RFC 9110 §14.2: ranges apply to GET only. §13.1.5: without a strong match the range is ignored.
 */
function rangeOf({ method, headers }: IncomingMessage, it: Representation): ReturnType<typeof parseRange> {
  const condition = headers['if-range'];
  if (method !== 'GET' || Array.isArray(condition)) return 'everything';
  if (condition !== undefined && !isStrongMatch(condition, it)) return 'everything';
  return parseRange(headers.range, it.size);
}

/**
 * Whether If-Range names exactly this representation. RFC 9110 §8.8.2.2: a date is a strong validator once the second
 * that it names has passed.
 */
function isStrongMatch(ifRange: string, it: Representation): boolean {
  if (ifRange === it.etag) return true;
  return Date.parse(ifRange) === it.modifiedMs && Date.now() - it.modifiedMs >= 1000;
}

function nameToSave(req: IncomingMessage): string | null {
  const query = (req.url ?? '').split('?')[1];
  return new URLSearchParams(query).get('download');
}

async function openOrNothing(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}

function answerText(res: ServerResponse, status: number, text: string, headers?: OutgoingHttpHeaders): void {
  res.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  res.end(text);
}
