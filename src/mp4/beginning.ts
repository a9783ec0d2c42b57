/** The beginning of a session, which ffmpeg does not write as it was. */
import type { FragmentHead } from './fragment.ts';
import type { Track } from './init-segment.ts';
import { moved, retime, type SampleTimes, sampleTimes, usualDuration } from './retime.ts';

/**
 * Where the init segment is written before the first sample (`empty_moov`), ffmpeg lets every track begin at 0
 * and makes the first sample of a track that came later last until its second one: a picture that seems to
 * stand still for up to a keyframe interval, and that was taken only at the end of it. This gives the sample the
 * duration that is usual in its track and moves its beginning by the difference, so that it ends where it ended.
 * @param fragments the first fragments of a session that are kept, in order: two tell the usual duration
 */
export function mendBeginning<Kind extends FragmentHead>(
  fragments: readonly Kind[],
  tracks: readonly Track[],
): Kind[] {
  const times = fragments.map((fragment) => sampleTimes(fragment, tracks));
  const usual = new Map(
    tracks.map(({ id }) => {
      const others = times.flatMap((byTrack) => {
        const it = byTrack.get(id);
        return it?.durations.slice(it.decodeTime === 0 ? 1 : 0) ?? [];
      });
      return [id, usualDuration(others)];
    }),
  );
  return fragments.map((fragment) => {
    const begins = fragment.runs.some((run) => run.decodeTime === 0);
    if (!begins) return fragment;
    return retime(fragment, tracks, (times, track) => shortenFirst(times, usual.get(track.id)));
  });
}

/** Pictures that others are shown before (B-frames) are shown up to some four pictures after they are decoded, no later. */
const reordered = 5;

function shortenFirst(times: SampleTimes, usual: number | undefined): SampleTimes {
  const { decodeTime, durations, compositionOffsets } = times;
  if (decodeTime !== 0 || usual === undefined || durations.length === 0) return times;
  // While ffmpeg still looks at the stream it decodes pictures from 0 on, and shows all but the first of them when they
  // were taken: then the last of them is the one that lasts too long.
  const longest = durations.indexOf(Math.max(...durations));
  const isShownLate = (i: number) => i > 0 && compositionOffsets[i]! > durations[longest]! - 2 * usual;
  const isOffset = durations[longest]! > reordered * usual && isShownLate(longest);
  const late = isOffset ? longest : 0;
  const excess = durations[late]! - usual;
  if (excess <= 0) return times;
  const shortened = {
    decodeTime,
    durations: durations.map((ticks, i) => (i === late ? usual : ticks)),
    compositionOffsets: compositionOffsets.map((ticks, i) =>
      isOffset && i <= late && isShownLate(i) ? Math.max(0, ticks - excess) : ticks,
    ),
  };
  return moved(shortened, excess);
}
