import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeZip } from 'client-zip';
import type { Db } from '../db/client.ts';
import { clipFileName, timeIn } from '../graphql/clip-file-name.ts';
import type { Log } from '../log.ts';
import type { Handler } from './routes.ts';

/** Which clips a ZIP has, and in which time zone their names are. */
interface Wanted {
  readonly ids: readonly string[];
  readonly timeZone: string;
}

/** Makes the scope of a signed link to these clips: 22 characters per playback, and the time zone. */
export function scopeOf({ ids, timeZone }: Wanted): string {
  const bytes = Buffer.from(ids.join('').replaceAll('-', ''), 'hex');
  return `${bytes.toString('base64url')}/${encodeURIComponent(timeZone)}`;
}

function readScope(scope: string): Wanted {
  const [packed = '', timeZone = ''] = scope.split('/');
  const digits = Buffer.from(packed, 'base64url').toString('hex');
  const ids = (digits.match(/.{32}/g) ?? []).map((id) =>
    id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  );
  return { ids, timeZone: decodeURIComponent(timeZone) };
}

export interface ClipsOptions {
  readonly db: Db;
  /** The bytes of an object of the store. Throws at the first step if there is no such object. */
  readonly read: (key: string) => AsyncIterable<Buffer>;
  readonly log: Log;
}

interface Clip {
  readonly playbackId: string;
  readonly name: string;
  readonly startedAt: Date;
  readonly key: string;
}

/**
 * Sends clips as one ZIP, without compression, while they are read one after the other: memory does not grow with their
 * size. A clip that cannot be read any more is left out, or ends where reading it failed; the ZIP stays whole, and its
 * last file, missing.txt, says so.
 */
export function answerClips({ db, read, log }: ClipsOptions): Handler {
  return async (request, response, scope) => {
    const wanted = readScope(scope);
    const clips = await findClips(db, wanted);
    const time = timeIn(wanted.timeZone, clips[0]?.startedAt ?? new Date());
    response.writeHead(200, {
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="${time}_${wanted.ids.length}-clips.zip"`,
      'cache-control': 'no-store',
    });
    if (request.method === 'HEAD') return void response.end();
    const files = filesOf(clips, wanted.ids);
    try {
      await pipeline(Readable.fromWeb(makeZip(files) as never), response);
    } catch (error) {
      const hasClientLeft = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
      if (!hasClientLeft) throw error;
    } finally {
      await files.return();
    }
  };

  async function* filesOf(clips: readonly Clip[], ids: readonly string[]) {
    const found = new Set(clips.map(({ playbackId }) => playbackId));
    const missing = ids.filter((id) => !found.has(id)).map((id) => `The playback ${id} was deleted.`);
    const tell = ({ playbackId, name }: Clip, what: string, error: unknown) => {
      missing.push(`${name} ${what} (playback ${playbackId}).`);
      log.warn({ playbackId, error }, 'a clip could not be read for a ZIP');
    };
    for (const clip of clips) {
      const bytes = read(clip.key)[Symbol.asyncIterator]();
      try {
        const first = await bytes.next();
        const input = untilFailure(first, bytes, (error) => tell(clip, 'is cut off', error));
        yield { name: clip.name, lastModified: clip.startedAt, input };
      } catch (error) {
        tell(clip, 'could not be read', error);
      } finally {
        await bytes.return?.();
      }
    }
    if (missing.length > 0)
      yield { name: 'missing.txt', lastModified: new Date(), input: `${missing.join('\n')}\n` };
  }
}

/** Yields the bytes, and ends where reading them fails: an error would end the whole ZIP. */
async function* untilFailure(
  first: IteratorResult<Buffer>,
  bytes: AsyncIterator<Buffer>,
  onFailure: (error: unknown) => void,
): AsyncGenerator<Buffer> {
  try {
    for (let next = first; !next.done; next = await bytes.next()) yield next.value;
  } catch (error) {
    onFailure(error);
  }
}

/** The clips that are in the store, oldest first, each with another name. */
async function findClips(db: Db, { ids, timeZone }: Wanted): Promise<Clip[]> {
  const playbacks = await db.playback.findMany({
    where: { id: { in: [...ids] }, recordingStatus: 'COMPLETED', storagePath: { not: null } },
    orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
    include: { camera: { select: { name: true } }, event: { select: { type: true } } },
  });
  const used = new Map<string, number>();
  return playbacks.map((playback) => {
    const name = clipFileName(playback, timeZone);
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    return {
      playbackId: playback.id,
      name: count === 1 ? name : name.replace(/\.mp4$/, `_${count}.mp4`),
      startedAt: playback.startedAt,
      key: playback.storagePath!,
    };
  });
}
