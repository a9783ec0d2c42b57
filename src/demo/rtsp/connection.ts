import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { Framer, frameHeaderBytes } from '../../rtsp/framer.ts';
import { formatAnswer, isAnswer, type RtspMessage } from '../../rtsp/message.ts';
import { type AuthScheme, challenge, isAuthorized } from './auth.ts';
import { homeChannel, remap } from './interleaved.ts';
import { type RtspRequest, withPath } from './message.ts';
import { RtspReader } from './reader.ts';
import type { LiveStream, StreamSource } from './stream.ts';

/** What a connection needs from its server. */
export interface ConnectionHost {
  readonly users: Readonly<Record<string, string>> | undefined;
  readonly auth: AuthScheme;
  readonly maxUnsentBytes: number;
  find(path: string): StreamSource | undefined;
  /** Makes a stream at this path; undefined if another one already plays there. */
  announce(path: string, sdp: string): LiveStream | undefined;
  /** Called when the publisher of this stream begins to send. */
  recording(stream: LiveStream): void;
  withdraw(path: string): void;
  hasRoomFor(connection: RtspConnection): boolean;
  /** Called before a request is handled. A status other than undefined refuses it. */
  admit(request: RtspRequest): Promise<number | undefined>;
  answered(request: RtspRequest, status: number): void;
  closed(connection: RtspConnection): void;
}

interface Publication {
  path: string;
  stream: LiveStream;
  /** The home channel (interleaved.ts) for each channel that the publisher chose. */
  channels: Map<number, number>;
}

interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Called when the answer is written. */
  afterwards?: () => void;
}

const methods =
  'OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, PAUSE, RECORD, GET_PARAMETER, SET_PARAMETER, TEARDOWN';
const sessionTimeoutSec = 60;

/** One client's TCP connection. The client plays a source or publishes one, always over this connection. */
export class RtspConnection {
  private readonly host: ConnectionHost;
  private readonly socket: Socket;
  private readonly framer = new Framer({
    onFrame: (_channel, buffer, from, to) =>
      this.received.push(Buffer.from(buffer.subarray(from - frameHeaderBytes, to))),
    onMessage: (message) => this.received.push(message),
    isChannel: () => true,
    isAwaited: () => false,
  });
  private readonly received: (Buffer | RtspMessage)[] = [];
  private readonly session = randomBytes(8).toString('hex');
  private readonly nonce = randomBytes(16).toString('hex');
  private reader: RtspReader | undefined;
  private publication: Publication | undefined;
  private isServing = false;

  constructor(host: ConnectionHost, socket: Socket) {
    this.host = host;
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.read(bytes));
    // 'close' always follows, and there is no one to report the error to.
    socket.on('error', () => {});
    socket.on('close', () => this.onClose());
  }

  /** Whether a reader has sent its first SETUP. This is what cameras count when they limit sessions. */
  get hasReader(): boolean {
    return this.reader !== undefined;
  }

  destroy(): void {
    this.socket.destroy();
  }

  private read(bytes: Buffer): void {
    try {
      this.framer.push(bytes, 0, bytes.length);
      void this.serve();
    } catch {
      // The bytes are not RTSP.
      this.socket.end(formatAnswer(400, undefined));
    }
  }

  /** Answers requests one after another, also while `admit` delays one. */
  private async serve(): Promise<void> {
    if (this.isServing) return;
    this.isServing = true;
    try {
      for (let next = this.received.shift(); next !== undefined; next = this.received.shift()) {
        if (Buffer.isBuffer(next)) this.receive(next);
        else if (!isAnswer(next)) await this.respond(withPath(next));
      }
    } catch {
      // The request cannot be understood.
      this.socket.end(formatAnswer(400, undefined));
    } finally {
      this.isServing = false;
    }
  }

  /** Frames from readers are RTCP receiver reports, which this server ignores. */
  private receive(frame: Buffer): void {
    if (this.publication === undefined) return;
    const moved = remap(frame, this.publication.channels);
    if (moved.length > 0) this.publication.stream.push(moved);
  }

  private async respond(request: RtspRequest): Promise<void> {
    const refusal = await this.host.admit(request);
    const answer = refusal === undefined ? this.answer(request) : { status: refusal };
    const { status, headers, body } = answer;
    this.host.answered(request, status);
    if (!this.socket.writable) return;
    this.socket.write(formatAnswer(status, request.headers.get('cseq'), headers, body));
    answer.afterwards?.();
  }

  private answer(request: RtspRequest): Answer {
    if (request.method === 'OPTIONS') return { status: 200, headers: { Public: methods } };
    if (!this.isAllowed(request)) {
      return { status: 401, headers: { 'WWW-Authenticate': challenge(this.host.auth, this.nonce) } };
    }
    switch (request.method) {
      case 'DESCRIBE':
        return this.describe(request);
      case 'ANNOUNCE':
        return this.announce(request);
      case 'SETUP':
        return this.setUp(request);
      case 'PLAY':
        return this.forReader((reader) => reader.play());
      case 'PAUSE':
        return this.forReader((reader) => reader.pause());
      case 'RECORD':
        return this.record();
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
        return this.inSession(200);
      case 'TEARDOWN':
        return { ...this.inSession(200), afterwards: () => this.socket.end() };
      default:
        return { status: 501 };
    }
  }

  private isAllowed(request: RtspRequest): boolean {
    const { users, auth } = this.host;
    return users === undefined || isAuthorized(request, auth, this.nonce, users);
  }

  private describe(request: RtspRequest): Answer {
    const source = this.host.find(request.path);
    if (source === undefined) return { status: 404 };
    const headers = {
      'Content-Type': 'application/sdp',
      'Content-Base': `${request.url.replace(/\/$/, '')}/`,
    };
    return { status: 200, headers, body: source.sdp };
  }

  private announce(request: RtspRequest): Answer {
    if (this.reader !== undefined || this.publication !== undefined) return { status: 455 };
    const stream = this.host.announce(request.path, request.body);
    if (stream === undefined) return { status: 455 };
    this.publication = { path: request.path, stream, channels: new Map() };
    return this.inSession(200);
  }

  private setUp(request: RtspRequest): Answer {
    const source = this.publication?.stream ?? this.reader?.source ?? this.host.find(request.path);
    if (source === undefined) return { status: 404 };
    const track = source.tracks.findIndex(({ control }) => request.url.endsWith(control));
    if (track < 0) return { status: 404 };
    const transport = request.headers.get('transport') ?? '';
    if (!/RTP\/AVP\/TCP/i.test(transport)) return { status: 461 };
    if (this.publication === undefined && !this.host.hasRoomFor(this)) return { status: 453 };

    const home = homeChannel(track);
    const channel = Number(/interleaved=(\d+)/i.exec(transport)?.[1] ?? home);
    if (this.publication !== undefined) {
      this.publication.channels.set(channel, home);
    } else {
      this.reader ??= new RtspReader(source, this.socket, this.host.maxUnsentBytes);
      this.reader.setUp(track, channel);
    }
    return this.inSession(200, { Transport: `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}` });
  }

  private forReader(act: (reader: RtspReader) => void): Answer {
    const { reader } = this;
    return reader === undefined ? { status: 454 } : { ...this.inSession(200), afterwards: () => act(reader) };
  }

  private record(): Answer {
    if (this.publication === undefined) return { status: 455 };
    this.host.recording(this.publication.stream);
    return this.inSession(200);
  }

  private inSession(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
    return { status, headers: { ...headers, Session: `${this.session};timeout=${sessionTimeoutSec}` } };
  }

  private onClose(): void {
    this.reader?.pause();
    if (this.publication !== undefined) {
      this.host.withdraw(this.publication.path);
      this.publication.stream.end();
    }
    this.host.closed(this);
  }
}
