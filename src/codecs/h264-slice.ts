/** The beginning of H.264 slices (ISO/IEC 14496-10, 7.3.3). Objects are reused, so that nothing is allocated. */
import { BitReader, CodecError } from './bits.ts';
import { type H264Sps, h264Nal, h264NalType } from './h264.ts';

const reader = new BitReader(true);

export interface H264SliceStart {
  /** 0 in the first slice of a picture. */
  firstMacroblock: number;
  /** 0 or 5: P, 1 or 6: B, 2 or 7: I. */
  sliceType: number;
  ppsId: number;
}

/**
 * Whether a slice is the first of its picture, read from one byte.
 * @param at the first byte after the NAL unit's header
 */
export const isFirstH264Slice = (buffer: Buffer, at: number): boolean => (buffer[at]! & 0x80) !== 0;

/**
 * Reads the beginning of a slice. Returns false if the bytes are no slice.
 * @param from the first byte after the NAL unit's header of one byte
 */
export function readH264SliceStart(buffer: Buffer, from: number, to: number, into: H264SliceStart): boolean {
  try {
    readStart(buffer, from, to, into);
    return into.ppsId <= 255;
  } catch (error) {
    return rethrown(error);
  }
}

export interface H264FieldStart extends H264SliceStart {
  frameNum: number;
  /** Whether the slice belongs to a field, not to a frame. */
  isField: boolean;
  isBottom: boolean;
  isReference: boolean;
  isIdr: boolean;
}

/** An object that readH264FieldStart fills. */
export function noField(): H264FieldStart {
  return {
    firstMacroblock: 0,
    sliceType: 0,
    ppsId: 0,
    frameNum: 0,
    isField: false,
    isBottom: false,
    isReference: false,
    isIdr: false,
  };
}

/**
 * Reads what distinguishes the two fields of a frame. Returns false if the bytes are no slice.
 * @param header the NAL unit's header
 * @param from the first byte after the header
 * @param sps the SPS that the slice's PPS refers to
 */
export function readH264FieldStart(
  sps: H264Sps,
  header: number,
  buffer: Buffer,
  from: number,
  to: number,
  into: H264FieldStart,
): boolean {
  try {
    readStart(buffer, from, to, into);
    if (sps.hasSeparatePlanes) reader.skip(2);
    into.frameNum = reader.bits(sps.frameNumBits);
    into.isField = !sps.isFramesOnly && reader.flag();
    into.isBottom = into.isField && reader.flag();
    into.isReference = (header & 0x60) !== 0;
    into.isIdr = h264NalType(header) === h264Nal.idr;
    return true;
  } catch (error) {
    return rethrown(error);
  }
}

/** Whether the field `second`, which follows `first`, belongs to the same frame (3.30, 7.4.1.2.4). */
export function isSecondField(first: H264FieldStart, second: H264FieldStart): boolean {
  return (
    first.isField &&
    second.isField &&
    first.isBottom !== second.isBottom &&
    first.frameNum === second.frameNum &&
    first.isReference === second.isReference &&
    // The second field of an IDR picture may be predicted from the first, and is then no IDR field. The reverse is
    // impossible.
    (!second.isIdr || first.isIdr)
  );
}

function readStart(buffer: Buffer, from: number, to: number, into: H264SliceStart): void {
  reader.open(buffer, from, to);
  into.firstMacroblock = reader.ue();
  into.sliceType = reader.ue();
  into.ppsId = reader.ue();
}

function rethrown(error: unknown): false {
  if (error instanceof CodecError) return false;
  throw error;
}
