import { announcedNames, soundCodecs, videoCodecs } from '../../codecs/list.ts';
import type { RtspTrack } from '../../rtsp/session.ts';

const pictures = announcedNames(videoCodecs);
const sounds = announcedNames(soundCodecs);

export interface ChosenTracks {
  readonly video: RtspTrack;
  readonly sound: RtspTrack | undefined;
}

/**
 * The video and the sound that are recorded: H.264 or H.265 and the larger picture first, never a backchannel. A track
 * that is marked as sent only is a backchannel where another of its kind is not marked; some cameras mark all.
 * @returns undefined for the video, with what is offered instead, where a clip can hold none
 */
export function chooseTracks(tracks: readonly RtspTrack[]): Partial<ChosenTracks> {
  const ofKind = (kind: RtspTrack['kind']) => {
    const all = tracks.filter((track) => track.kind === kind);
    const received = all.filter((track) => !track.isSendOnly);
    return received.length > 0 ? received : all;
  };
  const size = ({ width = 0, height = 0 }: RtspTrack) => width * height;
  const [video] = ofKind('video')
    .filter(({ encoding }) => pictures.includes(encoding))
    .sort((a, b) => size(b) - size(a));
  const rank = ({ encoding }: RtspTrack) => sounds.indexOf(encoding);
  const [sound] = ofKind('audio')
    .filter((track) => rank(track) >= 0)
    .sort((a, b) => rank(a) - rank(b));
  return { ...(video && { video }), ...(sound && { sound }) };
}
