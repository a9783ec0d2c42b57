import { type Head, maxBodyBytes, maxHeadBytes, parseHead, type RtspMessage, sequenceOf } from './message.ts';

/*
 * An RTSP connection carries requests, answers and, between them, packets in frames (RFC 2326, 10.12): '$', one byte of
 * channel, two bytes of length, the packet.
 */

export const frameMark = 0x24;
export const frameHeaderBytes = 4;

export interface FramerTarget {
  /** The packet is buffer[from, to), which is valid until the call returns. */
  onFrame(channel: number, buffer: Buffer, from: number, to: number): void;
  onMessage(message: RtspMessage): void;
  /** Whether packets are expected on this channel. */
  isChannel(channel: number): boolean;
  /** Whether the answer to this request is still to come. */
  isAwaited(sequence: number | undefined): boolean;
}

const methods =
  'OPTIONS DESCRIBE ANNOUNCE SETUP PLAY PLAY_NOTIFY PAUSE RECORD REDIRECT GET_PARAMETER SET_PARAMETER TEARDOWN';
const beginnings = ['RTSP/', 'HTTP/', ...methods.split(' ').map((method) => `${method} `)].map((text) =>
  Buffer.from(text),
);
const firstBytes = new Set([frameMark, ...beginnings.map((text) => text[0])]);
const answerLine = Buffer.from('RTSP/1.');
/** How much more is read at once of a message of unknown length. */
const stepBytes = 4096;
/** The first byte of RTP and RTCP begins with the version, 2 (RFC 3550). */
const isPacketByte = (byte: number) => byte >> 6 === 2;
/** The shortest RTCP packet; RTP's header alone has 12 bytes. */
const minPacketBytes = 8;

/**
 * Splits the bytes of one connection into frames and messages. Other bytes are skipped and counted: a camera that
 * cannot send as fast as it films loses bytes in the middle of a frame. It buffers at most one message or frame.
 */
export class Framer {
  readonly #target: FramerTarget;
  /** Bytes of an incomplete message or frame. */
  #rest = Buffer.allocUnsafe(2048);
  #restBytes = 0;
  /** The least number of bytes that the incomplete message or frame has. */
  #needed = 0;
  #garbageBytes = 0;
  #isLost = false;

  constructor(target: FramerTarget) {
    this.#target = target;
  }

  /** Bytes that belonged to no frame and no message. */
  get garbageBytes(): number {
    return this.#garbageBytes;
  }

  /** Bytes of the incomplete message or frame. */
  get keptBytes(): number {
    return this.#restBytes;
  }

  /**
   * Delivers the complete messages and frames in buffer[from, to). The bytes may be changed. After the call, the buffer
   * may be reused.
   * @throws Error if a message is longer than any camera sends
   */
  push(buffer: Buffer, from: number, to: number): void {
    let at = from;
    while (this.#restBytes > 0 && at < to) at = this.#complete(buffer, at, to);
    if (at === to) return;
    at = this.#take(buffer, at, to);
    this.#keep(buffer, at, to);
  }

  /**
   * Adds bytes to the incomplete frame or message, and delivers it if it is complete.
   * @returns where the rest of the buffer begins
   */
  #complete(buffer: Buffer, at: number, to: number): number {
    const before = this.#restBytes;
    const end = Math.min(to, at + Math.max(1, this.#needed - before));
    this.#keep(buffer, at, end);
    const taken = this.#take(this.#rest, 0, this.#restBytes);
    this.#rest.copyWithin(0, taken, this.#restBytes);
    this.#restBytes -= taken;
    return end;
  }

  #keep(buffer: Buffer, from: number, to: number): void {
    const bytes = this.#restBytes + to - from;
    if (bytes > this.#rest.length) {
      const larger = Buffer.allocUnsafe(Math.max(bytes, this.#needed, this.#rest.length * 2));
      this.#rest.copy(larger, 0, 0, this.#restBytes);
      this.#rest = larger;
    }
    buffer.copy(this.#rest, this.#restBytes, from, to);
    this.#restBytes = bytes;
  }

  /**
   * Delivers complete frames and messages.
   * @returns where the last of them ends; the next one needs `#needed` bytes from there
   */
  #take(buffer: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to) {
      const next =
        buffer[at] === frameMark ? this.#takeFrame(buffer, at, to) : this.#takeMessage(buffer, at, to);
      if (next === at) return at;
      at = next < 0 ? this.#passGarbage(buffer, at, to) : next;
    }
    return at;
  }

  /** @returns the frame's end; `at` if it is incomplete; -1 if this is no frame */
  #takeFrame(buffer: Buffer, at: number, to: number): number {
    const start = at + frameHeaderBytes;
    if (start >= to) return this.#wait(at, frameHeaderBytes + 1);
    const channel = buffer[at + 1]!;
    const length = (buffer[at + 2]! << 8) | buffer[at + 3]!;
    if (this.#isLost || !this.#target.isChannel(channel)) {
      if (length < minPacketBytes || !isPacketByte(buffer[start]!)) return -1;
    }
    const end = start + length;
    if (this.#target.isAwaited(undefined)) {
      const next = this.#takeAnswerInside(buffer, at, end, to);
      if (next !== undefined) return next;
    }
    if (end > to) return this.#wait(at, end - at);
    this.#isLost = false;
    this.#target.onFrame(channel, buffer, start, end);
    return end;
  }

  /**
   * Some cameras write an answer from another thread into the middle of a frame, whose length does not include it. The
   * answer is delivered, and the frame's first part is moved to the answer's end.
   * @returns where the frame begins now; `at` if the answer is incomplete; undefined if there is none
   */
  #takeAnswerInside(buffer: Buffer, at: number, frameEnd: number, to: number): number | undefined {
    const end = Math.min(frameEnd, to);
    const found = buffer
      .subarray(at, Math.min(frameEnd + answerLine.length - 1, to))
      .indexOf(answerLine, frameHeaderBytes);
    if (found < 0 || at + found >= frameEnd) {
      // A complete frame may end with the same bytes with which an answer begins.
      const begun = end === frameEnd ? begunAnswer(buffer, at + frameHeaderBytes, end, to) : 0;
      return begun > 0 ? this.#wait(at, to - at + answerLine.length - begun) : undefined;
    }
    const from = at + found;
    const head = readHead(buffer, from, to);
    if (head === undefined) return to - from < maxHeadBytes ? this.#wait(at, to - at + stepBytes) : undefined;
    if (head.head === undefined || !this.#target.isAwaited(sequenceOf(head.head.headers))) return undefined;
    const messageEnd = head.end + bodyBytesOf(head.head);
    if (messageEnd > to) return this.#wait(at, messageEnd - at);
    const message = { ...head.head, body: buffer.toString('utf8', head.end, messageEnd) };
    buffer.copyWithin(at + messageEnd - from, at, from);
    this.#target.onMessage(message);
    return at + messageEnd - from;
  }

  /** @returns the message's end; `at` if it is incomplete; -1 if this is no message */
  #takeMessage(buffer: Buffer, at: number, to: number): number {
    const present = Math.min(to - at, 16);
    const isMessage = beginnings.some((text) => {
      const compared = Math.min(present, text.length);
      return text.compare(buffer, at, at + compared, 0, compared) === 0;
    });
    if (!isMessage) return -1;
    const read = readHead(buffer, at, to);
    if (read === undefined) return to - at < maxHeadBytes ? this.#wait(at, to - at + stepBytes) : -1;
    if (read.head === undefined) return -1;
    const end = read.end + bodyBytesOf(read.head);
    if (end > to) return this.#wait(at, end - at);
    this.#isLost = false;
    this.#target.onMessage({ ...read.head, body: buffer.toString('utf8', read.end, end) });
    return end;
  }

  #wait(at: number, needed: number): number {
    this.#needed = needed;
    return at;
  }

  /** @returns where the next frame or message may begin */
  #passGarbage(buffer: Buffer, at: number, to: number): number {
    let next = at + 1;
    while (next < to && !firstBytes.has(buffer[next]!)) next++;
    this.#garbageBytes += next - at;
    this.#isLost = true;
    return next;
  }
}

/** How many bytes at the end may be the beginning of an answer's first line; the line has to begin in [start, end). */
function begunAnswer(buffer: Buffer, start: number, end: number, to: number): number {
  for (let length = Math.min(answerLine.length - 1, to - start); length > to - end; length--) {
    if (answerLine.compare(buffer, to - length, to, 0, length) === 0) return length;
  }
  return 0;
}

/**
 * The head that begins at `at`, and where it ends. undefined: its end has not arrived. Without a head: no message
 * begins here.
 */
function readHead(
  buffer: Buffer,
  at: number,
  to: number,
): { head: Head | undefined; end: number } | undefined {
  const view = buffer.subarray(at, Math.min(to, at + maxHeadBytes));
  const ends = [view.indexOf('\n\r\n') + 3, view.indexOf('\n\n') + 2].filter((end) => end > 2);
  const length = ends.length > 0 ? Math.min(...ends) : view.length;
  // Bytes below 9 are in most packets, but never in text: then this is no message, and only its first bytes looked like
  // one.
  if (view.subarray(0, length).some((byte) => byte < 9)) return { head: undefined, end: at };
  if (ends.length === 0) return undefined;
  return { head: parseHead(view.toString('utf8', 0, length).trimEnd()), end: at + length };
}

function bodyBytesOf({ headers }: Head): number {
  const bytes = Number(/^\d+/.exec(headers.get('content-length') ?? '')?.[0] ?? 0);
  if (bytes <= maxBodyBytes) return bytes;
  throw new Error(`A message's body is announced with ${bytes} bytes; at most ${maxBodyBytes} are taken.`);
}
