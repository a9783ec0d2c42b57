/**
 * The video codecs that Flashback records; any other is refused (recording/feed/choose-tracks.ts; if ffmpeg reads the
 * camera, mp4/track-format.ts). `announcedAs`: the RTP encoding names in session descriptions, in upper case. If a
 * camera offers several videos, the largest picture is recorded.
 */
export const videoCodecs = {
  h264: { announcedAs: ['H264'] },
  h265: { announcedAs: ['H265', 'HEVC'] },
} as const;

/**
 * The sound codecs that Flashback records, in the order of preference. `inClips` says how sound gets into a clip.
 * COPIED: as it is, because MP4 holds it and browsers play it. ENCODED: as AAC, by the thread in recording/sound/.
 * DECODED: ffmpeg decodes it first, then the thread encodes it.
 */
export const soundCodecs = {
  aac: { announcedAs: ['MPEG4-GENERIC', 'MP4A-LATM'], inClips: 'COPIED' },
  opus: { announcedAs: ['OPUS'], inClips: 'COPIED' },
  pcmu: { announcedAs: ['PCMU'], inClips: 'ENCODED' },
  pcma: { announcedAs: ['PCMA'], inClips: 'ENCODED' },
  l16: { announcedAs: ['L16'], inClips: 'ENCODED' },
  g722: { announcedAs: ['G722'], inClips: 'DECODED' },
  g726: { announcedAs: ['G726-32'], inClips: 'DECODED' },
  mp3: { announcedAs: ['MPA'], inClips: 'DECODED' },
} as const;

export type VideoCodec = keyof typeof videoCodecs;
export type SoundCodec = keyof typeof soundCodecs;

/** The names by which cameras announce the codecs of a list, in its order. */
export const announcedNames = (
  codecs: Readonly<Record<string, { readonly announcedAs: readonly string[] }>>,
): readonly string[] => Object.values(codecs).flatMap(({ announcedAs }) => announcedAs);
