/** The samples of a fragment that ffmpeg wrote, as access units. */
import type { Fragment } from './fragment.ts';
import type { Track } from './init-segment.ts';
import { readTrackFragments } from './track-fragment.ts';

export interface FragmentUnit {
  readonly trackId: number;
  /**
   * Where the sample's bytes lie in the mdat, counted from the first byte of its header. The pieces in `Fragment.mdat`
   * are one after the other.
   */
  readonly from: number;
  readonly to: number;
  /** When the sample is decoded, in ticks of the track's timescale. */
  readonly decodeTime: number;
  /** How long the sample lasts, in the same ticks. */
  readonly duration: number;
  /** Ticks from decoding to showing; may be negative. */
  readonly compositionOffset: number;
  readonly isSync: boolean;
}

/** The fragment's samples, track by track, in the order in which they are decoded. */
export function unitsOf(fragment: Fragment, tracks: readonly Track[]): FragmentUnit[] {
  const { moof, mdatShape } = fragment;
  const units: FragmentUnit[] = [];
  for (const { track, decodeTime: first, chunks } of readTrackFragments(moof, tracks, mdatShape)) {
    let decodeTime = first;
    for (const { position, samples } of chunks) {
      let from = mdatShape.headerBytes + position;
      for (const { size, duration, compositionOffset, isSync } of samples) {
        const to = from + size;
        units.push({ trackId: track.id, from, to, decodeTime, duration, compositionOffset, isSync });
        decodeTime += duration;
        from = to;
      }
    }
  }
  return units;
}
