/**
 * Memory for footage, in pieces of one size that are reused. When each access unit had a new buffer, V8 marked its
 * whole heap several times a second, which was three quarters of the main thread's work with 64 cameras. All pieces
 * have the same size, because bit rates change: lists of free pieces of each size would fill with sizes that are no
 * longer needed.
 *
 * A piece holds footage of several access units. It becomes free when the writer has gone on to the next piece and
 * every access unit in it was released.
 */

export const pieceBytes = 32 * 1024;

/**
 * How many free pieces are kept for the next units: `pieces`, or `share` of those in use if that is more. Rings drop a
 * whole keyframe interval at a time. If fewer were kept, new pieces would be made all the time, and V8 marks its whole
 * heap for each 64 MiB of them.
 */
const keptFree = { pieces: (32 * 2 ** 20) / pieceBytes, share: 1 / 8 };

export interface Piece {
  readonly bytes: Buffer;
  /** Bytes of footage in the piece, from its first byte. */
  used: number;
  /** How many holders the piece has: the access units in it that are still needed, and the writer while it writes there. */
  holders: number;
}

/** A free list. All feeds of an app and their recordings share one. */
export class FootageMemory {
  readonly #free: Piece[] = [];
  #inUse = 0;

  /** @returns a piece with undefined content, held once */
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

  /** @param pieces this access unit already holds each of them once */
  constructor(memory: FootageMemory, pieces: readonly Piece[], from: number, to: number, bytes: number) {
    this.#memory = memory;
    this.pieces = pieces;
    this.from = from;
    this.to = to;
    this.bytes = bytes;
  }

  /** Holds the footage once more. Each `hold` needs one `release`. */
  hold(): void {
    for (const piece of this.pieces) piece.holders++;
  }

  /** Ends one hold. The caller must not read the bytes any more: they are overwritten once every hold has ended. */
  release(): void {
    for (const piece of this.pieces) this.#memory.release(piece);
  }
}

/** Views of the bytes of all these, in order. Adjacent bytes in memory become one view. */
export function viewsOf(footage: readonly Footage[]): Buffer[] {
  const views: Buffer[] = [];
  let piece: Piece | undefined;
  let from = 0;
  let to = 0;
  for (const one of footage) {
    const last = one.pieces.length - 1;
    for (let i = 0; i <= last; i++) {
      const next = one.pieces[i]!;
      const begin = i === 0 ? one.from : 0;
      if (next !== piece || begin !== to) {
        if (piece) views.push(viewOf(piece, from, to));
        piece = next;
        from = begin;
      }
      to = i === last ? one.to : next.used;
    }
  }
  if (piece) views.push(viewOf(piece, from, to));
  return views;
}

const viewOf = ({ bytes }: Piece, from: number, to: number): Buffer =>
  from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
