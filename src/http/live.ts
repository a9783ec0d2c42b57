import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { LiveSpool } from '../spool/live-spool.ts';
import { hlsPlaylist } from '../spool/playlist.ts';
import { findSpool, spoolPoster } from '../spool/spool.ts';

/** A spool that no player requests for this long is closed. Players make a request every few seconds. */
const idleMs = 30_000;
/** How long a request waits for the first keyframe interval to be complete, before it is refused. */
const patienceMs = 12_000;
const pollMs = 200;

interface Watched {
  readonly spool: LiveSpool;
  idle: NodeJS.Timeout | undefined;
}

/**
 * Serves running recordings as HLS, from their spools, without a second encoding or a second session with the camera. A
 * player that has begun before a recording ended can play it to its end.
 */
export class Live {
  readonly #db: Db;
  readonly #recordDir: string;
  readonly #watched = new Map<string, Promise<Watched | undefined>>();
  #closed = false;

  constructor(options: { db: Db; recordDir: string }) {
    this.#db = options.db;
    this.#recordDir = options.recordDir;
  }

  /** The node whose disk has the footage; null: none, or it is unknown. @param path as for `answer` */
  async ownerOf(path: string): Promise<string | null> {
    const id = path.split('/')[0]!;
    if (!isPlaybackId(id)) return null;
    const row = await this.#db.playback.findUnique({ where: { id }, select: { nodeId: true } });
    return row?.nodeId ?? null;
  }

  /** @param path `<playback id>/index.m3u8`, `…/init.mp4`, `…/<number>.m4s` or `…/poster.jpg` */
  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const [id = '', name = ''] = path.split('/');
    const spool = this.#closed ? undefined : await this.#open(id);
    if (!spool || !(request.method === 'GET' || request.method === 'HEAD')) return nothing(response);
    if (name === 'index.m3u8') return this.#answerPlaylist(response, id, spool);
    if (name === 'poster.jpg') return this.#answerPoster(response, id);
    await spool.look();
    const segment = spool.segments(true)[Number.parseInt(name, 10)];
    if (name === 'init.mp4' && spool.init) {
      response.writeHead(200, { 'content-type': 'video/mp4', ...unchanging }).end(spool.init);
    } else if (/^\d+\.m4s$/.test(name) && segment) {
      const length = { 'content-length': segment.to - segment.from };
      response.writeHead(200, { 'content-type': 'video/iso.segment', ...length, ...unchanging });
      if (request.method === 'HEAD') response.end();
      // The client has left, or the spool was removed. In both cases there is nothing to answer.
      else await pipeline(spool.read(segment), response).catch(() => {});
    } else nothing(response);
  }

  async #answerPoster(response: ServerResponse, id: string): Promise<void> {
    const jpeg = await readFile(spoolPoster(this.#recordDir, id)).catch(() => undefined); // not made yet
    if (!jpeg) return nothing(response);
    response.writeHead(200, { 'content-type': 'image/jpeg', ...unchanging }).end(jpeg);
  }

  async #answerPlaylist(response: ServerResponse, id: string, spool: LiveSpool): Promise<void> {
    for (const deadline = Date.now() + patienceMs; ; ) {
      const playback = await this.#db.playback.findUnique({
        where: { id },
        select: { recordingStatus: true },
      });
      if (!playback) return nothing(response);
      const isOver = playback.recordingStatus !== 'RECORDING' && playback.recordingStatus !== 'PENDING';
      // The status is read before the spool: if it says that the spool is complete, the spool then shows everything.
      await spool.look();
      const segments = spool.segments(isOver);
      if (segments.length > 0) {
        const headers = { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-store' };
        response.writeHead(200, headers).end(hlsPlaylist(segments, spool.startedAt, isOver));
        return;
      }
      if (isOver || Date.now() > deadline || response.destroyed || this.#closed) return nothing(response);
      await sleep(pollMs);
    }
  }

  async #open(id: string): Promise<LiveSpool | undefined> {
    const opening = this.#watched.get(id) ?? this.#find(id);
    this.#watched.set(id, opening);
    const watched = await opening.catch(() => undefined); // the spool cannot be read
    if (!watched) {
      this.#watched.delete(id);
      return undefined;
    }
    clearTimeout(watched.idle);
    watched.idle = setTimeout(() => this.#forget(id, watched), idleMs).unref();
    return watched.spool;
  }

  async #find(id: string): Promise<Watched | undefined> {
    if (!isPlaybackId(id)) return undefined;
    const found = await findSpool(this.#recordDir, id);
    return found && { spool: await LiveSpool.open(found), idle: undefined };
  }

  async #forget(id: string, watched: Watched): Promise<void> {
    this.#watched.delete(id);
    clearTimeout(watched.idle);
    await watched.spool.close().catch(() => {}); // nothing was written to it
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const [id, opening] of [...this.#watched]) {
      const watched = await opening.catch(() => undefined); // it was not opened
      if (watched) await this.#forget(id, watched);
    }
  }
}

const isPlaybackId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/** Headers for content of a spool, which never changes once it is written. */
const unchanging = { 'cache-control': 'private, max-age=3600, immutable' };

function nothing(response: ServerResponse): void {
  response
    .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
    .end('Nothing is being recorded here.\n');
}
