/** The `moov` of a progressive file, made from the init segment's own and the sample index. */
import { type Box, box, children, findBox, fullBox, requireBox, u32, u64 } from './boxes.ts';
import { clipSampleDescription } from './clip-sample-entry.ts';
import { withDuration } from './header-duration.ts';
import { readTrackId } from './init-segment.ts';
import type { SampleIndex } from './sample-index.ts';
import { sampleTableBox } from './sample-tables.ts';
import { spansOf, type TrackSpan } from './track-spans.ts';

/** The least timescale: ticks so short that nobody sees or hears the error. */
const minMovieTimescale = 10_000;

/**
 * The `moov` box for a file in which the indexed payloads follow each other from byte `payloadOffset` on. Its length
 * may depend on that offset (`co64` beyond 4 GiB). So a caller that puts the box in front of the payload has to call
 * this until the offset is stable (fastStartHead). Tracks without samples are left out, and so is `mvex`, which
 * announces fragments.
 */
export function movieBox(index: SampleIndex, payloadOffset: number): Buffer {
  const { bytes } = index.init;
  const moov = findBox(bytes, ['moov'])!;
  const timeline = spansOf(index.tables);
  const timescale = movieTimescale(index);
  const parts: Buffer[] = [];
  for (const child of children(bytes, moov)) {
    if (child.type === 'mvhd') {
      parts.push(withDuration(bytes, child, movieDuration(timeline.spans, timescale), timescale));
    } else if (child.type === 'trak') {
      const id = readTrackId(bytes, requireBox(bytes, child, 'tkhd'));
      const span = timeline.spans.find(({ table }) => table.track.id === id);
      if (span) parts.push(trackBox(bytes, child, span, timescale, payloadOffset));
    } else if (child.type !== 'mvex') {
      parts.push(whole(bytes, child));
    }
  }
  return box('moov', ...parts);
}

/** The movie's timescale: a multiple of the video's, in which its edits are exact, and at least `minMovieTimescale`. */
function movieTimescale(index: SampleIndex): number {
  const { tracks } = index;
  const timescale =
    (tracks.find(({ kind }) => kind === 'video') ?? tracks[0])?.timescale ?? minMovieTimescale;
  return timescale * Math.ceil(minMovieTimescale / timescale);
}

/** The movie lasts as long as its longest track (8.2.2.3). Each track's length is rounded to a tick first. */
function movieDuration(spans: readonly TrackSpan[], movieTimescale: number): number {
  const edits = spans.map((span) => editOf(span, movieTimescale));
  return Math.max(0, ...edits.map(({ delay, shown }) => delay + shown));
}

/** How long a track waits and how long it is then shown, in ticks of the movie. */
function editOf(span: TrackSpan, movieTimescale: number): { delay: number; shown: number } {
  return {
    delay: Math.round(span.delay * movieTimescale),
    // Rounded up: otherwise the edit would end before its last sample does.
    shown: Math.ceil((span.ticks * movieTimescale) / span.table.track.timescale),
  };
}

function trackBox(
  buf: Buffer,
  trak: Box,
  span: TrackSpan,
  movieTimescale: number,
  payloadOffset: number,
): Buffer {
  const { delay, shown } = editOf(span, movieTimescale);
  const parts: Buffer[] = [];
  for (const child of children(buf, trak)) {
    if (child.type === 'tkhd')
      parts.push(withDuration(buf, child, delay + shown), ...edits(span, delay, shown));
    else if (child.type === 'mdia') parts.push(mediaBox(buf, child, span, payloadOffset));
    else if (child.type !== 'edts') parts.push(whole(buf, child));
  }
  return box('trak', ...parts);
}

/**
 * The edit list (8.6.5, 8.6.6): an empty edit while only other tracks are shown, then the track from its first shown
 * sample on. A track needs none if it is shown from the beginning, and exactly as long as the durations of its samples
 * say. If the last picture is shown later than it is decoded, the track is longer than that.
 */
function edits({ mediaTime, ticks, table }: TrackSpan, delay: number, shown: number): Buffer[] {
  if (delay === 0 && mediaTime === 0 && ticks === table.decodeEnd) return [];
  const version = Math.max(delay, shown, mediaTime) > 0x7fffffff ? 1 : 0;
  const time = version === 0 ? u32 : u64;
  const normalRate = u32(0x10000);
  const entries = [Buffer.concat([time(shown), time(mediaTime), normalRate])];
  if (delay > 0) {
    const empty = version === 0 ? u32(-1) : u32(-1, -1);
    entries.unshift(Buffer.concat([time(delay), empty, normalRate]));
  }
  return [box('edts', fullBox('elst', version, 0, u32(entries.length), ...entries))];
}

function mediaBox(buf: Buffer, mdia: Box, { table }: TrackSpan, payloadOffset: number): Buffer {
  const parts = [...children(buf, mdia)].map((child) => {
    if (child.type === 'mdhd') return withDuration(buf, child, table.decodeEnd);
    if (child.type !== 'minf') return whole(buf, child);
    const { sampleDescription } = clipSampleDescription(table.track);
    const information = [...children(buf, child)].map((part) =>
      part.type === 'stbl' ? sampleTableBox(table, sampleDescription, payloadOffset) : whole(buf, part),
    );
    return box('minf', ...information);
  });
  return box('mdia', ...parts);
}

function whole(buf: Buffer, { start, end }: Box): Buffer {
  return buf.subarray(start, end);
}
