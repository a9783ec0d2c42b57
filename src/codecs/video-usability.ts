/** The part of the video usability information that H.264 and H.265 have in common. */
import type { BitReader } from './bits.ts';

/** The colours of a stream, as numbers of ISO/IEC 23091-2. */
export interface Colour {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  readonly isFullRange: boolean;
}

export interface PixelAspect {
  readonly width: number;
  readonly height: number;
}

/** ISO/IEC 14496-10, table E-1, from aspect_ratio_idc 1 on. */
const pixelAspects: readonly (readonly [number, number])[] = [
  ...([
    [1, 1],
    [12, 11],
    [10, 11],
    [16, 11],
    [40, 33],
    [24, 11],
    [20, 11],
    [32, 11],
  ] as const),
  ...([
    [80, 33],
    [18, 11],
    [15, 11],
    [64, 33],
    [160, 99],
    [4, 3],
    [3, 2],
    [2, 1],
  ] as const),
];
const extendedAspect = 255;

/** Reads aspect_ratio_info_present_flag and its fields; undefined if the stream does not say the aspect ratio. */
export function readPixelAspect(bits: BitReader): PixelAspect | undefined {
  if (!bits.flag()) return undefined;
  const index = bits.bits(8);
  const [width, height] =
    index === extendedAspect ? [bits.bits(16), bits.bits(16)] : (pixelAspects[index - 1] ?? [0, 0]);
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/**
 * Reads the fields from overscan_info_present_flag to chroma_sample_loc_type_bottom_field. @returns undefined if the
 * stream does not describe its colours
 */
export function readColour(bits: BitReader): Colour | undefined {
  let colour: Colour | undefined;
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    bits.skip(3);
    const isFullRange = bits.flag();
    if (bits.flag()) {
      colour = { primaries: bits.bits(8), transfer: bits.bits(8), matrix: bits.bits(8), isFullRange };
    }
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  return colour;
}
