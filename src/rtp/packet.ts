const headerBytes = 12;
const version = 2;

/** The header of an RTP packet (RFC 3550, 5.1). The object is reused, so that nothing is allocated. */
export class RtpPacket {
  isMarked = false;
  payloadType = 0;
  sequence = 0;
  /** 32 bits, unsigned, like `ssrc`. */
  timestamp = 0;
  ssrc = 0;
  /** The payload's beginning and end in the buffer. */
  from = 0;
  to = 0;

  /** @returns false if the bytes are no RTP packet */
  read(buffer: Buffer, from: number, to: number): boolean {
    if (to - from < headerBytes) return false;
    const first = buffer[from]!;
    if (first >> 6 !== version) return false;
    this.isMarked = (buffer[from + 1]! & 0x80) !== 0;
    this.payloadType = buffer[from + 1]! & 0x7f;
    this.sequence = (buffer[from + 2]! << 8) | buffer[from + 3]!;
    this.timestamp = uint32(buffer, from + 4);
    this.ssrc = uint32(buffer, from + 8);
    this.from = from + headerBytes + (first & 0xf) * 4;
    this.to = to;
    if ((first & 0x10) !== 0) {
      if (this.from + 4 > to) return false;
      this.from += 4 + ((buffer[this.from + 2]! << 8) | buffer[this.from + 3]!) * 4;
    }
    // Some cameras set the padding bit without padding: an impossible count is ignored.
    if ((first & 0x20) !== 0 && this.from + buffer[to - 1]! <= to) this.to -= buffer[to - 1]!;
    return this.from <= this.to;
  }
}

function uint32(buffer: Buffer, at: number): number {
  return buffer[at]! * 0x1000000 + ((buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!);
}
