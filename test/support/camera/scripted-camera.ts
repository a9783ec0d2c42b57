import { once } from 'node:events';
import { type AddressInfo, createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { frame } from '../../../src/demo/rtsp/interleaved.ts';
import { Framer } from '../../../src/rtsp/framer.ts';
import { isAnswer, type RtspRequest } from '../../../src/rtsp/message.ts';

export const scriptedSdp = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=x',
  't=0 0',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=control:v',
  'm=audio 0 RTP/AVP 0',
  'a=control:a',
  '',
].join('\r\n');

/** A camera's answer. Headers with the value undefined are left out. */
export interface Reply {
  status: number;
  /** Default: a reason phrase. */
  reason?: string;
  headers?: Record<string, string | number | undefined>;
  body?: string;
  /** Written instead of the answer. */
  raw?: string | Buffer;
  /** Called when the answer is written. */
  afterwards?: () => void;
}

export interface Peer {
  readonly socket: Socket;
  /** The request's index on its connection, from 0 on. */
  index: number;
  /** Known from SETUP on. */
  hasSession: boolean;
  /** The SNI name that the client sent. */
  readonly servername: string | undefined;
  packet(channel: number, payload?: Buffer): void;
}

export interface Script {
  /** Changes the usual answer; undefined: no answer at all. */
  answer?: (request: RtspRequest, usual: Reply, peer: Peer) => Reply | undefined;
  sdp?: string;
  tls?: TlsOptions;
  /** Writes every byte separately. */
  splits?: boolean;
  host?: string;
  port?: number;
}

export interface ScriptedCamera {
  readonly port: number;
  readonly url: string;
  /** In the order of their arrival. */
  readonly requests: RtspRequest[];
  /** `METHOD STATUS`, in the same order. */
  readonly told: string[];
  readonly peers: Set<Peer>;
  close(): Promise<void>;
}

/** An RTP packet with this payload type and sequence number. */
export function rtpPacket(type: number, sequence: number, bytes = 24): Buffer {
  const packet = Buffer.alloc(bytes, 0x41);
  packet.writeUInt8(0x80, 0);
  packet.writeUInt8(type, 1);
  packet.writeUInt16BE(sequence, 2);
  return packet;
}

/** A camera that answers correctly except for what the script changes. It sends nothing by itself. */
export async function startScriptedCamera(script: Script = {}): Promise<ScriptedCamera> {
  const [requests, told, peers] = [[] as RtspRequest[], [] as string[], new Set<Peer>()];
  const serve = (socket: Socket) => {
    const servername = 'servername' in socket ? String(socket.servername) : undefined;
    const packet = (channel: number, payload = rtpPacket(96, 0)) => {
      if (socket.writable) socket.write(frame(channel, payload));
    };
    const peer: Peer = { socket, index: 0, hasSession: false, servername, packet };
    peers.add(peer);
    socket.on('error', () => {});
    socket.on('close', () => peers.delete(peer));
    const framer = new Framer({
      onFrame: () => {},
      isChannel: () => true,
      isAwaited: () => false,
      onMessage: (request) => {
        if (isAnswer(request)) {
          told.push(`answer ${request.status}`);
          return;
        }
        requests.push(request);
        const usual = usualReply(request, script.sdp ?? scriptedSdp);
        const reply = script.answer ? script.answer(request, usual, peer) : usual;
        peer.index++;
        told.push(`${request.method} ${reply?.status ?? 'none'}`);
        if (request.method === 'SETUP' && reply?.status === 200) peer.hasSession = true;
        if (!reply) return;
        write(socket, reply.raw ?? format(request, reply), script.splits === true);
        reply.afterwards?.();
      },
    });
    socket.on('data', (bytes: Buffer) => framer.push(bytes, 0, bytes.length));
  };
  const server: Server = script.tls ? createTlsServer(script.tls, serve) : createPlainServer(serve);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(script.port ?? 0, script.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${script.tls ? 'rtsps' : 'rtsp'}://127.0.0.1:${port}/live?x=1`,
    requests,
    told,
    peers,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function usualReply({ method, headers, url }: RtspRequest, sdp: string): Reply {
  const session = { Session: '12345678' };
  switch (method) {
    case 'OPTIONS':
      return { status: 200, headers: { Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN' } };
    case 'DESCRIBE':
      return {
        status: 200,
        headers: { 'Content-Base': `${url}/`, 'Content-Type': 'application/sdp' },
        body: sdp,
      };
    case 'SETUP':
      return { status: 200, headers: { ...session, Transport: headers.get('transport') } };
    default:
      return { status: 200, headers: session };
  }
}

function format(request: RtspRequest, { status, reason = 'Word', headers, body = '' }: Reply): string {
  const all = {
    CSeq: request.headers.get('cseq'),
    ...headers,
    ...(body && { 'Content-Length': Buffer.byteLength(body) }),
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return [`RTSP/1.0 ${status} ${reason}`, ...lines, '', body].join('\r\n');
}

function write(socket: Socket, bytes: string | Buffer, splits: boolean): void {
  const buffer = Buffer.from(bytes);
  if (!splits) {
    socket.write(buffer);
    return;
  }
  socket.setNoDelay(true);
  for (const byte of buffer) socket.write(Buffer.from([byte]));
}
