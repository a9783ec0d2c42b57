/** Supplemental enhancement information: the same bytes in H.264 (ISO/IEC 14496-10, 7.3.2.3) and H.265 (7.3.5). */
import { BitReader, CodecError } from './bits.ts';

const recoveryPointType = 6;
const reader = new BitReader(true);

/**
 * The first number of the recovery point message: a decoder which begins here shows right pictures after a while.
 * H.264 counts frames there (`recovery_frame_cnt`), H.265 pictures in the order in which they are shown, with a sign
 * (`recovery_poc_cnt` as an unsigned exp-Golomb number). Undefined where no message is one.
 * @param from behind the NAL unit's header
 */
export function recoveryPoint(buffer: Buffer, from: number, to: number): number | undefined {
  let at = from;
  // The last byte is the trailing bit's.
  while (at + 2 < to) {
    let type = 0;
    while (at < to && buffer[at] === 0xff) {
      type += 255;
      at++;
    }
    type += buffer[at++]!;
    let bytes = 0;
    while (at < to && buffer[at] === 0xff) {
      bytes += 255;
      at++;
    }
    if (at >= to) return undefined;
    bytes += buffer[at++]!;
    if (type === recoveryPointType) return firstNumber(buffer, at, to);
    at = behindPayload(buffer, at, to, bytes);
  }
  return undefined;
}

function firstNumber(buffer: Buffer, from: number, to: number): number | undefined {
  try {
    return reader.open(buffer, from, to).ue();
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** Payload sizes do not count the bytes that keep start codes from appearing (3 behind two zeros). */
function behindPayload(buffer: Buffer, from: number, to: number, bytes: number): number {
  let at = from;
  let zeros = 0;
  for (let left = bytes; left > 0 && at < to; at++) {
    const value = buffer[at]!;
    if (zeros >= 2 && value === 3) {
      zeros = 0;
      continue;
    }
    zeros = value === 0 ? zeros + 1 : 0;
    left--;
  }
  return at;
}
