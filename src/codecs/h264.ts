/** H.264: ISO/IEC 14496-10. */
import { BitReader, CodecError, withoutTrailingZeros } from './bits.ts';
import { avcCodecString } from './codec-string.ts';
import type { VideoFormat } from './format.ts';
import { type Colour, type PixelAspect, readColour, readPixelAspect } from './video-usability.ts';

/** NAL unit types (table 7-1). */
export const h264Nal = {
  slice: 1,
  partitionA: 2,
  partitionC: 4,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  delimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  filler: 12,
} as const;

/** @param header the NAL unit's first byte */
export const h264NalType = (header: number): number => header & 0x1f;

export interface H264Sps {
  readonly id: number;
  readonly profile: number;
  /** constraint_set0_flag is the highest bit. */
  readonly constraints: number;
  readonly level: number;
  /** 0: grey, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4. */
  readonly chromaFormat: number;
  readonly hasSeparatePlanes: boolean;
  readonly lumaDepth: number;
  readonly chromaDepth: number;
  readonly frameNumBits: number;
  readonly isFramesOnly: boolean;
  /** The shown part of the picture, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly pixelAspect: PixelAspect | undefined;
  readonly colour: Colour | undefined;
  /** How many pictures may come before one that is shown earlier; undefined if the stream does not say it. */
  readonly reorderDepth: number | undefined;
}

const baseline = 66;
/** Profiles whose parameter sets contain chroma format and bit depth (7.3.2.1.1). */
const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** With constraint_set3_flag these profiles have only intra pictures (E.2.1). */
const intraProfiles = new Set([44, 86, 100, 110, 122, 244]);
const constraintSet3 = 0x10;
const largestSide = 16_384;
const macroblock = 16;
const deepestReorder = 16;

/**
 * Reads a sequence parameter set. Bytes after it are ignored; damaged video usability information counts as absent.
 * @param nal the NAL unit without start code
 * @throws CodecError
 */
export function parseH264Sps(nal: Buffer): H264Sps {
  if (nal.length < 5 || h264NalType(nal[0]!) !== h264Nal.sps) throw new CodecError('This is no H.264 SPS.');
  const bits = new BitReader(true).open(nal, 1, nal.length);
  const profile = bits.bits(8);
  const constraints = bits.bits(8);
  const level = bits.bits(8);
  const id = bits.ueUpTo(31, 'SPS id');
  const depths = highProfiles.has(profile) ? readDepths(bits) : eightBit420;
  const frameNumBits = bits.ueUpTo(12, 'log2_max_frame_num_minus4') + 4;
  const orderType = readOrderCount(bits);
  bits.ue();
  bits.skip(1);
  const codedWidth = (bits.ueUpTo(largestSide / macroblock - 1, 'picture width') + 1) * macroblock;
  const mapUnits = bits.ueUpTo(largestSide / macroblock - 1, 'picture height') + 1;
  const isFramesOnly = bits.flag();
  const codedHeight = mapUnits * macroblock * (isFramesOnly ? 1 : 2);
  if (!isFramesOnly) bits.skip(1);
  bits.skip(1);
  const size = readCropping(bits, codedWidth, codedHeight, depths, isFramesOnly);
  const usability = readUsability(bits);
  const isInOrder =
    profile === baseline ||
    orderType === 2 ||
    (intraProfiles.has(profile) && (constraints & constraintSet3) !== 0);
  return {
    id,
    profile,
    constraints,
    level,
    chromaFormat: depths.chromaFormat,
    hasSeparatePlanes: depths.hasSeparatePlanes,
    lumaDepth: depths.lumaDepth,
    chromaDepth: depths.chromaDepth,
    frameNumBits,
    isFramesOnly,
    width: size.width,
    height: size.height,
    pixelAspect: usability.pixelAspect,
    colour: usability.colour,
    reorderDepth: isInOrder ? 0 : usability.reorderDepth,
  };
}

type Depths = Pick<H264Sps, 'chromaFormat' | 'hasSeparatePlanes' | 'lumaDepth' | 'chromaDepth'>;

const eightBit420: Depths = { chromaFormat: 1, hasSeparatePlanes: false, lumaDepth: 8, chromaDepth: 8 };

function readDepths(bits: BitReader): Depths {
  const chromaFormat = bits.ueUpTo(3, 'chroma format');
  const hasSeparatePlanes = chromaFormat === 3 && bits.flag();
  const lumaDepth = bits.ueUpTo(6, 'bit depth less 8') + 8;
  const chromaDepth = bits.ueUpTo(6, 'bit depth less 8') + 8;
  bits.skip(1);
  if (bits.flag()) {
    const lists = chromaFormat === 3 ? 12 : 8;
    for (let i = 0; i < lists; i++) if (bits.flag()) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  return { chromaFormat, hasSeparatePlanes, lumaDepth, chromaDepth };
}

function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  for (let i = 0; i < size; i++) {
    last = (last + bits.se() + 256) & 0xff;
    if (last === 0) return;
  }
}

/** Reads pic_order_cnt_type and its fields. @returns the type */
function readOrderCount(bits: BitReader): number {
  const type = bits.ueUpTo(2, 'pic_order_cnt_type');
  if (type === 0) bits.ueUpTo(12, 'log2_max_pic_order_cnt_lsb_minus4');
  if (type === 1) {
    bits.skip(1);
    bits.se();
    bits.se();
    for (let left = bits.ueUpTo(255, 'length of the picture order cycle'); left > 0; left--) bits.se();
  }
  return type;
}

function readCropping(
  bits: BitReader,
  codedWidth: number,
  codedHeight: number,
  { chromaFormat, hasSeparatePlanes }: Depths,
  isFramesOnly: boolean,
): { width: number; height: number } {
  const coded = { width: codedWidth, height: codedHeight };
  if (!bits.flag()) return coded;
  const [left, right, top, bottom] = [bits.ue(), bits.ue(), bits.ue(), bits.ue()];
  const isHalfWidth = !hasSeparatePlanes && (chromaFormat === 1 || chromaFormat === 2);
  const isHalfHeight = !hasSeparatePlanes && chromaFormat === 1;
  const width = codedWidth - (left + right) * (isHalfWidth ? 2 : 1);
  const height = codedHeight - (top + bottom) * (isHalfHeight ? 2 : 1) * (isFramesOnly ? 1 : 2);
  // Cropping that leaves nothing is an error of the camera, which ffmpeg ignores, too.
  return width > 0 && height > 0 ? { width, height } : coded;
}

type Usability = Pick<H264Sps, 'pixelAspect' | 'colour' | 'reorderDepth'>;

/** Reads vui_parameters (E.1.1). */
function readUsability(bits: BitReader): Usability {
  let pixelAspect: PixelAspect | undefined;
  let colour: Colour | undefined;
  let reorderDepth: number | undefined;
  try {
    if (bits.flag()) {
      pixelAspect = readPixelAspect(bits);
      colour = readColour(bits);
      reorderDepth = readReorderDepth(bits);
    }
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
  }
  return { pixelAspect, colour, reorderDepth };
}

function readReorderDepth(bits: BitReader): number | undefined {
  if (bits.flag()) bits.skip(65);
  const hasNalBuffer = bits.flag();
  if (hasNalBuffer) skipBufferModel(bits);
  const hasSliceBuffer = bits.flag();
  if (hasSliceBuffer) skipBufferModel(bits);
  if (hasNalBuffer || hasSliceBuffer) bits.skip(1);
  bits.skip(1);
  if (!bits.flag()) return undefined;
  bits.skip(1);
  for (let i = 0; i < 4; i++) bits.ue();
  const depth = bits.ue();
  const buffered = bits.ue();
  return depth <= buffered && depth <= deepestReorder ? depth : undefined;
}

/** hrd_parameters (E.1.2) */
function skipBufferModel(bits: BitReader): void {
  const count = bits.ueUpTo(31, 'cpb_cnt_minus1') + 1;
  bits.skip(8);
  for (let i = 0; i < count; i++) {
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  bits.skip(20);
}

/**
 * Reads the ids of a picture parameter set and of its sequence parameter set.
 * @throws CodecError
 */
export function parseH264Pps(nal: Buffer): { readonly id: number; readonly spsId: number } {
  if (nal.length < 2 || h264NalType(nal[0]!) !== h264Nal.pps) throw new CodecError('This is no H.264 PPS.');
  const bits = new BitReader(true).open(nal, 1, nal.length);
  return { id: bits.ueUpTo(255, 'PPS id'), spsId: bits.ueUpTo(31, 'SPS id') };
}

/**
 * The format of slices that refer to these parameter sets.
 * @param sps size and profile are read from the first
 * @param needsSets whether the stream itself holds no parameter sets
 * @throws CodecError
 */
export function h264Format(sps: readonly Buffer[], pps: readonly Buffer[], needsSets = false): VideoFormat {
  const [first] = sps;
  if (!first) throw new CodecError('There is no SPS.');
  const facts = parseH264Sps(first);
  const { profile, width, height, chromaFormat, lumaDepth, chromaDepth } = facts;
  return {
    kind: 'video',
    codec: 'h264',
    codecString: avcCodecString('avc1', first.subarray(1, 4)),
    vps: [],
    sps: sps.map(withoutTrailingZeros),
    pps: pps.map(withoutTrailingZeros),
    width,
    height,
    pixelAspect: facts.pixelAspect,
    reorderDepth: facts.reorderDepth,
    key: `h264 ${profile} ${width}x${height} ${chromaFormat} ${lumaDepth} ${chromaDepth}`,
    needsSets,
  };
}
