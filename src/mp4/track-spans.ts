/** When the tracks of a recording are shown, relative to each other and to the recording's beginning. */
import type { TrackTable } from './track-table.ts';

export interface TrackSpans {
  /** From the beginning of the first track shown to the end of the last. */
  seconds: number;
  spans: TrackSpan[];
}

/** The part of a track that is shown. */
export interface TrackSpan {
  table: TrackTable;
  /** Seconds from the beginning of the recording until the track is shown. */
  delay: number;
  /** The media time shown first, in ticks from the track's first sample. */
  mediaTime: number;
  /** How long the track is shown, in ticks. */
  ticks: number;
}

/**
 * When each track begins and how long it is shown. The earliest track begins at 0, and the distances between the tracks
 * stay. A track begins with the sample that is *shown* first; with B-frames, that is not the sample that is decoded
 * first. Samples that the init segment's edit list puts before zero (an audio encoder's priming) are not shown.
 */
export function spansOf(tables: readonly TrackTable[]): TrackSpans {
  const shown = tables.map((table) => {
    const { timescale, presentationShift } = table.track;
    const begin = table.firstDecodeTime + table.earliest + presentationShift;
    const hidden = Math.max(0, -begin);
    const mediaTime = Math.max(0, table.earliest + hidden);
    const ticks = Math.max(0, table.latest - mediaTime);
    return { table, mediaTime, ticks, from: (begin + hidden) / timescale };
  });
  if (shown.length === 0) return { seconds: 0, spans: [] };
  const zero = Math.min(...shown.map(({ from }) => from));
  const spans = shown.map(({ from, ...span }) => ({ ...span, delay: from - zero }));
  return { seconds: Math.max(...spans.map(endOf)), spans };
}

function endOf({ delay, ticks, table }: TrackSpan): number {
  return delay + ticks / table.track.timescale;
}
