/** Reads the SPS of H.265 up to the video usability information, which is near its end (ISO/IEC 23008-2, 7.3.2.2). */
import { type BitReader, CodecError } from './bits.ts';
import { type Colour, type PixelAspect, readColour, readPixelAspect } from './video-usability.ts';

/** No decoder can hold more reference pictures than this. */
const mostReferences = 16;

/**
 * Reads the fields after sps_max_latency_increase_plus1 that describe the picture. Damaged ones count as absent.
 */
export function readH265Usability(
  bits: BitReader,
  orderCountBits: number,
): { pixelAspect: PixelAspect | undefined; colour: Colour | undefined } {
  let pixelAspect: PixelAspect | undefined;
  let colour: Colour | undefined;
  try {
    skipToUsability(bits, orderCountBits);
    if (bits.flag()) {
      pixelAspect = readPixelAspect(bits);
      colour = readColour(bits);
    }
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
  }
  return { pixelAspect, colour };
}

/** Skips the fields from log2_min_luma_coding_block_size_minus3 to strong_intra_smoothing_enabled_flag (7.3.2.2). */
function skipToUsability(bits: BitReader, orderCountBits: number): void {
  for (let i = 0; i < 6; i++) bits.ue();
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2);
  if (bits.flag()) {
    bits.skip(8);
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  skipReferenceSets(bits);
  if (bits.flag()) {
    const count = bits.ueUpTo(32, 'number of long-term pictures');
    bits.skip(count * (orderCountBits + 1));
  }
  bits.skip(2);
}

/** scaling_list_data (7.3.4) */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    const step = size === 3 ? 3 : 1;
    for (let matrix = 0; matrix < 6; matrix += step) {
      if (!bits.flag()) {
        bits.ue();
        continue;
      }
      if (size > 1) bits.se();
      for (let left = Math.min(64, 1 << (4 + 2 * size)); left > 0; left--) bits.se();
    }
  }
}

/** Skips every st_ref_pic_set (7.3.7). */
function skipReferenceSets(bits: BitReader): void {
  const count = bits.ueUpTo(64, 'number of reference picture sets');
  let pictures = 0;
  for (let set = 0; set < count; set++) {
    if (set > 0 && bits.flag()) {
      bits.skip(1);
      bits.ue();
      let used = 0;
      for (let i = 0; i <= pictures; i++) {
        const isUsed = bits.flag();
        if (isUsed || bits.flag()) used++;
      }
      pictures = used;
    } else {
      pictures = bits.ueUpTo(mostReferences, 'number of references');
      pictures += bits.ueUpTo(mostReferences, 'number of references');
      for (let i = 0; i < pictures; i++) {
        bits.ue();
        bits.skip(1);
      }
    }
  }
}
