/** A stretch of a spool that begins with a keyframe. */
export interface Segment {
  /** Where in the file, in bytes; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  /** When it begins and ends, in seconds of clip time. */
  readonly start: number;
  readonly end: number;
}

/**
 * The HLS playlist (RFC 8216) of a recording: fragmented MP4, all of it from its pre-roll on, so of the type EVENT.
 * @param startedAt wall-clock time of the clip's first frame, in epoch milliseconds
 * @param isOver nothing will be added any more
 */
export function hlsPlaylist(segments: readonly Segment[], startedAt: number, isOver: boolean): string {
  // A hole in the footage belongs to the segment before it: the durations add up to clip time.
  const durations = segments.map(({ start, end }, i) => (segments[i + 1]?.start ?? end) - start);
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-PLAYLIST-TYPE:EVENT',
    `#EXT-X-TARGETDURATION:${Math.max(1, ...durations.map(Math.round))}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-MAP:URI="init.mp4"',
    `#EXT-X-PROGRAM-DATE-TIME:${new Date(startedAt).toISOString()}`,
    ...durations.flatMap((duration, i) => [`#EXTINF:${duration.toFixed(3)},`, `${i}.m4s`]),
    ...(isOver ? ['#EXT-X-ENDLIST'] : []),
  ];
  return `${lines.join('\n')}\n`;
}
