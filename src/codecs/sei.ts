/** Supplemental enhancement information has the same form in H.264 (ISO/IEC 14496-10, 7.3.2.3) and H.265 (7.3.5). */
import { BitReader, CodecError } from './bits.ts';

const recoveryPointType = 6;
const reader = new BitReader(true);

/**
 * Reads the first number of the recovery point message: after how many pictures a decoder that begins here shows
 * correct ones. H.264 counts frames (`recovery_frame_cnt`), H.265 pictures in output order, with a sign
 * (`recovery_poc_cnt`, read here as an unsigned exp-Golomb number). Undefined if there is no such message.
 * @param from the first byte after the NAL unit's header
 */
export function recoveryPoint(buffer: Buffer, from: number, to: number): number | undefined {
  let at = from;
  // The last byte of the NAL unit holds only the trailing bit. A message has at least two bytes before that: type and
  // size.
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
    at = afterPayload(buffer, at, to, bytes);
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

/** Finds the end of a payload of `bytes` bytes, which do not count emulation prevention bytes (a 3 after two zeros). */
function afterPayload(buffer: Buffer, from: number, to: number, bytes: number): number {
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
