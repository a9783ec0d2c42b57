import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { isView } from '../domain/views.ts';
import { type Asset, makeAsset, sendAsset } from './assets.ts';
import { sendText } from './refuse.ts';
import { inlineSource, pagePolicy } from './security-headers.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

/**
 * Clips, posters and playlists may come from a bucket or from PUBLIC_URL; everything else comes from this server. hls.js
 * uses blob: addresses.
 */
const contentPolicy = (page: Buffer): string =>
  pagePolicy([
    "default-src 'self'",
    `script-src 'self' ${inlineScripts(page).map(inlineSource).join(' ')}`,
    "img-src 'self' http: https: data: blob:",
    "media-src 'self' http: https: blob:",
    "connect-src 'self' http: https: ws: wss:",
    "worker-src 'self' blob:",
  ]);

/** The code of the scripts inside the page itself: src/dashboard/ahead.ts. */
const inlineScripts = (page: Buffer): string[] =>
  [...page.toString().matchAll(/<script>(.*?)<\/script>/gs)].map(([, script]) => script!);

/** The service worker (src/dashboard/worker) loads files of the dashboard, and nothing else. */
const workerPath = '/service-worker.js';
const workerPolicy = pagePolicy(["default-src 'self'"]);

export type DashboardHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
) => Promise<void> | void;

/**
 * Serves the built dashboard from memory (it has some hundred kilobytes). File names under /assets/ contain a hash, so
 * browsers cache them for ever. The views are all one page, which browsers request again each time.
 * @param dir the folder that `npm run build` makes; if it is missing, the page says so
 */
export async function loadDashboard(dir: string): Promise<DashboardHandler> {
  const assets = await readAssets(dir);
  const page = assets.get('/index.html');
  return (request, response, pathname) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return sendText(response, 404, 'There is nothing at this address.');
    }
    const asset = assets.get(pathname);
    if (asset) return sendAsset(request, response, asset);
    if (!isView(pathname)) return sendText(response, 404, 'There is nothing at this address.');
    if (page) return sendAsset(request, response, page);
    sendText(response, 503, 'The dashboard is not built. Run "npm run build" and start the server again.');
  };
}

async function readAssets(dir: string): Promise<Map<string, Asset>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []); // not built
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
  const headers = {
    'content-type': contentTypes[path.extname(file)],
    'cache-control': pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(pathname.endsWith('.html') && { 'content-security-policy': contentPolicy(body) }),
    ...(pathname === workerPath && { 'content-security-policy': workerPolicy }),
  };
  const brotli = await readFile(`${file}.br`).catch(() => undefined); // pictures have none
  return makeAsset(body, headers, brotli);
}
