/** A movie of some keyframes of a recording: all that pictures of it are made from. */
import { buildMoof } from './build-moof.ts';
import type { SampleIndex } from './sample-index.ts';
import { spansOf } from './track-spans.ts';
import type { TrackTable } from './track-table.ts';

/** A keyframe of a recording's video. */
export interface Keyframe {
  /** When it is shown, in ticks of the track's timescale from the beginning of the clip. */
  readonly at: number;
  /** Where its bytes begin within all payload. */
  readonly position: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Chooses keyframes that are spread over the recording: the first one of each stretch of time.
 * @param leastSec the length of a stretch, if there are no more than `most` of them; otherwise it is longer
 * @returns in the order in which they are shown; none without video
 */
export function chooseKeyframes(index: SampleIndex, leastSec: number, most: number): Keyframe[] {
  const span = spansOf(index.tables).spans.find(({ table }) => table.track.kind === 'video');
  if (!span) return [];
  const { table, delay, mediaTime, ticks } = span;
  const stretch = Math.max(leastSec * table.track.timescale, (ticks + 1) / most);
  const begin = Math.round(delay * table.track.timescale) - mediaTime;
  const chosen = new Map<number, Keyframe>();
  for (const { time, ...place } of keyframesOf(table)) {
    const number = Math.min(most - 1, Math.max(0, Math.floor((time - mediaTime) / stretch)));
    if (!chosen.has(number)) chosen.set(number, { ...place, at: Math.max(0, begin + time) });
  }
  return [...chosen.values()].sort((a, b) => a.at - b.at);
}

function* keyframesOf(table: TrackTable) {
  const { sizes, durations, compositionOffsets, syncSamples, chunkPositions, chunkSamples } = table;
  let [decodeTime, sample, nextSync] = [0, 0, 0];
  for (let chunk = 0; chunk < chunkPositions.length; chunk++) {
    let position = chunkPositions.at(chunk);
    for (const end = sample + chunkSamples.at(chunk); sample < end; sample++) {
      const size = sizes.at(sample);
      if (nextSync < syncSamples.length && syncSamples.at(nextSync) === sample + 1) {
        nextSync++;
        yield { time: decodeTime + compositionOffsets.at(sample), position, size };
      }
      position += size;
      decodeTime += durations.at(sample);
    }
  }
}

/**
 * A fragmented MP4 of these keyframes, each shown at its time in the clip.
 * @param read the bytes of a keyframe
 */
export async function* keyframeMovie(
  { init }: SampleIndex,
  keyframes: readonly Keyframe[],
  read: (keyframe: Keyframe) => Promise<Buffer>,
): AsyncGenerator<Buffer> {
  const track = init.tracks.find(({ kind }) => kind === 'video')!;
  yield init.bytes;
  for (const [i, keyframe] of keyframes.entries()) {
    const { at, size } = keyframe;
    const duration = Math.min((keyframes[i + 1]?.at ?? at + track.timescale) - at, 2 ** 31);
    const samples = [{ size, duration, compositionOffset: 0, isSync: true }];
    const { moof, mdatHeader } = buildMoof([{ id: track.id, decodeTime: at, samples }]);
    yield moof;
    yield mdatHeader;
    yield await read(keyframe);
  }
}
