import { type Box, Mp4Error } from './boxes.ts';

/** Reads a box's fields one after the other. Reading past the box's end throws Mp4Error. */
export class Cursor {
  readonly #buf: Buffer;
  readonly #box: Box;
  #at: number;

  constructor(buf: Buffer, box: Box) {
    this.#buf = buf;
    this.#box = box;
    this.#at = box.body;
  }

  /** The position of the next field in the buffer. */
  get at(): number {
    return this.#at;
  }

  /** How many bytes of the box are still unread. */
  get left(): number {
    return this.#box.end - this.#at;
  }

  u8(): number {
    return this.#buf.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#buf.readUInt16BE(this.#take(2));
  }

  u32(): number {
    return this.#buf.readUInt32BE(this.#take(4));
  }

  i32(): number {
    return this.#buf.readInt32BE(this.#take(4));
  }

  /** A 64-bit number. Throws Mp4Error beyond 2^53, where a JavaScript number is no longer exact. */
  u64(): number {
    const value = Number(this.#buf.readBigUInt64BE(this.#take(8)));
    if (Number.isSafeInteger(value)) return value;
    throw new Mp4Error(
      `Box '${this.#box.type}' has the number ${value}, which is beyond any real time or size.`,
    );
  }

  /** A time: 32 bits in version 0 of a box, 64 in version 1. */
  time(version: number): number {
    return version === 0 ? this.u32() : this.u64();
  }

  /** The head of a full box. */
  versionAndFlags(): { version: number; flags: number } {
    const word = this.u32();
    return { version: word >>> 24, flags: word & 0xffffff };
  }

  /** The next bytes, not copied. */
  bytes(length: number): Buffer {
    const from = this.#take(length);
    return this.#buf.subarray(from, from + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): number {
    const from = this.#at;
    if (length > this.left) {
      throw new Mp4Error(`Box '${this.#box.type}' ends where ${length} more bytes of it were expected.`);
    }
    this.#at += length;
    return from;
  }
}
