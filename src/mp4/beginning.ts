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

function shortenFirst(times: SampleTimes, usual: number | undefined): SampleTimes {
  const [first = 0, ...others] = times.durations;
  if (times.decodeTime !== 0 || usual === undefined || first <= usual) return times;
  return moved({ ...times, durations: [usual, ...others] }, first - usual);
}
