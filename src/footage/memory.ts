/**
 * Memory for footage, in pieces of one size that are used again and again. With new buffers for each access unit V8
 * would mark its whole heap several times a second to find the old ones: measured, that was three quarters of the main
 * thread's work with 64 cameras. Pieces of one size, because bit rates drift and a free list by size fills with sizes
 * that nobody needs any more.
 *
 * A piece holds footage of several access units. It returns to the free list when the writer has gone on to the next
 * piece and every access unit in it was released.
 */

export const pieceBytes = 32 * 1024;

/**
 * Rings drop a keyframe interval at a time, and what lies unused until the next units come is kept: this many pieces, or
 * this share of those in use. With fewer, new pieces are made all the time, and V8 marks its whole heap for each 64 MiB.
 */
const keptFree = { pieces: (32 * 2 ** 20) / pieceBytes, share: 1 / 8 };

export interface Piece {
  readonly bytes: Buffer;
  /** How much of it is footage, from its first byte on. */
  used: number;
  /** Access units that lie in it and are still needed, and the writer while it writes here. */
  holders: number;
}

/** The free list of one process part; a feed and its recordings share one. */
export class FootageMemory {
  readonly #free: Piece[] = [];
  #inUse = 0;

  /** A piece with anything in its bytes, held once. */
  take(): Piece {
    const piece = this.#free.pop() ?? { bytes: Buffer.allocUnsafeSlow(pieceBytes), used: 0, holders: 0 };
    this.#inUse++;
    piece.used = 0;
    piece.holders = 1;
    return piece;
  }

  release(piece: Piece): void {
    if (--piece.holders > 0) return;
    this.#inUse--;
    if (this.#free.length < Math.max(keptFree.pieces, this.#inUse * keptFree.share)) this.#free.push(piece);
  }
}

/** The bytes of one access unit: `from` in the first piece, whole pieces between, `to` in the last. */
export class Footage {
  readonly #memory: FootageMemory;
  readonly pieces: readonly Piece[];
  readonly from: number;
  readonly to: number;
  readonly bytes: number;

  /** @param pieces held once for this access unit already */
  constructor(memory: FootageMemory, pieces: readonly Piece[], from: number, to: number, bytes: number) {
    this.#memory = memory;
    this.pieces = pieces;
    this.from = from;
    this.to = to;
    this.bytes = bytes;
  }

  /** One more part of the program needs it; to be followed by one `release`. */
  hold(): void {
    for (const piece of this.pieces) piece.holders++;
  }

  /** Its bytes may be overwritten once every holder has released it: the caller must not read them any more. */
  release(): void {
    for (const piece of this.pieces) this.#memory.release(piece);
  }
}

/** Views of the bytes of all these, in order; what lies side by side in memory is one view. */
export function viewsOf(footage: readonly Footage[]): Buffer[] {
  const views: Buffer[] = [];
  let open: { piece: Piece; from: number; to: number } | undefined;
  const close = () => {
    if (open) views.push(open.piece.bytes.subarray(open.from, open.to));
  };
  for (const { pieces, from, to } of footage) {
    for (const [i, piece] of pieces.entries()) {
      const begin = i === 0 ? from : 0;
      const end = i === pieces.length - 1 ? to : piece.used;
      if (open?.piece === piece && open.to === begin) {
        open.to = end;
      } else {
        close();
        open = { piece, from: begin, to: end };
      }
    }
  }
  close();
  return views;
}
