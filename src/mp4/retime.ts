/** Fragments with other times: the payload stays as it is, the `moof` is written anew. */
import { Mp4Error } from './boxes.ts';
import { type FragmentHead, readHead } from './fragment.ts';
import type { Track } from './init-segment.ts';
import { moofOf } from './moof.ts';
import { readTrackFragments, type Sample, type TrackFragment } from './track-fragment.ts';

/** The times of one track's samples in a fragment, in ticks of its timescale. */
export interface SampleTimes {
  readonly decodeTime: number;
  readonly durations: readonly number[];
  readonly compositionOffsets: readonly number[];
}

/**
 * The fragment with the times that `change` makes of each track's. A decode time below 0 becomes 0, a duration
 * below a tick becomes a tick. Throws Mp4Error when `change` gives another number of samples.
 */
export function retime<Kind extends FragmentHead>(
  fragment: Kind,
  tracks: readonly Track[],
  change: (times: SampleTimes, track: Track) => SampleTimes,
): Kind {
  const { mdatShape } = fragment;
  const changed = read(fragment, tracks).map((part) => withTimes(part, change(timesOf(part), part.track)));
  return { ...fragment, ...readHead(moofOf(changed, mdatShape.headerBytes), mdatShape, tracks) };
}

/** The times of a fragment's samples, by track. */
export function sampleTimes(fragment: FragmentHead, tracks: readonly Track[]): Map<Track['id'], SampleTimes> {
  return new Map(read(fragment, tracks).map((part) => [part.track.id, timesOf(part)]));
}

/** The times moved by `ticks`. */
export function moved(times: SampleTimes, ticks: number): SampleTimes {
  return ticks === 0 ? times : { ...times, decodeTime: times.decodeTime + ticks };
}

/** The times made longer by `factor`, with the first sample decoded at `decodeTime` ticks. */
export function stretched(times: SampleTimes, factor: number, decodeTime: number): SampleTimes {
  // Rounded as sums, or the error of each sample would add up over the fragment.
  let media = 0;
  let written = 0;
  const durations = times.durations.map((duration) => {
    media += duration;
    const rounded = Math.round(media * factor) - written;
    written += rounded;
    return rounded;
  });
  const compositionOffsets = times.compositionOffsets.map((offset) => Math.round(offset * factor));
  return { decodeTime: Math.round(decodeTime), durations, compositionOffsets };
}

/** The middle one of these durations by size; undefined where there is none. */
export function usualDuration(durations: readonly number[]): number | undefined {
  return [...durations].sort((a, b) => a - b)[Math.floor(durations.length / 2)];
}

const read = ({ moof, mdatShape }: FragmentHead, tracks: readonly Track[]) =>
  readTrackFragments(moof, tracks, mdatShape);

function timesOf({ decodeTime, chunks }: TrackFragment): SampleTimes {
  const samples = chunks.flatMap((chunk) => chunk.samples);
  return {
    decodeTime,
    durations: samples.map((sample) => sample.duration),
    compositionOffsets: samples.map((sample) => sample.compositionOffset),
  };
}

function withTimes(part: TrackFragment, times: SampleTimes): TrackFragment {
  let i = 0;
  const retimed = (sample: Sample): Sample => {
    const duration = times.durations[i];
    const compositionOffset = times.compositionOffsets[i++];
    if (duration === undefined || compositionOffset === undefined) {
      throw new Mp4Error(`Expected the times of every sample of track ${part.track.id}, got ${i - 1}.`);
    }
    return { ...sample, duration: Math.max(1, duration), compositionOffset };
  };
  const chunks = part.chunks.map((chunk) => ({ ...chunk, samples: chunk.samples.map(retimed) }));
  return { ...part, decodeTime: Math.max(0, times.decodeTime), chunks };
}
