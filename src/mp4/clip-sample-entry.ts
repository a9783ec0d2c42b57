/** H.265 in MP4: ISO/IEC 14496-15, chapter 8. */
import { type Box, boxes, children, Mp4Error } from './boxes.ts';
import { Cursor } from './cursor.ts';
import type { Track } from './init-segment.ts';

/** NAL unit types of ISO/IEC 23008-2, table 7-1: video, sequence and picture parameter sets. */
const parameterSets = [32, 33, 34];
const arrayComplete = 0x80;
const visualEntryFieldBytes = 78;

/**
 * The track's `stsd` and codec string in the clip: those of the init segment, but with `hvc1` instead of `hev1`, which
 * Apple's players do not show. That is allowed only if the entry itself holds the parameter sets (8.4.1.1). ffmpeg's
 * `-tag:v hvc1` does the same.
 */
export function clipSampleDescription(track: Track): Pick<Track, 'sampleDescription' | 'codec'> {
  const { sampleDescription, codec } = track;
  const [stsd] = boxes(sampleDescription);
  const entries = stsd ? [...children(sampleDescription, stsd, 8)] : [];
  const entry = entries[0];
  if (entry?.type !== 'hev1' || entries.length > 1) return { sampleDescription, codec };
  const arrays = parameterSetArrays(sampleDescription, entry);
  if (!parameterSets.every((type) => arrays.some((array) => array.type === type))) {
    return { sampleDescription, codec };
  }
  const renamed = Buffer.from(sampleDescription);
  renamed.write('hvc1', entry.start + 4, 'latin1');
  // In `hvc1` the entry must hold all parameter sets there are, and must say so (8.4.1.1.3).
  for (const { at, type } of arrays) renamed[at] = arrayComplete | type;
  return { sampleDescription: renamed, codec: codec.replace('hev1', 'hvc1') };
}

/**
 * The non-empty parameter set arrays of the entry's `hvcC` (8.3.3.1): where their first byte is, and their
 * type.
 */
function parameterSetArrays(stsd: Buffer, entry: Box): { at: number; type: number }[] {
  const fields = new Cursor(stsd, configurationOf(stsd, entry));
  fields.skip(22);
  const arrays: { at: number; type: number }[] = [];
  for (let left = fields.u8(); left > 0; left--) {
    const at = fields.at;
    const type = fields.u8() & 0x3f;
    const units = fields.u16();
    for (let unit = 0; unit < units; unit++) fields.skip(fields.u16());
    if (units > 0 && parameterSets.includes(type)) arrays.push({ at, type });
  }
  return arrays;
}

function configurationOf(stsd: Buffer, entry: Box): Box {
  for (const child of children(stsd, entry, visualEntryFieldBytes)) {
    if (child.type === 'hvcC') return child;
  }
  throw new Mp4Error("Sample entry 'hev1' has no 'hvcC' that describes the codec.");
}
