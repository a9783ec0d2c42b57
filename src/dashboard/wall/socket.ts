import { connection } from '../api/connection.ts';
import { authorization } from '../api/key.ts';

/** Gets what the server sends about a camera that is watched. */
export interface Receiver {
  /** The pictures that follow are coded like this, for example `video/mp4; codecs="avc1.64001f"`. */
  onFormat(mimeType: string): void;
  /** Gets an init segment or a fragment. */
  onBytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** No more pictures come until the next `onFormat`. */
  onLost(): void;
  /** @param isFull whether as many cameras as possible are being watched, so that this one waits */
  onFull(isFull: boolean): void;
}

/** How many cameras are watched at a time; the server allows no more. */
export const mostWatched = 16;
/** The socket stays open for this long (ms) after the last camera was left: tiles come and go as one scrolls. */
const lingerMs = 2_000;
const againMs = { first: 500, most: 8_000 };
const numberBytes = 4;

interface Watch {
  readonly cameraId: string;
  readonly receiver: Receiver;
  number: number | undefined;
}

/** In the order in which they came. The first `mostWatched` are watched. */
let watches: Watch[] = [];
let socket: WebSocket | undefined;
let isReady = false;
let failures = 0;
let timer: number | undefined;

/** @returns functions that end this, and that ask for what the server's ring holds of the camera */
export function watchCamera(cameraId: string, receiver: Receiver): { leave(): void; back(): void } {
  const watch: Watch = { cameraId, receiver, number: undefined };
  watches.push(watch);
  if (watches.length > mostWatched) receiver.onFull(true);
  else begin(watch);
  return {
    leave: () => leave(watch),
    back: () => say({ type: 'back', camera: cameraId }),
  };
}

function begin({ cameraId }: Watch): void {
  clearTimeout(timer);
  if (!socket) open();
  else say({ type: 'watch', camera: cameraId });
}

function leave(watch: Watch): void {
  const wasWatched = watches.indexOf(watch) < mostWatched;
  watches = watches.filter((it) => it !== watch);
  if (wasWatched) say({ type: 'leave', camera: watch.cameraId });
  const next = wasWatched ? watches[mostWatched - 1] : undefined;
  if (next) {
    next.receiver.onFull(false);
    begin(next);
  }
  if (watches.length > 0) return;
  clearTimeout(timer);
  timer = window.setTimeout(() => socket?.close(), lingerMs);
}

function say(message: object): void {
  if (isReady) socket?.send(JSON.stringify(message));
}

/** The only WebSocket for live pictures of this tab. */
function open(): void {
  const opened = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/wall`);
  socket = opened;
  opened.binaryType = 'arraybuffer';
  opened.onopen = () => opened.send(JSON.stringify({ type: 'begin', ...authorization() }));
  opened.onmessage = ({ data }) => {
    if (typeof data === 'string') hear(JSON.parse(data));
    else receive(data);
  };
  opened.onclose = () => {
    socket = undefined;
    isReady = false;
    for (const watch of watches) {
      watch.number = undefined;
      watch.receiver.onLost();
    }
    if (watches.length === 0) return;
    timer = window.setTimeout(open, Math.min(againMs.most, againMs.first * 2 ** failures));
    failures++;
  };
}

// The connection for GraphQL got no answer to a ping. This one uses the same network, so it is closed, too.
connection.subscribe(() => {
  if (connection.get().state === 'lost') socket?.close();
});

interface Message {
  readonly type: 'ready' | 'watching' | 'format' | 'refused';
  readonly camera?: string;
  readonly number?: number;
  readonly mimeType?: string;
}

function hear({ type, camera, number, mimeType }: Message): void {
  const watch = watches.find((it) => (camera ? it.cameraId === camera : it.number === number));
  if (type === 'ready') {
    isReady = true;
    failures = 0;
    for (const { cameraId } of watches.slice(0, mostWatched)) say({ type: 'watch', camera: cameraId });
  } else if (type === 'watching' && watch) watch.number = number;
  else if (type === 'format') watch?.receiver.onFormat(mimeType!);
  else watch?.receiver.onLost();
}

function receive(data: ArrayBuffer): void {
  const number = new DataView(data).getUint32(0);
  const watch = watches.find((it) => it.number === number);
  watch?.receiver.onBytes(new Uint8Array(data, numberBytes));
}
