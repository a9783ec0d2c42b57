/** Fragments made by hand, in forms that no encoder writes on demand. */
import { box, fullBox, u32, u64 } from '../../../src/mp4/boxes.ts';
import { type Fragment, parseFragment } from '../../../src/mp4/fragment.ts';
import type { Track } from '../../../src/mp4/init-segment.ts';
import { shiftFragment } from './shift-fragment.ts';

export interface SyntheticMoof {
  trackId: number;
  decodeTime: number;
  /** Version of the decode time's box. */
  version?: number;
  /** Duration, size and composition offset of each sample. The first is a keyframe. */
  samples: [number, number, number?][];
}

/** A moof with one track, whose samples fill the next mdat from its first byte on. */
export function syntheticMoof({ trackId, decodeTime, version = 1, samples }: SyntheticMoof): Buffer {
  const write = (dataOffset: number) =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(1)),
      box(
        'traf',
        fullBox('tfhd', 0, 0x20020, u32(trackId, 0x10000)),
        fullBox('tfdt', version, 0, version === 0 ? u32(decodeTime) : u64(decodeTime)),
        fullBox(
          'trun',
          1,
          0xb05,
          u32(samples.length, dataOffset, 0),
          ...samples.map(([duration, size, offset = 0]) => u32(duration, size, offset)),
        ),
      ),
    );
  return write(write(0).length + 8);
}

/** The fragment with all its tracks shifted by the same time. */
export function movedBySeconds(fragment: Fragment, tracks: Track[], seconds: number): Fragment {
  const offsets = new Map(tracks.map(({ id, timescale }) => [id, Math.round(seconds * timescale)]));
  return parseFragment(shiftFragment(fragment, offsets), fragment.mdat, tracks);
}
