import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LiveFormat, LiveFragment } from '../wall/live-fragment.ts';
import { formatRecord, fragmentRecord } from '../wall/records.ts';
import { Viewer, type ViewerConnection } from '../wall/tile.ts';
import type { Wall } from '../wall/wall.ts';
import { sendText } from './refuse.ts';
import type { Handler } from './routes.ts';

/** With more unsent bytes than this, the other node does not take them as fast as they come. */
const roomBytes = 2 ** 20;

/**
 * Live pictures for the other nodes of this database, whose viewers watch cameras of this one: `wall/<camera>` is a
 * stream without an end, `ring/<camera>/<ticks>` what the ring holds from before that keyframe (wall/records.ts).
 */
export function answerNodeWall(wall: Wall): { wall: Handler; ring: Handler } {
  return {
    wall: (request, response, cameraId) => {
      if (!wall.owns(cameraId)) return nothing(response);
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
      response.flushHeaders();
      const viewer = new Viewer(new NodeConnection(request, response));
      const onDrain = () => viewer.send();
      response.on('drain', onDrain);
      response.once('close', () => wall.leave(viewer));
      wall.watch(viewer, cameraId);
    },
    ring: async (_request, response, rest) => {
      const [cameraId = '', ticks] = rest.split('/');
      const fragments = await wall.before(cameraId, Number(ticks));
      const [first] = fragments;
      if (!first) return nothing(response);
      const records = [formatRecord(first.start!.format), ...fragments.flatMap(fragmentRecord)];
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
      // The other node has ended. Then there is nothing to answer.
      await pipeline(Readable.from(records), response).catch(() => {});
      for (const fragment of fragments) fragment.release();
    },
  };
}

const nothing = (response: ServerResponse): void => sendText(response, 404, 'This server does not read it.');

class NodeConnection implements ViewerConnection {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  together(send: () => void): void {
    this.#response.cork();
    send();
    this.#response.uncork();
  }

  hasRoom(): boolean {
    return this.#request.socket.writableLength + this.#response.writableLength < roomBytes;
  }

  sendFormat(_number: number, format: LiveFormat): void {
    this.#response.write(formatRecord(format));
  }

  send(fragment: LiveFragment): void {
    const records = fragmentRecord(fragment.hold());
    const last = records.length - 1;
    for (const [i, record] of records.entries()) {
      this.#response.write(record, i === last ? () => fragment.release() : () => {});
    }
  }

  moved(): void {
    this.#response.end();
  }

  gone(): void {
    this.#response.end();
  }
}
