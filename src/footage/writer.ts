import { Footage, type FootageMemory, type Piece, pieceBytes } from './memory.ts';

const lengthBytes = 4;

/**
 * Writes the access units of one track, one after the other, into pieces of memory. Each NAL unit is
 * preceded by its length in four bytes, as MP4 has it (ISO/IEC 14496-15, 5.3.3.1.2).
 */
export class FootageWriter {
  readonly #memory: FootageMemory;
  #piece: Piece;
  /** The pieces of the unit that is being written; the last is `#piece`. */
  #pieces: Piece[];
  #from = 0;
  #bytes = 0;
  #lengthPiece: Piece;
  #lengthAt = 0;
  #nalBytes = -1;

  constructor(memory: FootageMemory) {
    this.#memory = memory;
    this.#piece = memory.take();
    this.#pieces = [this.#piece];
    this.#lengthPiece = this.#piece;
  }

  /** The bytes of the unit that is being written, so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a NAL unit was begun and not ended. */
  get isInNal(): boolean {
    return this.#nalBytes >= 0;
  }

  beginNal(): void {
    // The length is written when it is known, so it must not lie across two pieces.
    if (this.#piece.used + lengthBytes > pieceBytes) this.#next();
    this.#lengthPiece = this.#piece;
    this.#lengthAt = this.#piece.used;
    this.#piece.used += lengthBytes;
    this.#bytes += lengthBytes;
    this.#nalBytes = 0;
  }

  endNal(): void {
    this.#lengthPiece.bytes.writeUInt32BE(this.#nalBytes, this.#lengthAt);
    this.#nalBytes = -1;
  }

  byte(value: number): void {
    if (this.#piece.used === pieceBytes) this.#next();
    this.#piece.bytes[this.#piece.used++] = value;
    this.#bytes++;
    if (this.#nalBytes >= 0) this.#nalBytes++;
  }

  copy(source: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.#piece.used === pieceBytes) this.#next();
      const count = Math.min(to - at, pieceBytes - this.#piece.used);
      source.copy(this.#piece.bytes, this.#piece.used, at, at + count);
      this.#piece.used += count;
      // Counted here and not after the loop: with 0 bytes, `#next` would take the unit as not begun, and drop its first
      // piece.
      this.#bytes += count;
      if (this.#nalBytes >= 0) this.#nalBytes += count;
      at += count;
    }
  }

  /**
   * Ends the access unit that is being written.
   * @returns its footage, which the caller has to release
   */
  finish(): Footage {
    const pieces = this.#pieces;
    const footage = new Footage(this.#memory, pieces, this.#from, this.#piece.used, this.#bytes);
    // The unit shares its last piece with the writer, so that piece gets one more holder. In the other pieces, the unit
    // takes the place of the writer as holder.
    this.#piece.holders++;
    this.#begin();
    return footage;
  }

  /** Forgets what was written since the last unit. */
  discard(): void {
    for (const piece of this.#pieces.slice(0, -1)) this.#memory.release(piece);
    if (this.#pieces.length === 1) this.#piece.used = this.#from;
    else this.#piece.used = 0;
    this.#begin();
  }

  /** Call it when no more units are written. */
  close(): void {
    this.discard();
    this.#memory.release(this.#piece);
  }

  #begin(): void {
    this.#pieces = [this.#piece];
    this.#from = this.#piece.used;
    this.#bytes = 0;
    this.#nalBytes = -1;
  }

  #next(): void {
    const next = this.#memory.take();
    // A unit without bytes has nothing in the full piece, and begins in the next one.
    if (this.#bytes === 0) {
      this.#memory.release(this.#piece);
      this.#pieces = [next];
      this.#from = 0;
    } else {
      this.#pieces.push(next);
    }
    this.#piece = next;
  }
}
