import { type SdpTrack as Described, parseSdp } from '../../rtsp/sdp.ts';

export interface SdpTrack extends Described {
  /** What a client appends to the stream's URL, or uses instead of it, in the SETUP of this track. */
  readonly control: string;
}

/** The tracks of a session description, in the order of the description. */
export function parseTracks(sdp: string): SdpTrack[] {
  return parseSdp(sdp).tracks.map((track, index) => ({
    ...track,
    control: track.control ?? `streamid=${index}`,
  }));
}
