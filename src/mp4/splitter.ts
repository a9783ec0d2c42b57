/** Cuts the fragmented MP4 that ffmpeg writes to a pipe into its init segment and its fragments. */
import { type BoxHeader, Mp4Error, readBoxHeader } from './boxes.ts';
import { type Fragment, parseFragment } from './fragment.ts';
import { type InitSegment, parseInit } from './init-segment.ts';

export interface SplitterHandlers {
  onInit(init: InitSegment): void;
  onFragment(fragment: Fragment): void;
}

export interface Splitter {
  /**
   * Takes the next bytes, cut anywhere. Throws Mp4Error when they are no fragmented MP4. After that, the splitter
   * cannot be used any more.
   */
  push(chunk: Buffer): void;
}

/**
 * In a fragment of half a second, this size is 1 Gbit/s. A larger box means that the splitter has lost track of the
 * boxes.
 */
export const maxBoxBytes = 64 * 1024 * 1024;
const longestHeader = 16;
const keptTypes = new Set(['ftyp', 'moov', 'moof', 'mdat']);

/** A box that has not arrived completely. */
interface OpenBox {
  type: string;
  size: number;
  filled: number;
  /** Takes the box's bytes; undefined if nobody wants them. */
  bytes: Buffer | undefined;
}

/**
 * Makes a splitter, which calls its handlers during `push`. Each box is collected in memory of exactly its size: a
 * fragment that is kept then keeps no other bytes in memory.
 */
export function createSplitter(handlers: SplitterHandlers): Splitter {
  const header = Buffer.alloc(longestHeader);
  let headerFilled = 0;
  let open: OpenBox | undefined;
  let ftyp: Buffer | undefined;
  let init: InitSegment | undefined;
  let moof: Buffer | undefined;

  function finish(type: string, bytes: Buffer): void {
    if (type === 'ftyp') {
      ftyp = bytes;
    } else if (type === 'moov') {
      init = parseInit(ftyp ? Buffer.concat([ftyp, bytes]) : bytes);
      handlers.onInit(init);
    } else if (type === 'moof') {
      moof = bytes;
    } else {
      if (!init || !moof)
        throw new Mp4Error(`An 'mdat' box came before ${init ? "its 'moof'" : "the 'moov'"}.`);
      const fragment = parseFragment(moof, [bytes], init.tracks);
      moof = undefined;
      handlers.onFragment(fragment);
    }
  }

  /** Takes header bytes from `chunk` at `at` until a box can be opened. @returns how many it took */
  function fillHeader(chunk: Buffer, at: number): number {
    // The length of a header is known only from its first half.
    const wanted = headerFilled < 8 ? 8 : longestHeader;
    const taken = chunk.copy(header, headerFilled, at, at + wanted - headerFilled);
    headerFilled += taken;
    if (headerFilled < wanted) return taken;
    const parsed = readBoxHeader(header, 0, headerFilled);
    if (parsed) {
      open = openBox(parsed, header);
      headerFilled = 0;
    }
    return taken;
  }

  function fillBox(box: OpenBox, chunk: Buffer, at: number): number {
    const taken = Math.min(box.size - box.filled, chunk.length - at);
    if (box.bytes) chunk.copy(box.bytes, box.filled, at, at + taken);
    box.filled += taken;
    return taken;
  }

  return {
    push(chunk) {
      let at = 0;
      while (at < chunk.length) {
        at += open ? fillBox(open, chunk, at) : fillHeader(chunk, at);
        if (open && open.filled === open.size) {
          const { type, bytes } = open;
          open = undefined;
          if (bytes) finish(type, bytes);
        }
      }
    },
  };
}

function openBox({ type, size, headerBytes }: BoxHeader, header: Buffer): OpenBox {
  if (size > maxBoxBytes) {
    throw new Mp4Error(`Box '${type}' states ${size} bytes; at most ${maxBoxBytes} are taken.`);
  }
  // Not from Node's shared pool: a moof that is kept would keep 8 KiB of the pool in memory.
  const bytes = keptTypes.has(type) ? Buffer.allocUnsafeSlow(size) : undefined;
  if (bytes) header.copy(bytes, 0, 0, headerBytes);
  return { type, size, filled: headerBytes, bytes };
}
