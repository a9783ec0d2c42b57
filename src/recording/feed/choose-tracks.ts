import { announcedNames, soundCodecs, videoCodecs } from '../../codecs/list.ts';
import type { RtspTrack } from '../../rtsp/session.ts';

const pictures = announcedNames(videoCodecs);
const sounds = announcedNames(soundCodecs);

export interface ChosenTracks {
  readonly video: RtspTrack;
  readonly sound: RtspTrack | undefined;
}

/**
 * Chooses the tracks that are recorded: the largest picture in a codec of the list (codecs/list.ts), and the sound
 * whose codec comes first in it. A backchannel is never chosen: a track marked `sendonly` is a backchannel if another
 * track of its kind is not marked. (Some cameras mark all.)
 * @returns no video if a clip can hold none of the tracks
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

/** The names by which people know video formats that cameras announce under another name. */
const usualNames: Readonly<Record<string, string>> = {
  JPEG: 'MJPEG',
  'MP4V-ES': 'MPEG-4 Part 2',
  MPV: 'MPEG-1 or MPEG-2',
  H261: 'H.261',
  H263: 'H.263',
  'H263-1998': 'H.263',
  'H263-2000': 'H.263',
};

/** Why none of the tracks can be recorded, as a sentence. */
export function whyNoVideo(tracks: readonly RtspTrack[]): string {
  const offered = tracks
    .filter(({ kind }) => kind === 'video')
    .map(({ encoding }) => usualNames[encoding] ?? encoding);
  return offered.length === 0
    ? 'The camera sends no video.'
    : `The camera sends ${offered.join(' and ')}, which Flashback does not record; set it to H.264 or H.265.`;
}
