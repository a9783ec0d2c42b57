/** Writing a `moof`: ISO/IEC 14496-12, 8.8. */
import { box, fullBox, u32, u64 } from './boxes.ts';
import type { Chunk, TrackFragment } from './track-fragment.ts';

/** Sample flags (8.8.3.1): depends on no other sample; depends on others and is no sync sample. */
const SYNC = 0x2000000;
const NON_SYNC = 0x1010000;
/** `tfhd`: default-base-is-moof. `trun`: an offset of its own, and for each sample all four fields. */
const BASE_IS_MOOF = 0x20000;
const ALL_FIELDS = 0xf01;

/** The `moof` of a fragment that has these samples; chunk positions count from the payload's first byte. */
export function moofOf(parts: readonly TrackFragment[], mdatHeaderBytes: number): Buffer {
  const write = (payloadAt: number) =>
    box('moof', fullBox('mfhd', 0, 0, u32(1)), ...parts.map((part) => trafOf(part, payloadAt)));
  return write(write(0).length + mdatHeaderBytes);
}

function trafOf({ track, decodeTime, chunks }: TrackFragment, payloadAt: number): Buffer {
  return box(
    'traf',
    fullBox('tfhd', 0, BASE_IS_MOOF, u32(track.id)),
    fullBox('tfdt', 1, 0, u64(decodeTime)),
    ...chunks.map((chunk) => trunOf(chunk, payloadAt)),
  );
}

/** Version 1: composition offsets may be negative (8.8.8.2). */
function trunOf({ position, samples }: Chunk, payloadAt: number): Buffer {
  const fields = samples.flatMap(({ duration, size, isSync, compositionOffset }) => [
    duration,
    size,
    isSync ? SYNC : NON_SYNC,
    compositionOffset,
  ]);
  return fullBox('trun', 1, ALL_FIELDS, u32(samples.length, payloadAt + position, ...fields));
}
