import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

interface Asset {
  readonly body: Buffer;
  /** undefined where it does not become smaller. */
  readonly gzipped: Buffer | undefined;
  readonly headers: OutgoingHttpHeaders;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Clips, posters and playlists may lie in a bucket or behind PUBLIC_URL; everything else comes from here. hls.js
 * feeds its pictures through blob: addresses.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' http: https: data: blob:",
  "media-src 'self' http: https: blob:",
  "connect-src 'self' http: https: ws: wss:",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export type DashboardHandler = (request: IncomingMessage, response: ServerResponse, pathname: string) => void;

/**
 * The built dashboard out of memory (it is some hundred kilobytes). Names under /assets/ carry a hash and are kept
 * for ever; every other path is a view of the one page, which the browser asks for again each time.
 * @param dir what `npm run build` made; where it is missing, the page says so
 */
export async function loadDashboard(dir: string): Promise<DashboardHandler> {
  const assets = await readAssets(dir);
  const page = assets.get('/index.html');
  return (request, response, pathname) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return text(response, 404, 'There is nothing at this address.');
    }
    const asset = assets.get(pathname);
    if (asset) return send(request, response, asset);
    if (!isView(pathname)) return text(response, 404, 'There is nothing at this address.');
    if (page) return send(request, response, page);
    text(response, 503, 'The dashboard is not built. Run "npm run build" and start the server again.');
  };
}

/** Where the page itself finds its way: the views' paths and no others, so that a wrong address stays wrong. */
const isView = (pathname: string) => /^\/(cameras|now|playbacks)?(\/[\w-]+)?$/.test(pathname);

async function readAssets(dir: string): Promise<Map<string, Asset>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && path.extname(entry.name) in contentTypes);
  const assets = files.map(async (entry) => {
    const file = path.join(entry.parentPath, entry.name);
    const pathname = `/${path.relative(dir, file).split(path.sep).join('/')}`;
    return [pathname, await readAsset(file, pathname)] as const;
  });
  return new Map(await Promise.all(assets));
}

async function readAsset(file: string, pathname: string): Promise<Asset> {
  const body = await readFile(file);
  const gzipped = await promisify(gzip)(body, { level: constants.Z_BEST_COMPRESSION });
  const isPage = pathname.endsWith('.html');
  return {
    body,
    gzipped: gzipped.length < body.length ? gzipped : undefined,
    headers: {
      'content-type': contentTypes[path.extname(file)],
      'cache-control': pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
      ...(isPage && {
        'content-security-policy': contentSecurityPolicy,
        'referrer-policy': 'same-origin',
      }),
    },
  };
}

function send(request: IncomingMessage, response: ServerResponse, { body, gzipped, headers }: Asset): void {
  if (request.headers['if-none-match'] === headers.etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const zipped = gzipped && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const bytes = zipped ? gzipped : body;
  response.writeHead(200, {
    ...headers,
    ...(zipped && { 'content-encoding': 'gzip' }),
    'content-length': bytes.length,
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function text(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${words}\n`);
}
