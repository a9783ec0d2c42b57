/** Puts NAL units into RTP packets, as the RFCs require and as cameras do. */
import { type ReceivedUnit, rtpPacket } from './rtp.ts';

export interface Payload {
  readonly payload: Buffer;
  readonly timestamp: number;
  readonly isMarked?: boolean;
}

/** Packets with sequence numbers from 1 on. */
export function sent(payloads: readonly Payload[], firstSequence = 1): Buffer[] {
  return payloads.map((fields, index) => rtpPacket({ ...fields, sequence: firstSequence + index }));
}

/** H.264 fragments (FU-A) with at most `size` bytes of the NAL unit in each. */
export function fuA(nal: Buffer, size: number): Buffer[] {
  return fragments(nal, 1, size).map(({ part, flags }) =>
    Buffer.concat([Buffer.from([(nal[0]! & 0xe0) | 28, flags | (nal[0]! & 0x1f)]), part]),
  );
}

/** H.265 fragments. */
export function h265Fragments(nal: Buffer, size: number): Buffer[] {
  return fragments(nal, 2, size).map(({ part, flags }) =>
    Buffer.concat([
      Buffer.from([(nal[0]! & 0x81) | (49 << 1), nal[1]!, flags | ((nal[0]! >> 1) & 0x3f)]),
      part,
    ]),
  );
}

function fragments(nal: Buffer, headerBytes: number, size: number): { part: Buffer; flags: number }[] {
  const parts: Buffer[] = [];
  for (let at = headerBytes; at < nal.length; at += size) parts.push(nal.subarray(at, at + size));
  return parts.map((part, i) => ({
    part,
    flags: (i === 0 ? 0x80 : 0) | (i === parts.length - 1 ? 0x40 : 0),
  }));
}

/** NAL units, each after its length in two bytes, after the header of the packet. */
export function aggregated(header: Buffer | string, nals: readonly Buffer[]): Buffer {
  const head = typeof header === 'string' ? Buffer.from(header, 'hex') : header;
  return Buffer.concat([head, ...nals.flatMap((nal) => [uint16(nal.length), nal])]);
}

export const stapA = (nals: readonly Buffer[]): Buffer => aggregated('18', nals);

export function annexB(nals: readonly Buffer[], startCode = '00000001'): Buffer {
  const code = Buffer.from(startCode, 'hex');
  return Buffer.concat(nals.flatMap((nal, i) => (i === 0 ? [nal] : [code, nal])));
}

/** A payload per NAL unit, with the marker on the last one of each picture. */
export function singles(pictures: readonly { nals: readonly Buffer[]; timestamp: number }[]): Payload[] {
  return pictures.flatMap(({ nals, timestamp }) =>
    nals.map((payload, i) => ({ payload, timestamp, isMarked: i === nals.length - 1 })),
  );
}

/** The bytes of units, for comparison. */
export const hexOf = (units: readonly ReceivedUnit[]): string[] =>
  units.map(({ bytes }) => bytes.toString('hex'));

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
