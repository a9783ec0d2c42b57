import { type SdpTrack as Described, parseSdp } from '../../rtsp/sdp.ts';

export interface SdpTrack extends Described {
  /** What a client appends to the stream's URL, or sends instead of it, to set this track up. */
  readonly control: string;
}

/** The tracks of a session description, in the order in which they are announced. */
export function parseTracks(sdp: string): SdpTrack[] {
  return parseSdp(sdp).tracks.map((track, index) => ({
    ...track,
    control: track.control ?? `streamid=${index}`,
  }));
}
