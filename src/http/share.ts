import type { IncomingMessage, ServerResponse } from 'node:http';
import { hashOf } from '../access/secret.ts';
import type { Db } from '../db/client.ts';
import { countOpening, findShared, type SharedClip } from '../db/share-links.ts';
import type { Log } from '../log.ts';
import type { Clients } from './clients.ts';
import type { Handler } from './routes.ts';
import { clipPage, gonePage, preferredLanguage, styleSource } from './share-page.ts';

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
    response.setHeader('vary', 'accept-language');
    const language = preferredLanguage(request);
    const [token = '', part, ...more] = rest.split('/');
    const link = await findShared(db, hashOf(token), now());
    if (!link || more.length > 0) return sendPage(response, 404, gonePage(language), []);
    const { storagePath, thumbnailPath } = link.playback;
    if (part === undefined) {
      if (request.method === 'GET') await noteOpening(link, request);
      // A bucket's objects come from another origin.
      const origins = media ? [] : [new URL(await urlOf(storagePath!)).origin];
      return sendPage(response, 200, clipPage(link, token, beginOf(request), language), origins);
    }
    const key = { 'clip.mp4': storagePath, 'poster.jpg': thumbnailPath }[part];
    if (!key) return sendPage(response, 404, gonePage(language), []);
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

function sendPage(response: ServerResponse, status: number, body: string, origins: readonly string[]): void {
  const sources = ["'self'", ...origins].join(' ');
  response.setHeader(
    'content-security-policy',
    `default-src 'none'; style-src ${styleSource}; media-src ${sources}; img-src ${sources}; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
  response.end(body);
}
