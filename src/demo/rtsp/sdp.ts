export interface SdpTrack {
  kind: 'video' | 'audio' | 'other';
  /** RTP encoding name in upper case, e.g. `H264`, `MPEG4-GENERIC`, `PCMU`. */
  encoding: string;
  /** Ticks of the RTP timestamp per second. */
  clockRate: number;
  /** What a client appends to the stream's URL, or sends instead of it, to set this track up. */
  control: string;
}

/** G.711 may be announced by its static payload type alone (RFC 3551, table 4). */
const STATIC_TYPES: Readonly<Record<string, { encoding: string; clockRate: number }>> = {
  '0': { encoding: 'PCMU', clockRate: 8000 },
  '8': { encoding: 'PCMA', clockRate: 8000 },
};

/** Reads the tracks out of a session description (RFC 4566), in the order in which they are announced. */
export function parseTracks(sdp: string): SdpTrack[] {
  const sections = sdp.split(/\r?\n(?=m=)/).slice(1);
  return sections.map((section, index) => {
    const [, media = '', payloadType = ''] = /^m=(\w+) \S+ \S+ (\d+)/.exec(section) ?? [];
    const rtpmap = /^a=rtpmap:\d+ ([^/\s]+)\/(\d+)/m.exec(section);
    const known = STATIC_TYPES[payloadType];
    return {
      kind: media === 'video' || media === 'audio' ? media : 'other',
      encoding: (rtpmap?.[1] ?? known?.encoding ?? '').toUpperCase(),
      clockRate: Number(rtpmap?.[2] ?? known?.clockRate ?? 90_000),
      control: /^a=control:(\S+)/m.exec(section)?.[1] ?? `streamid=${index}`,
    };
  });
}
