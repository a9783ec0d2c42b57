/** AAC in RTP: RFC 3640, high and low bit rate. */
import { aacFormat } from '../codecs/aac.ts';
import { CodecError } from '../codecs/bits.ts';
import type { SoundFormat } from '../codecs/format.ts';
import type { AacTrack } from './aac-track.ts';
import type { Depacketizer } from './depacketizer.ts';
import type { RtpPacket } from './packet.ts';

/** No frame of AAC is larger: 768 bytes for each of 48 channels (ISO/IEC 14496-3, 4.5.3.1). */
const mostBytes = 768 * 48;
const modes: Readonly<Record<string, readonly [number, number, number]>> = {
  'aac-hbr': [13, 3, 3],
  'aac-lbr': [6, 2, 2],
};

/** The format in a track's `config`; undefined if it is missing or cannot be read. */
export function describedAac(config: string | undefined): SoundFormat | undefined {
  if (!config) return undefined;
  try {
    return aacFormat(Buffer.from(config, 'hex'));
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** Widths of the fields of AU headers, in bits (RFC 3640, 3.2.1.1). */
interface HeaderFields {
  readonly size: number;
  readonly index: number;
  readonly indexDelta: number;
}

/**
 * The widths that a track's description gives. Many cameras leave them out: then those of the described mode are meant,
 * or those of `aac-hbr` if no mode is described.
 */
function headerFields(fmtp: ReadonlyMap<string, string>): HeaderFields {
  const mode = modes[fmtp.get('mode')?.toLowerCase() ?? ''] ?? modes['aac-hbr']!;
  const width = (name: string, usual: number) => {
    const value = Number(fmtp.get(name) ?? usual);
    return Number.isInteger(value) && value >= 0 && value <= 24 ? value : usual;
  };
  if (!fmtp.has('sizelength')) return { size: mode[0], index: mode[1], indexDelta: mode[2] };
  return {
    size: width('sizelength', mode[0]),
    index: width('indexlength', 0),
    indexDelta: width('indexdeltalength', 0),
  };
}

export class AacDepacketizer implements Depacketizer {
  readonly #track: AacTrack;
  readonly #fields: HeaderFields;
  /** The bytes so far of a frame that continues in the next packet; there is no such frame if `#wantedBytes` is 0. */
  #fragment: Buffer = Buffer.alloc(0);
  #fragmentBytes = 0;
  #wantedBytes = 0;
  #fragmentTimestamp = 0;

  constructor(fmtp: ReadonlyMap<string, string>, track: AacTrack) {
    this.#track = track;
    this.#fields = headerFields(fmtp);
  }

  packet(buffer: Buffer, packet: RtpPacket, arrivedAt: number, isAfterLoss: boolean): void {
    const { from, to, timestamp } = packet;
    const isGoingOn = this.#wantedBytes > 0 && timestamp === this.#fragmentTimestamp;
    if (!isGoingOn) {
      this.#wantedBytes = 0;
      this.#track.beginPacket(timestamp, isAfterLoss);
    }
    if (this.#fields.size === 0) {
      this.#track.unit(buffer, from, to, timestamp, arrivedAt);
      return;
    }
    if (to - from < 2) return;
    const headerBits = (buffer[from]! << 8) | buffer[from + 1]!;
    const data = from + 2 + ((headerBits + 7) >> 3);
    if (data > to) {
      // Some cameras send ADTS frames without AU headers. Read as a length, the beginning of such a frame is
      // impossible.
      this.#track.unit(buffer, from, to, timestamp, arrivedAt);
    } else if (isGoingOn) {
      this.#goOn(buffer, data, to, arrivedAt);
    } else {
      this.#units(buffer, from + 2, headerBits, data, packet, arrivedAt);
    }
  }

  close(): void {
    this.#track.close();
  }

  #units(
    buffer: Buffer,
    headers: number,
    headerBits: number,
    data: number,
    packet: RtpPacket,
    arrivedAt: number,
  ): void {
    const { size, index, indexDelta } = this.#fields;
    let at = data;
    let count = 0;
    for (let bit = 0; bit + size <= headerBits; bit += size + (bit === 0 ? index : indexDelta)) {
      const bytes = readBits(buffer, headers, bit, size);
      if (bytes > packet.to - at) {
        // A frame continues in the next packet only if it is alone in this one (3.2.3.2).
        if (at === data) this.#beginFragment(buffer, at, packet, bytes);
        return;
      }
      const timestamp = packet.timestamp + count * this.#track.frameTicks;
      if (bytes > 0) count += this.#track.unit(buffer, at, at + bytes, timestamp, arrivedAt);
      at += bytes;
    }
  }

  #beginFragment(buffer: Buffer, from: number, packet: RtpPacket, bytes: number): void {
    if (bytes > mostBytes) return;
    if (this.#fragment.length < bytes) this.#fragment = Buffer.allocUnsafeSlow(bytes);
    this.#wantedBytes = bytes;
    this.#fragmentTimestamp = packet.timestamp;
    this.#fragmentBytes = buffer.copy(this.#fragment, 0, from, packet.to);
  }

  #goOn(buffer: Buffer, from: number, to: number, arrivedAt: number): void {
    const end = Math.min(to, from + this.#wantedBytes - this.#fragmentBytes);
    this.#fragmentBytes += buffer.copy(this.#fragment, this.#fragmentBytes, from, end);
    if (this.#fragmentBytes < this.#wantedBytes) return;
    this.#wantedBytes = 0;
    this.#track.unit(this.#fragment, 0, this.#fragmentBytes, this.#fragmentTimestamp, arrivedAt);
  }
}

/** @param count at most 24 */
function readBits(buffer: Buffer, from: number, bit: number, count: number): number {
  let value = 0;
  let at = from + (bit >> 3);
  let bits = -(bit & 7);
  while (bits < count) {
    value = value * 256 + buffer[at++]!;
    bits += 8;
  }
  // At most 32 bits were read. The bits before and after the value are cut off.
  return (value >>> (bits - count)) & ((1 << count) - 1);
}
