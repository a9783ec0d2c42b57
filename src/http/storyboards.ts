import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Db } from '../db/client.ts';
import { objectKeys } from '../domain/store-keys.ts';
import { allowOrigin, sendText } from './refuse.ts';
import type { Handler } from './routes.ts';

export interface StoryboardOptions {
  readonly db: Db;
  /** The bytes of an object of the store. Throws at the first step if there is no such object. */
  readonly read: (key: string) => AsyncIterable<Buffer>;
  /** Players on pages of these origins may read storyboards. */
  readonly allowedOrigins: readonly string[];
}

/** Links are valid for an hour at most, and a storyboard never changes. */
const cacheControl = 'private, max-age=3600, immutable';

/**
 * Serves storyboards: `<playback>/<playback>.storyboard.vtt`, and the JPEG beside it. They come from the store through this
 * server, so that the addresses in the WebVTT work, which have no signatures, and pages may read it without a rule of
 * the bucket.
 */
export function answerStoryboards({ db, read, allowedOrigins }: StoryboardOptions): Handler {
  return async (request, response, path) => {
    allowOrigin(request, response, allowedOrigins);
    const [id = '', name] = path.split('/');
    const playback = await db.playback.findUnique({ where: { id } });
    const keys = playback && objectKeys(playback);
    const object = [
      { key: keys?.storyboard, bytes: playback?.storyboardBytes, type: 'image/jpeg' },
      { key: keys?.storyboardVtt, bytes: playback?.storyboardVttBytes, type: 'text/vtt; charset=utf-8' },
    ].find(({ key, bytes }) => bytes && key?.endsWith(`/${name}`));
    if (!object) return sendText(response, 404, 'There is nothing at this address.');
    const headers = {
      'content-type': object.type,
      'content-length': object.bytes!,
      'cache-control': cacheControl,
    };
    if (request.method === 'HEAD') return void response.writeHead(200, headers).end();
    const bytes = read(object.key!)[Symbol.asyncIterator]();
    const first = await bytes.next();
    response.writeHead(200, headers);
    await pipeline(Readable.from(all(first, bytes)), response);
  };
}

async function* all(first: IteratorResult<Buffer>, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let next = first; !next.done; next = await rest.next()) yield next.value;
}
