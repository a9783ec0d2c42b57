/** A stretch of a spool that begins with a keyframe. */
export interface Segment {
  /** Byte offsets in the file; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  /** Where the segment begins and ends, in seconds of clip time. */
  readonly start: number;
  readonly end: number;
}

/**
 * The HLS playlist (RFC 8216) of a recording. It lists all fragmented MP4 from the pre-roll on, so it is of type
 * EVENT.
 * @param startedAt wall-clock time of the clip's first frame, in epoch milliseconds
 * @param isOver whether the recording is complete, so that nothing will be added
 */
export function hlsPlaylist(segments: readonly Segment[], startedAt: number, isOver: boolean): string {
  // A gap counts as part of the segment before it, so that the durations add up to clip time.
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
