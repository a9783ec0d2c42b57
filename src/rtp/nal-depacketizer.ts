import type { Depacketizer } from './depacketizer.ts';
import { NalUnits } from './nal-units.ts';
import type { RtpPacket } from './packet.ts';
import type { PictureAssembler } from './pictures.ts';

/** Passes the NAL units of one payload, which is not empty, to `nals`. */
export type ReadNalPayload = (nals: NalUnits, buffer: Buffer, from: number, to: number) => void;

/** The common part of the payload formats of H.264 and H.265. */
export class NalDepacketizer implements Depacketizer {
  readonly #pictures: PictureAssembler;
  readonly #nals: NalUnits;
  readonly #read: ReadNalPayload;

  constructor(pictures: PictureAssembler, read: ReadNalPayload) {
    this.#pictures = pictures;
    this.#nals = new NalUnits(pictures);
    this.#read = read;
  }

  packet(buffer: Buffer, packet: RtpPacket, arrivedAt: number, isAfterLoss: boolean): void {
    const { from, to, timestamp, isMarked } = packet;
    this.#pictures.beginPacket(timestamp, arrivedAt);
    if (isAfterLoss) {
      this.#pictures.lose();
      this.#nals.abort();
    }
    if (from < to) this.#read(this.#nals, buffer, from, to);
    this.#pictures.endPacket(isMarked, this.#nals.isOpen);
  }

  close(): void {
    this.#pictures.close();
  }
}

/** NAL units with their length in two bytes before each: both formats put several into one packet like this. */
export function readAggregate(nals: NalUnits, buffer: Buffer, from: number, to: number): void {
  let at = from;
  while (at + 2 < to) {
    const bytes = (buffer[at]! << 8) | buffer[at + 1]!;
    const end = at + 2 + bytes;
    // Some cameras pad the packet with zeros, which read as NAL units without bytes.
    if (end > to) return;
    nals.whole(buffer, at + 2, end);
    at = end;
  }
}
