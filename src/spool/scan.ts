import type { FileHandle } from 'node:fs/promises';
import { Mp4Error, readBoxHeader } from '../mp4/boxes.ts';
import { type InitSegment, parseInit } from '../mp4/init-segment.ts';
import type { MdatShape } from '../mp4/track-fragment.ts';

/** One read of this size is enough for the moof of a fragment of half a second and the header of its mdat. */
const readAhead = 8_192;
/** A moof has a few kilobytes. A box whose header states more than this is no moof. */
const maxHeadBytes = 16 * 1024 * 1024;

/** A complete fragment in a spool, as byte offsets; `to` is exclusive. */
export interface ScannedFragment {
  /** Where the fragment begins. */
  readonly at: number;
  /** Valid only until the next fragment is read. Copy it to keep it. */
  readonly moof: Buffer;
  readonly shape: MdatShape;
  /** Where the fragment's payload begins; `to`: where it ends. */
  readonly from: number;
  readonly to: number;
}

/** Reads the boxes of a spool one after the other, with one small read per fragment and no payload. */
export class SpoolScan {
  readonly #file: FileHandle;
  readonly #initBoxes: Buffer[] = [];
  /** The spool's init segment, once it has been read. */
  init: InitSegment | undefined;
  /** Where the last complete fragment ends in the file. */
  wholeBytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /**
   * The complete fragments after those already read, up to byte `size` of the file. Stops at a torn box, or at zeros
   * that a power cut left.
   */
  async *fragments(size: number): AsyncGenerator<ScannedFragment> {
    const window = windowReader(this.#file, size);
    while (this.wholeBytes < size) {
      const at = this.wholeBytes;
      try {
        const box = await window.box(at);
        if (!box || at + box.size > size) return;
        if (box.type !== 'moof') {
          await this.#takeOther(box.type, () => window.bytes(at, box.size));
          this.wholeBytes = at + box.size;
          continue;
        }
        const mdat = at + box.size < size ? await window.box(at + box.size) : undefined;
        if (mdat?.type !== 'mdat' || at + box.size + mdat.size > size) return;
        const moof = await window.bytes(at, box.size);
        const shape = { headerBytes: mdat.headerBytes, payloadBytes: mdat.size - mdat.headerBytes };
        const to = at + box.size + mdat.size;
        yield { at, moof, shape, from: to - shape.payloadBytes, to };
        this.wholeBytes = to;
      } catch (error) {
        if (error instanceof Mp4Error) return;
        throw error;
      }
    }
  }

  async #takeOther(type: string, read: () => Promise<Buffer>): Promise<void> {
    if (this.init || (type !== 'ftyp' && type !== 'moov')) return;
    this.#initBoxes.push(Buffer.from(await read()));
    if (type === 'moov') this.init = parseInit(Buffer.concat(this.#initBoxes));
  }
}

/** Reads small parts of a file of `size` bytes one after the other, with few system calls. */
function windowReader(file: FileHandle, size: number) {
  let window = Buffer.alloc(0);
  let windowAt = 0;

  async function bytes(at: number, length: number): Promise<Buffer> {
    if (length > maxHeadBytes)
      throw new Mp4Error(`A box head of ${length} bytes at ${at} is larger than any real one.`);
    if (at < windowAt || at + length > windowAt + window.length) {
      const fresh = Buffer.allocUnsafe(Math.min(Math.max(length, readAhead), size - at));
      const { bytesRead } = await file.read(fresh, 0, fresh.length, at);
      window = fresh.subarray(0, bytesRead);
      windowAt = at;
    }
    return window.subarray(at - windowAt, at - windowAt + length);
  }

  return {
    bytes,
    async box(at: number) {
      return readBoxHeader(await bytes(at, Math.min(16, size - at)), 0);
    },
  };
}
