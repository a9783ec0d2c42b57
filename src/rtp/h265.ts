/** H.265 in RTP: RFC 7798, without decoding order numbers. */
import { h265NalType } from '../codecs/h265.ts';
import { type ReadNalPayload, readAggregate } from './nal-depacketizer.ts';

/** Payload structures (4.4). */
const aggregation = 48;
const fragmentation = 49;
const isStart = 0x80;
const isEnd = 0x40;

export const readH265Payload: ReadNalPayload = (nals, buffer, from, to) => {
  if (to - from < 3) return;
  const type = h265NalType(buffer[from]!);
  if (type < aggregation) nals.whole(buffer, from, to);
  else if (type === aggregation) readAggregate(nals, buffer, from + 2, to);
  else if (type === fragmentation) {
    // As with H.264, the type is taken from the first fragment, and the NAL unit ends where the next one begins.
    const header = buffer[from + 2]!;
    if (header & isStart) nals.open((buffer[from]! & 0x81) | ((header & 0x3f) << 1), buffer[from + 1]!);
    if (!nals.isOpen) return;
    nals.fragment(buffer, from + 3, to);
    if (header & isEnd) nals.close();
  }
};
