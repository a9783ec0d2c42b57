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
   * Takes the next bytes, cut anywhere. Throws Mp4Error when they are no fragmented MP4; it is of no use
   * then.
   */
  push(chunk: Buffer): void;
}

/** A fragment is half a second, so this is a camera of 1 Gbit/s; more is a lost place in the stream. */
export const MAX_BOX_BYTES = 64 * 1024 * 1024;
const LONGEST_HEADER = 16;
const KEPT = new Set(['ftyp', 'moov', 'moof', 'mdat']);

/** A box of which not all bytes have come. */
interface OpenBox {
  type: string;
  size: number;
  filled: number;
  /** Where its bytes are put; undefined where they are not wanted. */
  pieces: readonly Buffer[] | undefined;
  /** The piece that is being filled, and where in the box it begins. */
  piece: number;
  pieceAt: number;
}

/** Gives memory of that many bytes, in pieces, the first of which has room for a box's header. */
export type TakeMemory = (bytes: number) => readonly Buffer[];

// Not from Node's shared pool: a kept moof would keep 8 KiB of it.
const newMemory: TakeMemory = (bytes) => [Buffer.allocUnsafeSlow(bytes)];

/**
 * A splitter calls its handlers during `push`. Each box is gathered in memory of exactly its size: keeping
 * a fragment keeps its own bytes and nothing else, whatever chunks it came in.
 * @param takeMemory for the `mdat` boxes, which are nearly all of it
 */
export function createSplitter(handlers: SplitterHandlers, takeMemory: TakeMemory = newMemory): Splitter {
  const header = Buffer.alloc(LONGEST_HEADER);
  let headerFilled = 0;
  let open: OpenBox | undefined;
  let ftyp: Buffer | undefined;
  let init: InitSegment | undefined;
  let moof: Buffer | undefined;

  function finish(type: string, pieces: readonly Buffer[]): void {
    const [bytes] = pieces as [Buffer];
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
      const fragment = parseFragment(moof, pieces, init.tracks);
      moof = undefined;
      handlers.onFragment(fragment);
    }
  }

  /** Takes header bytes from `chunk` at `at` until a box can be opened; says how many it took. */
  function fillHeader(chunk: Buffer, at: number): number {
    // The length of a header is known only from its first half.
    const wanted = headerFilled < 8 ? 8 : LONGEST_HEADER;
    const taken = chunk.copy(header, headerFilled, at, at + wanted - headerFilled);
    headerFilled += taken;
    if (headerFilled < wanted) return taken;
    const parsed = readBoxHeader(header, 0, headerFilled);
    if (parsed) {
      open = openBox(parsed, header, takeMemory);
      headerFilled = 0;
    }
    return taken;
  }

  function fillBox(box: OpenBox, chunk: Buffer, at: number): number {
    const taken = Math.min(box.size - box.filled, chunk.length - at);
    let copied = box.pieces ? 0 : taken;
    while (copied < taken) {
      const piece = box.pieces![box.piece]!;
      const place = box.filled + copied - box.pieceAt;
      copied += chunk.copy(piece, place, at + copied, at + taken);
      if (box.filled + copied === box.pieceAt + piece.length) {
        box.piece++;
        box.pieceAt += piece.length;
      }
    }
    box.filled += taken;
    return taken;
  }

  return {
    push(chunk) {
      let at = 0;
      while (at < chunk.length) {
        at += open ? fillBox(open, chunk, at) : fillHeader(chunk, at);
        if (open && open.filled === open.size) {
          const { type, pieces } = open;
          open = undefined;
          if (pieces) finish(type, pieces);
        }
      }
    },
  };
}

function openBox({ type, size, headerBytes }: BoxHeader, header: Buffer, takeMemory: TakeMemory): OpenBox {
  if (size > MAX_BOX_BYTES) {
    throw new Mp4Error(`Box '${type}' states ${size} bytes; at most ${MAX_BOX_BYTES} are taken.`);
  }
  const isWanted = KEPT.has(type);
  const pieces = isWanted ? (type === 'mdat' ? takeMemory : newMemory)(size) : undefined;
  if (pieces) header.copy(pieces[0]!, 0, 0, headerBytes);
  return { type, size, filled: headerBytes, pieces, piece: 0, pieceAt: 0 };
}
