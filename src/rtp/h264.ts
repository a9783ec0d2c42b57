/** H.264 in RTP: RFC 6184, without the interleaved mode. */
import { h264NalType } from '../codecs/h264.ts';
import { type ReadNalPayload, readAggregate } from './nal-depacketizer.ts';

/** Payload structures (5.2). */
const stapA = 24;
const fuA = 28;
const isStart = 0x80;
const isEnd = 0x40;

export const readH264Payload: ReadNalPayload = (nals, buffer, from, to) => {
  const type = h264NalType(buffer[from]!);
  if (type < stapA) nals.whole(buffer, from, to);
  else if (type === stapA) readAggregate(nals, buffer, from + 1, to);
  else if (type === fuA && to - from >= 2) {
    // Some cameras send fragments that are empty, that are first and last at once, that change the type, or that lack
    // the end. So the type is taken from the first fragment, and the NAL unit ends where the next one begins.
    const header = buffer[from + 1]!;
    if (header & isStart) nals.open((buffer[from]! & 0xe0) | (header & 0x1f), -1);
    if (!nals.isOpen) return;
    nals.fragment(buffer, from + 2, to);
    if (header & isEnd) nals.close();
  }
};
