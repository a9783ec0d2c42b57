import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Bucket } from './bucket.ts';
import { type Effect, type Fault, Faults, type Operation } from './faults.ts';
import { type Answer, operationOf, perform } from './operations.ts';
import { receive } from './payload.ts';
import { S3Error } from './s3-error.ts';
import { verifySignature } from './signature.ts';
import { errorXml } from './xml.ts';

export interface S3ServerOptions {
  /** Speed of the one uplink that all requests share, in bytes per second. */
  bytesPerSecond?: number;
  /** The server's certificate, if it is to speak HTTPS. */
  tls?: { key: string; cert: string };
}

export interface LoggedRequest {
  op: Operation;
  key: string;
  part?: number;
  /** what its signature says about the body: a SHA-256 in hex, UNSIGNED-PAYLOAD or STREAMING-… */
  declared?: string;
  /** the length in the request's headers */
  length: number;
  /** undefined while it runs, and for good if it was never answered */
  status?: number;
}

/** A bucket behind S3's protocol over real HTTP, as strict as R2: see s3/. Its bytes are files on disk. */
export interface S3Server {
  endpoint: string;
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** The present content of the bucket. */
  contents: Bucket;
  /** Every request since the start, in order of arrival, including those with faults. */
  log: LoggedRequest[];
  fail(fault: Fault): void;
  /** Moves this server's clock ahead of the machine's. */
  advanceClock(ms: number): void;
  /** From now on the line has this speed, in bytes per second; undefined: as fast as this machine. */
  shape(bytesPerSecond: number | undefined): void;
  /** An object's bytes as they are on disk. */
  bytes(key: string): Promise<Buffer>;
  /** Cuts all connections and refuses new ones. */
  offline(): Promise<void>;
  /** Listens again, on the same port. */
  online(): Promise<void>;
  close(): Promise<void>;
}

const credentials = { region: 'auto', accessKeyId: 'key-of-the-test', secretAccessKey: 'secret-of-the-test' };
const bucketName = 'clips';

/** The bucket in a configuration (`r2`), or as the options of a store. Its links are valid for a minute. */
export const r2Of = ({ endpoint, bucket, region, accessKeyId, secretAccessKey }: S3Server) => ({
  ...{ endpoint, bucket, region, accessKeyId, secretAccessKey },
  urlTtlSec: 60,
});

/** The settings of a server that stores its clips in this bucket. */
export const bucketSettings = ({ endpoint, bucket, region, accessKeyId, secretAccessKey }: S3Server) => ({
  R2_ENDPOINT: endpoint,
  R2_BUCKET: bucket,
  R2_REGION: region,
  R2_ACCESS_KEY_ID: accessKeyId,
  R2_SECRET_ACCESS_KEY: secretAccessKey,
});

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const dir = await mkdtemp(join(tmpdir(), 'flashback-s3-'));
  const contents = new Bucket(bucketName, dir);
  const faults = new Faults();
  const log: LoggedRequest[] = [];
  const uplink = sharedUplink(options.bytesPerSecond);
  let clockAheadMs = 0;
  const rules = { ...credentials, now: () => Date.now() + clockAheadMs };

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url!, 'http://localhost');
    const [, bucket, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const key = rest.join('/');
    const op = operationOf(req.method!, key, url.searchParams);
    const part = url.searchParams.has('partNumber') ? Number(url.searchParams.get('partNumber')) : undefined;
    const entry: LoggedRequest = { op, key, length: Number(req.headers['content-length'] ?? 0) };
    if (part !== undefined) entry.part = part;
    log.push(entry);
    res.once('finish', () => {
      entry.status = res.statusCode;
    });

    const effect = faults.take(op, key, part);
    if (effect && 'stall' in effect) return;
    if (effect && 'reset' in effect && effect.reset === 'at once') return void req.socket.destroy();
    if (effect && 'delayMs' in effect) await new Promise((resolve) => setTimeout(resolve, effect.delayMs));
    if (effect && 'status' in effect) throw new S3Error(effect.status, effect.code ?? 'InjectedFault');

    const declared = verifySignature(req, url, rules);
    entry.declared = declared;
    if (bucket !== bucketName) throw new S3Error(404, 'NoSuchBucket');
    const wire = () => wireOf(req, effect, uplink);
    const answer = await perform(contents, {
      http: req,
      op,
      key,
      query: url.searchParams,
      receive: (sink) => receive(req, declared, wire(), sink),
    });
    if (effect && 'reset' in effect) {
      if (op === 'GetObject' && effect.reset === 'midway') await sendFirstPiece(res, answer);
      return void req.socket.destroy();
    }
    if (effect && 'wrongSize' in effect)
      answer.headers = { ...answer.headers, 'content-length': effect.wrongSize };
    await send(req, res, answer);
  }

  const serve = (req: IncomingMessage, res: ServerResponse) => {
    res.setHeader('date', new Date(rules.now()).toUTCString());
    handle(req, res).catch((error: unknown) => sendError(req, res, error));
  };
  const http = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;

  async function offline(): Promise<void> {
    if (!http.listening) return;
    http.close();
    http.closeAllConnections();
    await once(http, 'close');
  }

  return {
    ...credentials,
    endpoint: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    bucket: bucketName,
    contents,
    log,
    fail: (fault) => faults.add(fault),
    advanceClock(ms) {
      clockAheadMs += ms;
    },
    shape: (bytesPerSecond) => uplink.shape(bytesPerSecond),
    async bytes(key) {
      const object = contents.object(key);
      const chunks: Buffer[] = [];
      for await (const chunk of contents.read(object, 0, object.size)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    offline,
    async online() {
      if (http.listening) return;
      http.listen(port, '127.0.0.1');
      await once(http, 'listening');
    },
    async close() {
      await offline();
      // A cancelled request may still be removing its own file.
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A line that is free for less than this is busy: timers are late, and on a real line the buffers of sockets fill such gaps. */
const lateMs = 100;

interface Uplink {
  shape(bytesPerSecond: number | undefined): void;
  /** Waits until the line has transferred this many more bytes. */
  carry(bytes: number): Promise<void>;
}

function sharedUplink(bytesPerSecond: number | undefined): Uplink {
  let speed = bytesPerSecond;
  let freeAt = 0;
  return {
    shape(bytesPerSecond) {
      speed = bytesPerSecond;
    },
    async carry(bytes) {
      if (speed === undefined) return;
      const now = Date.now();
      if (now - freeAt > lateMs) freeAt = now;
      freeAt += (bytes / speed) * 1000;
      await new Promise((resolve) => setTimeout(resolve, freeAt - now));
    },
  };
}

async function* wireOf(
  req: IncomingMessage,
  effect: Effect | undefined,
  uplink: Uplink,
): AsyncGenerator<Buffer> {
  for await (const chunk of req) {
    await uplink.carry(chunk.length);
    yield chunk;
    if (effect && 'reset' in effect && effect.reset === 'midway') req.socket.destroy();
  }
}

async function sendError(req: IncomingMessage, res: ServerResponse, error: unknown): Promise<void> {
  if (res.destroyed) return;
  req.resume();
  const known = error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error));
  await send(req, res, { status: known.status, body: errorXml(known) });
}

/** The first 64 KiB of an object. */
async function sendFirstPiece(res: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  res.writeHead(status, headers);
  for await (const piece of body as AsyncIterable<Buffer>) {
    await new Promise((resolve) => res.write(piece, resolve));
    return;
  }
}

async function send(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body }: Answer,
): Promise<void> {
  const isText = typeof body === 'string';
  res.writeHead(status, {
    ...(isText ? { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) } : {}),
    ...headers,
  });
  if (req.method === 'HEAD' || body === undefined) res.end();
  else if (isText) res.end(body);
  // A client may disconnect while it is served.
  else await pipeline(Readable.from(body), res).catch(() => {});
}
