/** H.265: ISO/IEC 23008-2. */
import { BitReader, CodecError, withoutTrailingZeros } from './bits.ts';
import { hevcCodecString } from './codec-string.ts';
import type { VideoFormat } from './format.ts';
import { readH265Usability } from './h265-usability.ts';
import type { Colour, PixelAspect } from './video-usability.ts';

/** NAL unit types (table 7-1). Up to 31 they are slices. */
export const h265Nal = {
  raslN: 8,
  raslR: 9,
  blaFirst: 16,
  blaLast: 18,
  idrWithLeading: 19,
  idr: 20,
  cra: 21,
  /** Types 16 to 23 are intra random access pictures. */
  randomAccessFirst: 16,
  randomAccessLast: 23,
  lastSlice: 31,
  vps: 32,
  sps: 33,
  pps: 34,
  delimiter: 35,
  endOfSequence: 36,
  endOfStream: 37,
  filler: 38,
  prefixSei: 39,
  suffixSei: 40,
} as const;

const headerBytes = 2;

/** @param header the NAL unit's first byte */
export const h265NalType = (header: number): number => (header >> 1) & 0x3f;

/** Whether a decoder can begin at pictures of this NAL unit type. */
export const isH265RandomAccess = (type: number): boolean =>
  type >= h265Nal.randomAccessFirst && type <= h265Nal.randomAccessLast;

/** Pictures that cannot be decoded if the decoder began at the CRA or BLA picture before them. */
export const isH265SkippedLeading = (type: number): boolean =>
  type === h265Nal.raslN || type === h265Nal.raslR;

export interface H265Sps {
  readonly id: number;
  /** Profile, compatibility, constraints and level, 12 bytes as in hvcC. */
  readonly profileTierLevel: Buffer;
  readonly temporalLayers: number;
  readonly isTemporalNested: boolean;
  /** 0: grey, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4. */
  readonly chromaFormat: number;
  readonly lumaDepth: number;
  readonly chromaDepth: number;
  /** The shown part of the picture, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly pixelAspect: PixelAspect | undefined;
  readonly colour: Colour | undefined;
  /** How many pictures may come before one that is shown earlier. */
  readonly reorderDepth: number | undefined;
}

const largestSide = 16_384;
const mostLayers = 7;
const deepestReorder = 16;

/**
 * Reads a sequence parameter set. Bytes after it are ignored; damaged video usability information counts as absent.
 * @param nal the NAL unit without start code
 * @throws CodecError
 */
export function parseH265Sps(nal: Buffer): H265Sps {
  if (nal.length < 16 || h265NalType(nal[0]!) !== h265Nal.sps) throw new CodecError('This is no H.265 SPS.');
  const bits = new BitReader(true).open(nal, headerBytes, nal.length);
  bits.skip(4);
  const temporalLayers = bits.bits(3) + 1;
  if (temporalLayers > mostLayers) throw new CodecError('An H.265 SPS has at most 7 temporal layers.');
  const isTemporalNested = bits.flag();
  const profileTierLevel = readProfile(bits, temporalLayers);
  const id = bits.ueUpTo(15, 'SPS id');
  const chromaFormat = bits.ueUpTo(3, 'chroma format');
  const hasSeparatePlanes = chromaFormat === 3 && bits.flag();
  const size = readSize(bits, hasSeparatePlanes ? 0 : chromaFormat);
  const lumaDepth = bits.ueUpTo(8, 'bit depth less 8') + 8;
  const chromaDepth = bits.ueUpTo(8, 'bit depth less 8') + 8;
  const orderCountBits = bits.ueUpTo(12, 'log2_max_pic_order_cnt_lsb_minus4') + 4;
  const reorderDepth = readReorderDepth(bits, temporalLayers);
  return {
    ...{ id, profileTierLevel, temporalLayers, isTemporalNested, chromaFormat, lumaDepth, chromaDepth },
    ...{ ...size, reorderDepth, ...readH265Usability(bits, orderCountBits) },
  };
}

/** profile_tier_level (7.3.3) */
function readProfile(bits: BitReader, temporalLayers: number): Buffer {
  const general = Buffer.alloc(12);
  for (let i = 0; i < general.length; i++) general[i] = bits.bits(8);
  const parts: number[] = [];
  for (let layer = 1; layer < temporalLayers; layer++) {
    parts.push((bits.flag() ? 88 : 0) + (bits.flag() ? 8 : 0));
  }
  if (temporalLayers > 1) bits.skip(2 * (9 - temporalLayers));
  for (const length of parts) bits.skip(length);
  return general;
}

function readSize(bits: BitReader, chromaArray: number): { width: number; height: number } {
  const coded = { width: bits.ue(), height: bits.ue() };
  if (coded.width > largestSide || coded.height > largestSide || coded.width * coded.height === 0) {
    throw new CodecError(`A picture cannot have ${coded.width}x${coded.height} pixels.`);
  }
  if (!bits.flag()) return coded;
  const [left, right, top, bottom] = [bits.ue(), bits.ue(), bits.ue(), bits.ue()];
  const width = coded.width - (left + right) * (chromaArray === 1 || chromaArray === 2 ? 2 : 1);
  const height = coded.height - (top + bottom) * (chromaArray === 1 ? 2 : 1);
  // Cropping that leaves nothing is an error of the camera, which ffmpeg ignores, too.
  return width > 0 && height > 0 ? { width, height } : coded;
}

/** sps_max_num_reorder_pics of the highest layer. */
function readReorderDepth(bits: BitReader, temporalLayers: number): number | undefined {
  const layers = bits.flag() ? temporalLayers : 1;
  let depth = 0;
  for (let layer = 0; layer < layers; layer++) {
    bits.ue();
    depth = bits.ue();
    bits.ue();
  }
  return depth <= deepestReorder ? depth : undefined;
}

/**
 * Reads the ids of a picture parameter set and of its sequence parameter set.
 * @throws CodecError
 */
export function parseH265Pps(nal: Buffer): { readonly id: number; readonly spsId: number } {
  if (nal.length < 3 || h265NalType(nal[0]!) !== h265Nal.pps) throw new CodecError('This is no H.265 PPS.');
  const bits = new BitReader(true).open(nal, headerBytes, nal.length);
  return { id: bits.ueUpTo(63, 'PPS id'), spsId: bits.ueUpTo(15, 'SPS id') };
}

/** Reads the id of a video parameter set: from the set itself, or from a sequence parameter set that refers to it. */
export const h265VpsId = (nal: Buffer): number => (nal[headerBytes] ?? 0) >> 4;

/**
 * The format of slices that refer to these parameter sets.
 * @param sps size and profile are read from the first
 * @param needsSets whether the stream itself holds no parameter sets
 * @throws CodecError
 */
export function h265Format(
  vps: readonly Buffer[],
  sps: readonly Buffer[],
  pps: readonly Buffer[],
  needsSets = false,
): VideoFormat {
  const [first] = sps;
  if (!first) throw new CodecError('There is no SPS.');
  const facts = parseH265Sps(first);
  const { profileTierLevel, width, height, chromaFormat, lumaDepth, chromaDepth } = facts;
  const profile = profileTierLevel[0]! & 0x1f;
  return {
    kind: 'video',
    codec: 'h265',
    codecString: hevcCodecString('hvc1', profileTierLevel),
    vps: vps.map(withoutTrailingZeros),
    sps: sps.map(withoutTrailingZeros),
    pps: pps.map(withoutTrailingZeros),
    width,
    height,
    pixelAspect: facts.pixelAspect,
    reorderDepth: facts.reorderDepth,
    key: `h265 ${profile} ${width}x${height} ${chromaFormat} ${lumaDepth} ${chromaDepth}`,
    needsSets,
  };
}
