import type { IncomingMessage } from 'node:http';
import type { Socket as Connection } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Session } from '../access/access.ts';
import type { Db } from '../db/client.ts';
import { visibleCameras } from '../db/visible.ts';
import { isId } from '../usecases/input.ts';
import { Viewer, type ViewerConnection } from '../wall/tile.ts';
import type { Wall } from '../wall/wall.ts';
import { type AdmitOptions, closing, endSocket, socketAdmission } from './admit-socket.ts';
import { keepPinging } from './socket-transport.ts';
import { type RefusalOf, type SocketRoute, socketRoute } from './upgrades.ts';

/** Where clients watch cameras. docs/client.md describes the messages. */
export const wallPath = '/wall';

export interface WallSocketOptions extends AdmitOptions {
  readonly db: Db;
  readonly wall: Wall;
  readonly refusalOf: RefusalOf;
}

/** How many cameras may be watched over one socket. */
const mostTiles = 16;
/** The most bytes of a message from a client. */
const maxMessageBytes = 4 * 1024;
/** How long a client may take to authenticate itself. */
const beginWithinMs = 5_000;
/** How many messages of a client may wait to be handled. */
const mostWaitingMessages = 100;
/** With more unsent bytes than this, a viewer does not take them as fast as they come. */
const roomBytes = 2 ** 20;

type Message = { readonly type?: unknown; readonly camera?: unknown; readonly authorization?: unknown };

/** The live wall over WebSocket: messages in JSON say what is watched, binary ones hold init segments and fragments. */
export function wallSocketRoute(options: WallSocketOptions): SocketRoute {
  const { db, wall, refusalOf, log } = options;
  const admission = socketAdmission(options);

  function connect(socket: WebSocket, request: IncomingMessage): void {
    admission.bound(socket, request.socket);
    socket.on('error', (error) => log.debug({ error }, 'a socket failed'));
    const connection = new WallConnection(socket, request.socket);
    const viewer = new Viewer(connection);
    let session: Session | undefined;

    async function handle({ type, camera, authorization }: Message): Promise<void> {
      if (!session) {
        if (type !== 'begin') return endSocket(socket, closing.invalid, 'Expected {"type": "begin"} first.');
        session = await admission.admit(socket, request, authorization);
        if (session) connection.say({ type: 'ready', mostCameras: mostTiles });
        return;
      }
      if (typeof camera !== 'string')
        return connection.say({ type: 'refused', reason: 'Expected a camera.' });
      if (type === 'leave') wall.leave(viewer, camera);
      else if (type === 'back') await wall.sendBack(viewer, camera);
      else if (type === 'watch') await watch(session, camera);
      else connection.say({ type: 'refused', camera, reason: 'Expected watch, back or leave.' });
    }

    async function watch(session: Session, camera: string): Promise<void> {
      if (viewer.tiles.size >= mostTiles && !viewer.tiles.has(camera)) {
        const reason = `At most ${mostTiles} cameras can be watched at a time.`;
        return connection.say({ type: 'refused', camera, reason });
      }
      const where = { id: camera, AND: [visibleCameras(session)] };
      const found = isId(camera) && (await db.camera.findFirst({ where, select: { id: true } }));
      if (!found) return connection.gone(camera);
      if (socket.readyState !== socket.OPEN) return;
      wall.watch(viewer, camera, (number) => connection.say({ type: 'watching', camera, number }));
    }

    /** Messages are handled one after the other, because the second may refer to the first. */
    let handled: Promise<void> = Promise.resolve();
    let waiting = 0;
    socket.on('message', (data: RawData, isBinary) => {
      const message = isBinary ? undefined : parse(data);
      if (!message) return endSocket(socket, closing.invalid, 'Expected an object in JSON.');
      if (++waiting > mostWaitingMessages) return endSocket(socket, closing.tooMany, 'Too many messages.');
      handled = handled
        .then(() => handle(message))
        .catch((error: Error) => log.warn({ error }, 'a message of a viewer cannot be handled'))
        .finally(() => waiting--);
    });
    const beginning = setTimeout(() => {
      if (!session) endSocket(socket, closing.late, 'Expected {"type": "begin"}.');
    }, beginWithinMs);
    const onDrain = () => viewer.send();
    request.socket.on('drain', onDrain);
    const endPinging = keepPinging(socket);
    socket.once('close', () => {
      clearTimeout(beginning);
      endPinging();
      request.socket.off('drain', onDrain);
      wall.leave(viewer);
    });
  }

  return socketRoute(wallPath, { maxPayload: maxMessageBytes, refusalOf }, connect);
}

function parse(data: RawData): Message | undefined {
  try {
    const message: unknown = JSON.parse(String(data));
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    // The caller closes the socket.
    return undefined;
  }
}

class WallConnection implements ViewerConnection {
  readonly #socket: WebSocket;
  readonly #connection: Connection;

  constructor(socket: WebSocket, connection: Connection) {
    this.#socket = socket;
    this.#connection = connection;
  }

  say(message: Record<string, unknown>): void {
    if (this.#isOpen) this.#socket.send(JSON.stringify(message));
  }

  /** The pictures go on from there. */
  moved(): void {}

  gone(camera: string): void {
    this.say({ type: 'refused', camera, reason: 'There is no such camera.' });
  }

  together(send: () => void): void {
    this.#connection.cork();
    send();
    this.#connection.uncork();
  }

  hasRoom(): boolean {
    return this.#connection.writableLength < roomBytes;
  }

  sendFormat(number: number, { mimeType, message }: Parameters<ViewerConnection['sendFormat']>[1]): void {
    this.say({ type: 'format', number, mimeType });
    if (this.#isOpen) this.#socket.send(message);
  }

  /** Each piece becomes a frame of the message, so that no byte is copied. */
  send(fragment: Parameters<ViewerConnection['send']>[0]): void {
    if (!this.#isOpen) return;
    const { views } = fragment.hold();
    const last = views.length - 1;
    for (const [i, view] of views.entries()) {
      const isLast = i === last;
      this.#socket.send(view, { binary: true, fin: isLast }, isLast ? () => fragment.release() : undefined);
    }
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }
}
