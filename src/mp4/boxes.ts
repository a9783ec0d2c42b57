/**
 * Boxes of the ISO base media file format: ISO/IEC 14496-12 (2015), 4.2. A box is its size (32 bits, or 64
 * after a size of 1), its type (four characters) and its body.
 */

/** The bytes are not the expected MP4. The message says what was found and what was expected. */
export class Mp4Error extends Error {
  override name = 'Mp4Error';
}

/**
 * Where a box is in a buffer: the first byte of its header, the first byte of its content, and the byte after it.
 */
export interface Box {
  type: string;
  start: number;
  body: number;
  end: number;
}

/** Size and type as a box header states them; `headerBytes` is 8, or 16 with a 64-bit size. */
export interface BoxHeader {
  type: string;
  size: number;
  headerBytes: number;
}

const smallHeaderBytes = 8;
const largeHeaderBytes = 16;
/** Four printable characters, or Apple's ©. Anything else is not the beginning of a box. */
const boxType = /^[\x20-\x7e\xa9]{4}$/;

/**
 * Reads the box header at `at`. Undefined if `buf` ends before the header does.
 * @throws Mp4Error if the type is not printable, or the size is smaller than the header. A size of 0 ("to the end of
 *   the file") is refused too, because the end is not known here
 */
export function readBoxHeader(buf: Buffer, at: number, end = buf.length): BoxHeader | undefined {
  if (end - at < smallHeaderBytes) return undefined;
  const type = buf.toString('latin1', at + 4, at + 8);
  if (!boxType.test(type)) {
    throw new Mp4Error(`Expected a box, but its type is the bytes ${buf.toString('hex', at + 4, at + 8)}.`);
  }
  const size = buf.readUInt32BE(at);
  if (size !== 1) return checked({ type, size, headerBytes: smallHeaderBytes });
  if (end - at < largeHeaderBytes) return undefined;
  const largeSize = Number(buf.readBigUInt64BE(at + 8));
  return checked({ type, size: largeSize, headerBytes: largeHeaderBytes });
}

function checked(header: BoxHeader): BoxHeader {
  if (header.size < header.headerBytes || header.size > Number.MAX_SAFE_INTEGER) {
    const { type, size, headerBytes } = header;
    throw new Mp4Error(`Box '${type}' states a size of ${size} bytes; its header alone has ${headerBytes}.`);
  }
  return header;
}

/**
 * The boxes between `start` and `end`, one after the other.
 * @throws Mp4Error if they do not end exactly at `end`
 */
export function* boxes(buf: Buffer, start = 0, end = buf.length): Generator<Box> {
  let at = start;
  while (at < end) {
    const header = readBoxHeader(buf, at, end);
    if (!header || header.size > end - at) {
      const what = header ? `Box '${header.type}' states ${header.size} bytes` : 'A box header begins';
      throw new Mp4Error(`${what} where only ${end - at} bytes are left.`);
    }
    yield { type: header.type, start: at, body: at + header.headerBytes, end: at + header.size };
    at += header.size;
  }
}

/** The boxes inside `parent`; `skip` is the length of fields that come before them in its body. */
export function children(buf: Buffer, parent: Box, skip = 0): Generator<Box> {
  return boxes(buf, parent.body + skip, parent.end);
}

/** The first box at `path`, such as `['moov', 'trak', 'mdia']`, taking the first match of each step. */
export function findBox(buf: Buffer, path: readonly string[], start = 0, end = buf.length): Box | undefined {
  let found: Box | undefined;
  for (const type of path) {
    const from = found ? found.body : start;
    found = firstOfType(boxes(buf, from, found ? found.end : end), type);
    if (!found) return undefined;
  }
  return found;
}

function firstOfType(candidates: Iterable<Box>, type: string): Box | undefined {
  for (const candidate of candidates) if (candidate.type === type) return candidate;
  return undefined;
}

/** Like findBox inside `parent`, but throws Mp4Error when there is no such box. */
export function requireBox(buf: Buffer, parent: Box, ...path: string[]): Box {
  const found = findBox(buf, path, parent.body, parent.end);
  if (!found) throw new Mp4Error(`Box '${parent.type}' has no '${path.join('/')}' inside.`);
  return found;
}

/** A box of this type around `parts`. */
export function box(type: string, ...parts: Uint8Array[]): Buffer {
  const header = Buffer.alloc(smallHeaderBytes);
  const size = parts.reduce((sum, part) => sum + part.length, smallHeaderBytes);
  header.writeUInt32BE(size, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, ...parts], size);
}

/** A box that begins with an 8-bit version and 24 bits of flags (4.2, FullBox). */
export function fullBox(type: string, version: number, flags: number, ...parts: Uint8Array[]): Buffer {
  return box(type, u32((version << 24) | flags), ...parts);
}

/** The numbers as big-endian 32-bit words, negative ones in two's complement. */
export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value >>> 0, i * 4);
  });
  return bytes;
}

/**
 * The numbers, which must not be negative, as big-endian 64-bit words.
 * @throws Mp4Error beyond 2^53, where they are not exact
 */
export function u64(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, i) => {
    if (!Number.isSafeInteger(value))
      throw new Mp4Error(`The number ${value} is beyond any real time or size.`);
    bytes.writeBigUInt64BE(BigInt(value), i * 8);
  });
  return bytes;
}
