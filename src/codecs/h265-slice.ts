/** The beginning of H.265 slices (ISO/IEC 23008-2, 7.3.6.1). Objects are reused, so that nothing is allocated. */
import { BitReader, CodecError } from './bits.ts';
import { isH265RandomAccess } from './h265.ts';

const reader = new BitReader(true);

export interface H265SliceStart {
  isFirst: boolean;
  ppsId: number;
}

/**
 * Whether a slice segment is the first of its picture, read from one byte.
 * @param at the first byte after the NAL unit's header of two bytes
 */
export const isFirstH265Slice = (buffer: Buffer, at: number): boolean => (buffer[at]! & 0x80) !== 0;

/**
 * Reads the beginning of a slice segment. Returns false if the bytes are none.
 * @param type the NAL unit's type
 * @param from the first byte after the NAL unit's header of two bytes
 */
export function readH265SliceStart(
  type: number,
  buffer: Buffer,
  from: number,
  to: number,
  into: H265SliceStart,
): boolean {
  try {
    reader.open(buffer, from, to);
    into.isFirst = reader.flag();
    if (isH265RandomAccess(type)) reader.skip(1);
    into.ppsId = reader.ue();
    return into.ppsId <= 63;
  } catch (error) {
    if (error instanceof CodecError) return false;
    throw error;
  }
}
