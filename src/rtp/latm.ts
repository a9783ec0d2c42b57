/** AAC in LATM in RTP: RFC 3016 and 6416; the stream format is of ISO/IEC 14496-3, 1.7.3. */
import { aacFormat, readAacConfig } from '../codecs/aac.ts';
import { BitReader, CodecError } from '../codecs/bits.ts';
import type { SoundFormat } from '../codecs/format.ts';
import type { AacTrack } from './aac-track.ts';
import type { Depacketizer } from './depacketizer.ts';
import type { RtpPacket } from './packet.ts';

const mostBytes = 64 * 1024;

/** The content of a StreamMuxConfig (1.7.3.2.3). */
interface Multiplex {
  readonly format: SoundFormat;
  /** Frames per element. */
  readonly frames: number;
}

/** Reads a track's `config`, which some cameras write as if it were RFC 3640's. */
export function describedLatm(config: string | undefined): Multiplex | undefined {
  if (!config) return undefined;
  const bytes = Buffer.from(config, 'hex');
  // GStreamer leaves out the fields after the AudioSpecificConfig, which would be zero.
  const whole = Buffer.concat([bytes, Buffer.alloc(2)]);
  return (
    readable(() => readMultiplex(new BitReader(false).open(whole, 0, whole.length))) ??
    readable(() => ({ format: aacFormat(bytes), frames: 1 }))
  );
}

/** Reads a StreamMuxConfig. After that, the reader is at its end. */
function readMultiplex(bits: BitReader): Multiplex {
  const version = bits.bits(1);
  if (version === 1) {
    if (bits.flag()) throw new CodecError('This version of LATM is not known.');
    readValue(bits);
  }
  bits.skip(1);
  const frames = bits.bits(6) + 1;
  if (bits.bits(4) !== 0 || bits.bits(3) !== 0)
    throw new CodecError('LATM with several programs is not known.');
  const configBits = version === 1 ? readValue(bits) : 0;
  const begin = bits.position;
  const format = readAacConfig(bits);
  if (version === 1) bits.skip(Math.max(0, configBits - (bits.position - begin)));
  if (bits.bits(3) !== 0) throw new CodecError('LATM with frames of a fixed size is not known.');
  bits.skip(8);
  if (bits.flag()) skipOtherData(bits, version);
  if (bits.flag()) bits.skip(8);
  return { format, frames };
}

function skipOtherData(bits: BitReader, version: number): void {
  if (version === 1) {
    readValue(bits);
    return;
  }
  for (let isMore = true; isMore; bits.skip(8)) isMore = bits.flag();
}

/** LatmGetValue (table 1.43) */
function readValue(bits: BitReader): number {
  return bits.bits((bits.bits(2) + 1) * 8);
}

function readable<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

export class LatmDepacketizer implements Depacketizer {
  readonly #track: AacTrack;
  /** Whether the stream itself contains the configuration. */
  readonly #isInBand: boolean;
  readonly #bits = new BitReader(false);
  #multiplex: Multiplex | undefined;
  /** The bytes so far of an element that is sent in several packets. */
  #gathered: Buffer = Buffer.alloc(0);
  #gatheredBytes = 0;
  #isWhole = true;

  /** @param multiplex the configuration in the description */
  constructor(multiplex: Multiplex | undefined, isInBand: boolean, track: AacTrack) {
    this.#multiplex = multiplex;
    this.#isInBand = isInBand;
    this.#track = track;
  }

  /** The marker is on the last packet of an element (RFC 6416, 6.1). */
  packet(buffer: Buffer, packet: RtpPacket, arrivedAt: number, isAfterLoss: boolean): void {
    const { from, to, timestamp, isMarked } = packet;
    if (isAfterLoss) {
      // If no packet with the marker came before this one, it may hold the rest of an element.
      this.#isWhole = this.#gatheredBytes === 0;
      this.#gatheredBytes = 0;
    }
    if (isMarked && this.#gatheredBytes === 0) {
      if (this.#isWhole) this.#element(buffer, from, to, timestamp, arrivedAt, isAfterLoss);
    } else {
      this.#gather(buffer, from, to);
      if (isMarked && this.#isWhole) {
        this.#element(this.#gathered, 0, this.#gatheredBytes, timestamp, arrivedAt, isAfterLoss);
      }
    }
    if (!isMarked) return;
    this.#gatheredBytes = 0;
    this.#isWhole = true;
  }

  close(): void {
    this.#track.close();
  }

  #gather(buffer: Buffer, from: number, to: number): void {
    const bytes = this.#gatheredBytes + to - from;
    if (bytes > mostBytes) this.#isWhole = false;
    if (!this.#isWhole) return;
    if (bytes > this.#gathered.length) {
      const larger = Buffer.allocUnsafeSlow(bytes * 2);
      this.#gathered.copy(larger, 0, 0, this.#gatheredBytes);
      this.#gathered = larger;
    }
    buffer.copy(this.#gathered, this.#gatheredBytes, from, to);
    this.#gatheredBytes = bytes;
  }

  /** AudioMuxElement (1.7.3.1) */
  #element(
    buffer: Buffer,
    from: number,
    to: number,
    timestamp: number,
    arrivedAt: number,
    isAfterLoss: boolean,
  ): void {
    try {
      const bits = this.#bits.open(buffer, from, to);
      if (this.#isInBand && !bits.flag()) {
        this.#multiplex = readMultiplex(bits);
        this.#track.describe(this.#multiplex.format);
      }
      if (!this.#multiplex) return;
      this.#track.beginPacket(timestamp, isAfterLoss);
      this.#frames(buffer, from, to, bits.position, timestamp, arrivedAt);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  }

  /** PayloadLengthInfo and PayloadMux, `frames` times. Lengths are in bytes, but payloads begin at any bit. */
  #frames(
    buffer: Buffer,
    from: number,
    to: number,
    firstBit: number,
    timestamp: number,
    arrivedAt: number,
  ): void {
    let bit = firstBit;
    const last = (to - from) * 8;
    for (let i = 0; i < this.#multiplex!.frames; i++) {
      let bytes = 0;
      for (let part = 255; part === 255; bit += 8) {
        if (bit + 8 > last) return;
        part = byteAt(buffer, from, bit);
        bytes += part;
      }
      if (bytes === 0) continue;
      if (bit + bytes * 8 > last) return;
      const stamp = timestamp + i * this.#track.frameTicks;
      if ((bit & 7) === 0) {
        const at = from + (bit >> 3);
        this.#track.unit(buffer, at, at + bytes, stamp, arrivedAt);
      } else {
        const aligned = Buffer.allocUnsafe(bytes);
        for (let j = 0; j < bytes; j++) aligned[j] = byteAt(buffer, from, bit + j * 8);
        this.#track.unit(aligned, 0, bytes, stamp, arrivedAt);
      }
      bit += bytes * 8;
    }
  }
}

/** Eight bits from any bit position. */
function byteAt(buffer: Buffer, from: number, bit: number): number {
  const at = from + (bit >> 3);
  const shift = bit & 7;
  if (shift === 0) return buffer[at]!;
  return ((buffer[at]! << shift) | (buffer[at + 1]! >> (8 - shift))) & 0xff;
}
