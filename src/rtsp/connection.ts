import type { Socket } from 'node:net';
import { RtspError } from './errors.ts';
import { Framer } from './framer.ts';
import {
  formatAnswer,
  formatRequest,
  isAnswer,
  type RtspAnswer,
  type RtspMessage,
  sequenceOf,
} from './message.ts';
import type { TurnReader, Turns } from './turns.ts';

/**
 * All sockets are read into this one buffer, because each read is processed before the next one. If each camera had a
 * buffer of its own, that would be most of the memory that a camera needs.
 */
const shared = Buffer.allocUnsafeSlow(256 * 1024);

/** Passes on what a socket receives. `onread` is given to the socket when it is made; `receive` is set later. */
export class SocketReader {
  receive: (buffer: Buffer, bytes: number) => void = () => {};

  readonly onread = {
    buffer: shared,
    callback: (bytes: number) => {
      this.receive(shared, bytes);
      return true;
    },
  };
}

export interface OpenSocket {
  readonly socket: Socket;
  readonly reader: SocketReader;
  /** The IP address that the socket is connected to. */
  readonly address: string;
  /** SHA-256 of the certificate, if the connection is encrypted. */
  readonly tlsFingerprint: string | undefined;
}

interface Waiting {
  readonly resolve: (answer: RtspAnswer) => void;
  readonly reject: (error: RtspError) => void;
  readonly timer: NodeJS.Timeout;
}

export type OnFrame = (channel: number, buffer: Buffer, from: number, to: number, arrivedAt: number) => void;

/** Requests and answers over one socket, and the frames between them. */
export class Connection {
  readonly ended: Promise<RtspError>;
  readonly #socket: Socket;
  readonly #isEncrypted: boolean;
  readonly #turns: Turns;
  readonly #turnReader: TurnReader;
  #stopTurns: (() => void) | undefined;
  readonly #framer: Framer;
  readonly #onFrame: OnFrame;
  readonly #waiting = new Map<number, Waiting>();
  /** By channel: 1 if packets are expected on it. */
  readonly #channels = new Uint8Array(256);
  #sequence = 0;
  #hasAnswered = false;
  #arrivedAt = 0;
  #end: (error: RtspError) => void = () => {};
  #error: RtspError | undefined;
  /** Whether the camera has announced that it closes the connection after its last answer. */
  #isLast = false;

  constructor({ socket, reader, tlsFingerprint }: OpenSocket, turns: Turns, onFrame: OnFrame) {
    this.#socket = socket;
    this.#turns = turns;
    this.#isEncrypted = tlsFingerprint !== undefined;
    this.#onFrame = onFrame;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#framer = new Framer({
      onFrame: (channel, buffer, from, to) => this.#onFrame(channel, buffer, from, to, this.#arrivedAt),
      onMessage: (message) => this.#receiveMessage(message),
      isChannel: (channel) => this.#channels[channel] === 1,
      isAwaited: (sequence) =>
        sequence === undefined ? this.#waiting.size > 0 : this.#waiting.has(sequence),
    });
    reader.receive = (buffer, bytes) => this.#receive(buffer, bytes);
    this.#turnReader = {
      socket,
      receive: (bytes) => {
        this.#receive(shared, bytes);
        return this.#error === undefined;
      },
      end: (error) => this.fail(error ? socketError(error) : new RtspError('CLOSED')),
    };
    socket.on('error', (error: NodeJS.ErrnoException) => this.fail(socketError(error)));
    socket.on('end', () => this.fail(new RtspError('CLOSED')));
    socket.on('close', () => this.fail(new RtspError('CLOSED')));
    if (socket.destroyed) this.fail(new RtspError('CLOSED'));
  }

  get garbageBytes(): number {
    return this.#framer.garbageBytes;
  }

  /** From now on, packets are expected on these channels. */
  expect(channels: readonly number[]): void {
    for (const channel of channels) this.#channels[channel] = 1;
  }

  /** Whether a request can still be sent. */
  get isOpen(): boolean {
    return this.#error === undefined && !this.#isLast;
  }

  /** Whether the camera has answered at least once. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** @throws RtspError if there is no answer */
  request(
    method: string,
    url: string,
    headers: Readonly<Record<string, string | undefined>>,
    timeoutMs: number,
  ): Promise<RtspAnswer> {
    if (this.#error) return Promise.reject(this.#error);
    const sequence = ++this.#sequence;
    this.#socket.write(formatRequest(method, url, { CSeq: sequence, ...headers }));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(sequence);
        reject(new RtspError('NO_ANSWER', method));
      }, timeoutMs);
      this.#waiting.set(sequence, { resolve, reject, timer });
    });
  }

  /**
   * Reads the socket in turns with others, or as soon as bytes arrive. An encrypted connection is always read at once.
   */
  readInTurns(isWanted: boolean): void {
    if (isWanted === (this.#stopTurns !== undefined) || this.#error || this.#isEncrypted) return;
    if (isWanted) {
      this.#stopTurns = this.#turns.add(this.#turnReader, shared);
    } else {
      this.#stopTurns?.();
      this.#stopTurns = undefined;
      this.#socket.resume();
    }
  }

  /** Sends a frame with its header. Drops it if earlier bytes still wait to be sent. */
  sendFrame(bytes: Buffer): void {
    if (this.#error === undefined && this.#socket.writableLength < 64 * 1024) this.#socket.write(bytes);
  }

  fail(error: RtspError): void {
    if (this.#error) return;
    this.#error = error;
    this.#stopTurns?.();
    this.#socket.destroy();
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
    this.#end(error);
  }

  #receive(buffer: Buffer, bytes: number): void {
    if (this.#error) return;
    this.#arrivedAt = performance.now();
    // A TLS alert (RFC 8446, 5.1): the camera expected TLS.
    if (!this.#hasAnswered && buffer[0] === 0x15 && buffer[1] === 0x03) {
      this.fail(new RtspError('TLS_NEEDED'));
      return;
    }
    try {
      this.#framer.push(buffer, 0, bytes);
    } catch (error) {
      this.fail(error instanceof RtspError ? error : new RtspError('BROKEN', (error as Error).message));
    }
    if (!this.#hasAnswered && this.#framer.garbageBytes > 4096) this.fail(new RtspError('NOT_RTSP'));
  }

  #receiveMessage(message: RtspMessage): void {
    this.#hasAnswered = true;
    if (!isAnswer(message)) {
      const status = ['OPTIONS', 'GET_PARAMETER'].includes(message.method) ? 200 : 501;
      this.#socket.write(formatAnswer(status, message.headers.get('cseq')));
      return;
    }
    if (message.protocol === 'HTTP') {
      this.fail(new RtspError('HTTP'));
      return;
    }
    if (/^close$/i.test(message.headers.get('connection') ?? '')) this.#isLast = true;
    const sequence = sequenceOf(message.headers);
    // Some cameras send a wrong CSeq or none; they still answer in order.
    const key =
      sequence !== undefined && this.#waiting.has(sequence) ? sequence : this.#waiting.keys().next().value;
    const waiting = key === undefined ? undefined : this.#waiting.get(key);
    if (key === undefined || waiting === undefined) return;
    this.#waiting.delete(key);
    clearTimeout(waiting.timer);
    waiting.resolve(message);
  }
}

const unreachable = ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL', 'EINVAL'];

/** What a socket's error says about the camera. */
export function socketError(error: NodeJS.ErrnoException): RtspError {
  const { code = '' } = error;
  if (code === 'ECONNREFUSED') return new RtspError('CONNECTION_REFUSED');
  if (code === 'ETIMEDOUT') return new RtspError('NO_ANSWER', 'connect');
  if (unreachable.includes(code)) return new RtspError('UNREACHABLE');
  return new RtspError('CLOSED');
}
