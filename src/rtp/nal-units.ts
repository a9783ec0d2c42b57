/** Receives the NAL units of a track. */
export interface NalSink {
  /**
   * Whether the NAL unit is a slice or filler data, as most of a stream is. These are passed on in pieces as they
   * arrive.
   */
  isBulk(header: number): boolean;
  /** A NAL unit in one buffer. */
  whole(buffer: Buffer, from: number, to: number): void;
  /** The first bytes of a bulk NAL unit: at least 32, or all of it. `more` and `end` follow. */
  begin(buffer: Buffer, from: number, to: number): void;
  more(buffer: Buffer, from: number, to: number): void;
  end(): void;
}

/** Bytes of a slice's header that are read. */
const headBytes = 32;
/** The largest NAL unit that is collected: text and private data can be long. */
const mostGathered = 256 * 1024;
/** Bytes of memory that stay allocated for the next NAL unit. */
const mostKept = 4 * 1024;
/**
 * Only this many bytes of bulk are searched for start codes, because a camera that puts start codes into slices does so
 * in all of them.
 */
const searchedBulk = 64;

/**
 * Finds the NAL units in packets, whole or in fragments. The RFCs demand one NAL unit; some cameras send several with
 * start codes between them (Annex B of H.264 and H.265). No memory is allocated for bulk.
 */
export class NalUnits {
  readonly #sink: NalSink;
  #isOpen = false;
  /** Whether the sink got the beginning of the NAL unit. If not, the bytes of the NAL unit are being collected here. */
  #isStreaming = false;
  #isSearched = false;
  #gathered: Buffer = Buffer.allocUnsafeSlow(headBytes * 4);
  #gatheredBytes = 0;
  #isTooLong = false;
  /** Zero bytes at the end of the last fragment, which may belong to a start code. */
  #zeros = 0;
  #bulkToSearch = searchedBulk;

  constructor(sink: NalSink) {
    this.#sink = sink;
  }

  /** Whether a NAL unit has begun and not ended. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Takes bytes that should be one whole NAL unit. */
  whole(buffer: Buffer, from: number, to: number): void {
    this.close();
    if (from >= to) return;
    if (!this.#mustSearch(buffer[from]!)) {
      this.#sink.whole(buffer, from, to);
      return;
    }
    for (let at = from; ; ) {
      const code = findStartCode(buffer, at, to);
      const end = withoutZeros(buffer, at, code < 0 ? to : code);
      if (end > at) this.#sink.whole(buffer, at, end);
      if (code < 0) return;
      this.#bulkToSearch = Number.POSITIVE_INFINITY;
      at = code + 3;
    }
  }

  /** @param secondHeader -1 where the header is one byte */
  open(header: number, secondHeader: number): void {
    this.close();
    this.#isOpen = true;
    this.#isSearched = this.#mustSearch(header);
    this.#gathered[0] = header;
    this.#gatheredBytes = 1;
    if (secondHeader >= 0) this.#gathered[this.#gatheredBytes++] = secondHeader;
  }

  fragment(buffer: Buffer, from: number, to: number): void {
    if (!this.#isSearched) {
      this.#put(buffer, from, to);
      return;
    }
    let at = this.#zeros > 0 ? this.#joinZeros(buffer, from, to) : from;
    for (let code = findStartCode(buffer, at, to); code >= 0; code = findStartCode(buffer, at, to)) {
      this.#put(buffer, at, withoutZeros(buffer, at, code));
      at = code + 3;
      this.#nextInStream();
    }
    const end = withoutZeros(buffer, at, to);
    this.#put(buffer, at, end);
    this.#zeros += to - end;
  }

  /** Ends the open NAL unit, if there is one. */
  close(): void {
    if (!this.#isOpen) return;
    this.#endNal();
    this.#isOpen = false;
  }

  /** Call it when the rest of the open NAL unit is missing. */
  abort(): void {
    if (this.#isStreaming) this.#sink.end();
    this.#forget();
    this.#isOpen = false;
  }

  #mustSearch(header: number): boolean {
    if (!this.#sink.isBulk(header)) return true;
    if (this.#bulkToSearch <= 0) return false;
    this.#bulkToSearch--;
    return true;
  }

  /**
   * Decides about the zeros before this piece (`#zeros`): they belong to a start code, or they are payload and are
   * written now.
   * @returns where to continue
   */
  #joinZeros(buffer: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && buffer[at] === 0) at++;
    const zeros = this.#zeros + at - from;
    if (at === to) {
      this.#zeros = zeros;
      return to;
    }
    this.#zeros = 0;
    if (zeros >= 2 && buffer[at] === 1) {
      this.#nextInStream();
      return at + 1;
    }
    for (let left = zeros; left > 0; left--) this.#put(zero, 0, 1);
    return at;
  }

  /** A start code has been found: another NAL unit begins. */
  #nextInStream(): void {
    this.#endNal();
    this.#bulkToSearch = Number.POSITIVE_INFINITY;
  }

  #put(buffer: Buffer, from: number, to: number): void {
    if (from >= to) return;
    if (this.#isStreaming) {
      this.#sink.more(buffer, from, to);
      return;
    }
    const isBulk = this.#sink.isBulk(this.#gatheredBytes > 0 ? this.#gathered[0]! : buffer[from]!);
    const count = isBulk ? Math.min(to - from, headBytes - this.#gatheredBytes) : to - from;
    this.#gather(buffer, from, from + count);
    if (!isBulk || this.#gatheredBytes < headBytes) return;
    this.#isStreaming = true;
    this.#sink.begin(this.#gathered, 0, this.#gatheredBytes);
    if (from + count < to) this.#sink.more(buffer, from + count, to);
  }

  #gather(buffer: Buffer, from: number, to: number): void {
    const bytes = this.#gatheredBytes + to - from;
    if (bytes > mostGathered) this.#isTooLong = true;
    if (this.#isTooLong) return;
    if (bytes > this.#gathered.length) {
      const larger = Buffer.allocUnsafeSlow(bytes * 2);
      this.#gathered.copy(larger, 0, 0, this.#gatheredBytes);
      this.#gathered = larger;
    }
    buffer.copy(this.#gathered, this.#gatheredBytes, from, to);
    this.#gatheredBytes = bytes;
  }

  #endNal(): void {
    if (this.#isStreaming) this.#sink.end();
    else if (this.#gatheredBytes > 0 && !this.#isTooLong)
      this.#sink.whole(this.#gathered, 0, this.#gatheredBytes);
    this.#forget();
  }

  #forget(): void {
    this.#isStreaming = false;
    this.#isTooLong = false;
    this.#gatheredBytes = 0;
    this.#zeros = 0;
    if (this.#gathered.length > mostKept) this.#gathered = Buffer.allocUnsafeSlow(headBytes * 4);
  }
}

const zero = Buffer.alloc(1);

/** Finds the next `00 00 01`; -1 if there is none. */
export function findStartCode(buffer: Buffer, from: number, to: number): number {
  for (let at = from + 2; at < to; ) {
    const value = buffer[at]!;
    if (value > 1) at += 3;
    else if (value === 0) at++;
    else if (buffer[at - 1] === 0 && buffer[at - 2] === 0) return at - 2;
    else at += 3;
  }
  return -1;
}

function withoutZeros(buffer: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && buffer[end - 1] === 0) end--;
  return end;
}
