/** RTP control packets (RFC 3550, 6). */

/** Packet types (12.1). */
const senderReport = 200;
const receiverReport = 201;
const sourceDescription = 202;
const bye = 203;
const cname = 1;
const secondsFrom1900To1970 = 2_208_988_800;
/** NTP seconds wrap in 2036: values in the lower half count as after 2036. */
const secondsOfEra = 2 ** 32;

export interface ControlHandler {
  /**
   * @param ntpMs the sender's wall clock in milliseconds since 1970
   * @param ntpMiddle the middle 32 bits of its NTP time, which the receiver report sends back
   * @param timestamp of the track at that time
   */
  senderReport(ssrc: number, ntpMs: number, ntpMiddle: number, timestamp: number): void;
  bye(ssrc: number): void;
}

/** Reads a compound packet as far as it is whole: Hanwha's source description lacks its end. */
export function readControlPackets(buffer: Buffer, from: number, to: number, handler: ControlHandler): void {
  let at = from;
  while (at + 8 <= to && buffer[at]! >> 6 === 2) {
    const end = at + 4 + buffer.readUInt16BE(at + 2) * 4;
    const type = buffer[at + 1]!;
    if (type === senderReport && at + 28 <= to) readSenderReport(buffer, at, handler);
    if (type === bye) {
      const count = buffer[at]! & 0x1f;
      for (let i = 0; i < count && at + 8 + i * 4 <= to; i++)
        handler.bye(buffer.readUInt32BE(at + 4 + i * 4));
    }
    at = end;
  }
}

function readSenderReport(buffer: Buffer, at: number, handler: ControlHandler): void {
  const seconds = buffer.readUInt32BE(at + 8);
  const fraction = buffer.readUInt32BE(at + 12);
  // 0 says that the sender has no clock (6.4.1).
  if (seconds === 0 && fraction === 0) return;
  const era = seconds < secondsOfEra / 2 ? secondsOfEra : 0;
  const ntpMs = (seconds + era - secondsFrom1900To1970) * 1000 + (fraction / 2 ** 32) * 1000;
  const ntpMiddle = (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0;
  handler.senderReport(buffer.readUInt32BE(at + 4), ntpMs, ntpMiddle, buffer.readUInt32BE(at + 16));
}

export interface ReportBlock {
  readonly ssrc: number;
  /** In 256ths. */
  readonly fractionLost: number;
  readonly lost: number;
  readonly highest: number;
  readonly jitter: number;
  /** The middle 32 bits of the last sender report's NTP time. */
  readonly lastReport: number;
  /** How long ago that report came, in 65,536ths of a second. */
  readonly sinceLastReport: number;
}

/**
 * A receiver report followed by a source description, as a compound packet must have (6.1).
 * @param name of this receiver: the same in all sessions of one run
 */
export function buildReceiverReport(ssrc: number, name: string, block: ReportBlock | undefined): Buffer {
  const reportBytes = block ? 32 : 8;
  const nameBytes = Buffer.byteLength(name);
  // A chunk ends with at least one zero byte and is a whole number of words.
  const chunkBytes = Math.ceil((4 + 2 + nameBytes + 1) / 4) * 4;
  const bytes = Buffer.alloc(reportBytes + 4 + chunkBytes);
  bytes[0] = 0x80 | (block ? 1 : 0);
  bytes[1] = receiverReport;
  bytes.writeUInt16BE(reportBytes / 4 - 1, 2);
  bytes.writeUInt32BE(ssrc, 4);
  if (block) {
    bytes.writeUInt32BE(block.ssrc, 8);
    bytes[12] = block.fractionLost;
    bytes.writeUIntBE(block.lost, 13, 3);
    bytes.writeUInt32BE(block.highest, 16);
    bytes.writeUInt32BE(block.jitter, 20);
    bytes.writeUInt32BE(block.lastReport, 24);
    bytes.writeUInt32BE(block.sinceLastReport, 28);
  }
  bytes[reportBytes] = 0x81;
  bytes[reportBytes + 1] = sourceDescription;
  bytes.writeUInt16BE(chunkBytes / 4, reportBytes + 2);
  bytes.writeUInt32BE(ssrc, reportBytes + 4);
  bytes[reportBytes + 8] = cname;
  bytes[reportBytes + 9] = nameBytes;
  bytes.write(name, reportBytes + 10);
  return bytes;
}
