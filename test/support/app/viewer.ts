// A client of the live wall as users write it: one WebSocket, and what it receives of each camera.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { until } from '../camera/reader.ts';

export interface ReceivedMessage {
  readonly at: number;
  readonly type?: string;
  readonly camera?: string;
  readonly number?: number;
  readonly mimeType?: string;
  readonly reason?: string;
  /** Of a binary message, without the number. */
  readonly bytes?: Buffer;
}

export interface TestViewer {
  readonly socket: WebSocket;
  /** Everything so far, oldest first. */
  readonly received: ReceivedMessage[];
  say(message: object | string): void;
  watch(cameraId: string): void;
  /** What has come of a camera: its newest init segment, and all fragments after it. */
  footageOf(cameraId: string): Buffer[];
  /** Waits for a message that matches. */
  awaits(isMeant: (message: ReceivedMessage) => boolean): Promise<ReceivedMessage>;
  close(): Promise<void>;
}

const decodeTimeAt = 60;

/** When the first picture of a fragment is decoded, in ticks: the `tfdt` is the first box in the first `traf`. */
export const decodeTimeOf = (fragment: Buffer): number =>
  fragment.toString('latin1', 4, 8) === 'moof' ? Number(fragment.readBigUInt64BE(decodeTimeAt)) : Number.NaN;

/** The footage as one file whose times begin at 0: ffmpeg prints times since 1970 with too few digits. */
export function movieOf(footage: readonly Buffer[]): Buffer {
  const fragments = footage.filter((it) => !Number.isNaN(decodeTimeOf(it)));
  const begin = BigInt(Math.min(...fragments.map(decodeTimeOf)));
  return Buffer.concat(
    footage.map((it) => {
      if (!fragments.includes(it)) return it;
      const moved = Buffer.from(it);
      moved.writeBigUInt64BE(it.readBigUInt64BE(decodeTimeAt) - begin, decodeTimeAt);
      return moved;
    }),
  );
}

/** Resolves when the server has accepted the key, or has closed the socket. */
export async function openViewer(url: string, key?: string): Promise<TestViewer> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/wall`);
  const received: ReceivedMessage[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    const at = Date.now();
    if (isBinary) received.push({ at, number: data.readUInt32BE(), bytes: data.subarray(4) });
    else received.push({ at, ...JSON.parse(String(data)) });
  });
  socket.on('close', (code, reason) => {
    received.push({ at: Date.now(), type: 'closed', number: code, reason: String(reason) });
  });
  socket.on('error', () => {});
  await once(socket, 'open');
  const viewer: TestViewer = {
    socket,
    received,
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    watch: (camera) => viewer.say({ type: 'watch', camera }),
    footageOf(cameraId) {
      const number = received.findLast((it) => it.camera === cameraId && it.type === 'watching')?.number;
      const from = received.findLastIndex((it) => it.type === 'format' && it.number === number);
      if (from < 0) return [];
      return received.slice(from).flatMap((it) => (it.number === number && it.bytes ? [it.bytes] : []));
    },
    async awaits(isMeant) {
      await until(async () => received.some(isMeant), 'the server says what is awaited');
      return received.find(isMeant)!;
    },
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      await once(socket, 'close');
    },
  };
  viewer.say({ type: 'begin', ...(key && { authorization: `Bearer ${key}` }) });
  await viewer.awaits(({ type }) => type === 'ready' || type === 'closed');
  return viewer;
}
