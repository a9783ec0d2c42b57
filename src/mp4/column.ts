const blockLength = 1024;

type Block = Uint32Array | Int32Array | Float64Array;

/**
 * A list of numbers that grows in blocks: so it never copies its values, and wastes at most one block. Values take as
 * many bytes as `Kind` gives them, and must fit.
 */
export class Column {
  readonly #Kind: new (
    length: number,
  ) => Block;
  readonly #blocks: Block[] = [];
  #length = 0;

  constructor(Kind: new (length: number) => Block) {
    this.#Kind = Kind;
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    const offset = this.#length % blockLength;
    if (offset === 0) this.#blocks.push(new this.#Kind(blockLength));
    this.#blocks.at(-1)![offset] = value;
    this.#length += 1;
  }

  /** The value at `index`, which must be below `length`. */
  at(index: number): number {
    return this.#blocks[Math.floor(index / blockLength)]![index % blockLength]!;
  }

  /** Puts another value in place of the one at `index`. */
  set(index: number, value: number): void {
    this.#blocks[Math.floor(index / blockLength)]![index % blockLength] = value;
  }

  /** Calls `visit` with every value in order. An iterator would take several times as long. */
  forEach(visit: (value: number) => void): void {
    let left = this.#length;
    for (const block of this.#blocks) {
      const filled = Math.min(left, blockLength);
      for (let i = 0; i < filled; i++) visit(block[i]!);
      left -= filled;
    }
  }
}
