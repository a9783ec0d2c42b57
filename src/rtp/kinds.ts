import type { FootageMemory } from '../footage/memory.ts';
import type { AccessUnit } from '../footage/unit.ts';
import { AacDepacketizer, describedAac } from './aac.ts';
import { AacTrack } from './aac-track.ts';
import type { Depacketizer, Unsupported } from './depacketizer.ts';
import { readH264Payload } from './h264.ts';
import { H264Pictures } from './h264-pictures.ts';
import { readH265Payload } from './h265.ts';
import { H265Pictures } from './h265-pictures.ts';
import { describedLatm, LatmDepacketizer } from './latm.ts';
import { MpegAudioDepacketizer } from './mpeg-audio.ts';
import { NalDepacketizer } from './nal-depacketizer.ts';
import { PictureAssembler } from './pictures.ts';
import { PlainSoundDepacketizer, plainSound } from './plain-sound.ts';
import { SoundFrames } from './sound.ts';
import { describedSets } from './sprop.ts';

/** A track as its session description describes it. */
export interface TrackDescription {
  /** In upper case: `H264`, `MPEG4-GENERIC`. */
  readonly encoding: string;
  /** Ticks of the RTP timestamp per second. */
  readonly clockRate: number;
  readonly channels: number;
  /** Parameters by name in lower case. */
  readonly fmtp: ReadonlyMap<string, string>;
}

/**
 * Chooses what reads the payloads of a track. (Tracks in a codec that is not in codecs/list.ts are left out before, by
 * recording/feed/choose-tracks.ts.)
 * @returns why the track cannot be read, if it cannot
 */
export function createDepacketizer(
  track: TrackDescription,
  memory: FootageMemory,
  onUnit: (unit: AccessUnit) => void,
): Depacketizer | Unsupported {
  const { encoding, clockRate, channels, fmtp } = track;
  if (!(clockRate > 0)) return refused(`The camera announces ${encoding} without its clock rate.`);
  switch (encoding) {
    case 'H264': {
      if (fmtp.get('packetization-mode') === '2') return interleaved('H.264');
      const pictures = new H264Pictures(describedSets([fmtp.get('sprop-parameter-sets')]));
      return new NalDepacketizer(new PictureAssembler(pictures, memory, onUnit), readH264Payload);
    }
    case 'H265':
    case 'HEVC': {
      if (Number(fmtp.get('sprop-max-don-diff') ?? 0) > 0) return interleaved('H.265');
      const sets = ['sprop-vps', 'sprop-sps', 'sprop-pps'].map((name) => fmtp.get(name));
      const pictures = new H265Pictures(describedSets(sets));
      return new NalDepacketizer(new PictureAssembler(pictures, memory, onUnit), readH265Payload);
    }
  }
  const frames = () => new SoundFrames(memory, onUnit);
  switch (encoding) {
    case 'MPEG4-GENERIC': {
      const described = describedAac(fmtp.get('config'));
      return new AacDepacketizer(fmtp, new AacTrack(described, clockRate, channels, frames()));
    }
    case 'MP4A-LATM': {
      const multiplex = describedLatm(fmtp.get('config'));
      // The default is in-band (RFC 6416, 7.3), but cameras whose description has the configuration do not repeat it.
      const isInBand = (fmtp.get('cpresent') ?? (multiplex ? '0' : '1')) !== '0';
      return new LatmDepacketizer(
        multiplex,
        isInBand,
        new AacTrack(multiplex?.format, clockRate, channels, frames()),
      );
    }
    case 'MPA':
      return new MpegAudioDepacketizer(clockRate, frames());
  }
  const plain = plainSound(encoding, clockRate, channels);
  if (plain) return new PlainSoundDepacketizer(plain, frames());
  return refused(
    `The camera sends ${encoding || 'a track of unknown kind'}, which Flashback does not record.`,
  );
}

function refused(unsupported: string): Unsupported {
  return { unsupported, isForFfmpeg: false };
}

function interleaved(codec: string): Unsupported {
  const unsupported = `The camera sends ${codec} in interleaved packets, which Flashback does not read itself.`;
  return { unsupported, isForFfmpeg: true };
}
