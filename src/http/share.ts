import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hashOf } from '../access/secret.ts';
import type { Db } from '../db/client.ts';
import { countOpening, findShared, type SharedClip } from '../db/share-links.ts';
import type { Log } from '../log.ts';
import type { Clients } from './clients.ts';
import type { Handler } from './routes.ts';

export interface ShareOptions {
  /** A pool for reading: visitors then never keep a recording waiting. */
  readonly db: Db;
  readonly writingDb: Db;
  readonly now: () => Date;
  readonly clients: Clients;
  readonly log: Log;
  /** Serves an object of the local store; undefined if the store is a bucket. */
  readonly media: Handler | undefined;
  /** A link to an object of a bucket. */
  readonly urlOf: (key: string) => Promise<string>;
}

/**
 * The page of a link to one clip, at /share/TOKEN, and its clip and poster below that. The page has no script, and loads
 * nothing but these two. The token opens nothing else.
 */
export function answerShare(options: ShareOptions): Handler {
  const { db, writingDb, now, clients, log, media, urlOf } = options;
  return async (request, response, rest) => {
    response.setHeader('cache-control', 'no-store');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('x-robots-tag', 'noindex');
    const [token = '', part, ...more] = rest.split('/');
    const link = await findShared(db, hashOf(token), now());
    if (!link || more.length > 0) return sendPage(response, 404, gonePage, []);
    const { storagePath, thumbnailPath } = link.playback;
    if (part === undefined) {
      if (request.method === 'GET') await noteOpening(link, request);
      // A bucket's objects come from another origin.
      const origins = media ? [] : [new URL(await urlOf(storagePath!)).origin];
      return sendPage(response, 200, clipPage(link, token, beginOf(request)), origins);
    }
    const key = { 'clip.mp4': storagePath, 'poster.jpg': thumbnailPath }[part];
    if (!key) return sendPage(response, 404, gonePage, []);
    if (media) return media(request, response, key);
    response.writeHead(302, { location: await urlOf(key) }).end();
  };

  async function noteOpening({ id, playbackId, createdBy }: SharedClip, request: IncomingMessage) {
    await countOpening(writingDb, id, now());
    const client = clients.addressOf(request);
    log.info({ shareLinkId: id, playbackId, createdBy, client }, 'a shared clip was opened');
  }
}

/** The second of the clip at which the player begins: `?t=12.5`; undefined if there is no such number. */
function beginOf({ url }: IncomingMessage): string | undefined {
  const t = new URLSearchParams(url!.split('?')[1]).get('t') ?? '';
  return /^\d{1,6}(\.\d{1,3})?$/.test(t) ? t : undefined;
}

const style = `:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif }
body { margin: 0 auto; padding: 20px; max-width: 1100px; overflow-wrap: anywhere }
video { display: block; width: 100%; max-height: 78vh; border-radius: 8px; background: #000 }
h1 { margin: 0 0 12px; font-size: 20px } p { margin: 12px 0 0 }`;
const styleHash = createHash('sha256').update(style).digest('base64');

function sendPage(response: ServerResponse, status: number, body: string, origins: readonly string[]): void {
  const sources = ["'self'", ...origins].join(' ');
  response.setHeader(
    'content-security-policy',
    `default-src 'none'; style-src 'sha256-${styleHash}'; media-src ${sources}; img-src ${sources}; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Flashback</title>` +
      `<link rel="icon" href="/icon.svg"><meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style>${body}</html>`,
  );
}

const gonePage =
  '<main><h1>There is no clip here</h1><p>The link has expired, was revoked, or is not complete.</p></main>';

function clipPage({ playback, expiresAt }: SharedClip, token: string, begin: string | undefined): string {
  const { camera, startedAt, event, thumbnailPath } = playback;
  const name = escaped(camera.name);
  const poster = thumbnailPath ? ` poster="/share/${token}/poster.jpg"` : '';
  const words = event ? escaped(event.type.toLowerCase().replaceAll('_', ' ')) : 'recorded by hand';
  return (
    `<main><h1>${name}</h1><video controls playsinline preload="metadata" aria-label="${name}"${poster} ` +
    `src="/share/${token}/clip.mp4${begin ? `#t=${begin}` : ''}"></video>` +
    `<p>${timeOf(startedAt)}, ${words}. This link works until ${timeOf(expiresAt)}.</p></main>`
  );
}

/** In UTC: a page without a script does not know its viewer's zone. */
const timeOf = (at: Date): string =>
  `<time datetime="${at.toISOString()}">${at.toISOString().slice(0, 19).replace('T', ' ')} UTC</time>`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign]!);
