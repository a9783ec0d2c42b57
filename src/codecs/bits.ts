/** The bytes do not follow the codec's standard. The message says what is wrong. */
export class CodecError extends Error {
  override name = 'CodecError';
}

/**
 * Reads bits, most significant first, and the exp-Golomb numbers of H.264 and H.265 (ISO/IEC 14496-10, 9.1). Every read
 * past the end throws CodecError. One reader can be opened again and again, to allocate nothing.
 */
export class BitReader {
  readonly #isNal: boolean;
  #buffer: Buffer = Buffer.alloc(0);
  #from = 0;
  #at = 0;
  #end = 0;
  #byte = 0;
  #bitsLeft = 0;
  #zeros = 0;

  /** @param isNal whether the bytes are a NAL unit, in which a 3 after two zero bytes is no data (7.4.1) */
  constructor(isNal: boolean) {
    this.#isNal = isNal;
  }

  open(buffer: Buffer, from: number, to: number): this {
    this.#buffer = buffer;
    this.#from = from;
    this.#at = from;
    this.#end = Math.min(to, buffer.length);
    this.#bitsLeft = 0;
    this.#zeros = 0;
    return this;
  }

  /** The number of bits read so far. Not for NAL units, in which some bytes are no data; nor is `left`. */
  get position(): number {
    return (this.#at - this.#from) * 8 - this.#bitsLeft;
  }

  get left(): number {
    return (this.#end - this.#at) * 8 + this.#bitsLeft;
  }

  flag(): boolean {
    return this.#bit() === 1;
  }

  /** @param count at most 32 */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.#bit();
    return value;
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#bit();
  }

  /** An unsigned exp-Golomb number. */
  ue(): number {
    let zeros = 0;
    while (this.#bit() === 0) {
      if (++zeros > 31) throw new CodecError('A number has more than 32 bits.');
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** An unsigned exp-Golomb number that must not be larger than `max`. */
  ueUpTo(max: number, what: string): number {
    const value = this.ue();
    if (value > max) throw new CodecError(`The ${what} is ${value}; at most ${max} is possible.`);
    return value;
  }

  /** A signed exp-Golomb number. */
  se(): number {
    const value = this.ue();
    return value % 2 === 1 ? (value + 1) / 2 : -value / 2;
  }

  #bit(): number {
    if (this.#bitsLeft === 0) this.#nextByte();
    this.#bitsLeft--;
    return (this.#byte >> this.#bitsLeft) & 1;
  }

  #nextByte(): void {
    if (this.#isNal && this.#zeros >= 2 && this.#at < this.#end && this.#buffer[this.#at] === 3) {
      this.#at++;
      this.#zeros = 0;
    }
    if (this.#at >= this.#end) throw new CodecError('The bytes end in the middle of a field.');
    this.#byte = this.#buffer[this.#at++]!;
    this.#zeros = this.#byte === 0 ? this.#zeros + 1 : 0;
    this.#bitsLeft = 8;
  }
}

/** Cuts off zeros that a camera sends after a parameter set: a NAL unit does not end with a zero byte (7.4.1). */
export function withoutTrailingZeros(nal: Buffer): Buffer {
  let end = nal.length;
  while (end > 0 && nal[end - 1] === 0) end--;
  return end === nal.length ? nal : nal.subarray(0, end);
}
