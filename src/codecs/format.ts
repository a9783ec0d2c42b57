import type { SoundCodec, VideoCodec } from './list.ts';

/** How a track's access units are coded. */
export type Format = VideoFormat | SoundFormat;

export interface VideoFormat {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  /** RFC 6381: `avc1.64001f`, `hvc1.1.6.L93.B0`. */
  readonly codecString: string;
  /** The parameter sets that the slices refer to: NAL units without start code and length. `vps` is empty for H.264. */
  readonly vps: readonly Buffer[];
  readonly sps: readonly Buffer[];
  readonly pps: readonly Buffer[];
  /** Pixels of the picture that is shown (cropped). */
  readonly width: number;
  readonly height: number;
  /** Width to height of a pixel; undefined if the stream does not say it. */
  readonly pixelAspect: { readonly width: number; readonly height: number } | undefined;
  /** How many pictures may come before one that is shown earlier; undefined if the stream does not say it. */
  readonly reorderDepth: number | undefined;
  /**
   * Codec, profile, size, chroma and bit depth as a text. Two formats with the same key differ at most in their
   * parameter sets: see `followsInFile`.
   */
  readonly key: string;
  /** Whether the stream itself holds no parameter sets: a decoder has to get them from elsewhere. */
  readonly needsSets: boolean;
}

/**
 * Whether pictures of a format can be added to a file whose head describes the format `head`. Both formats must have
 * the same key and, unless the stream holds the parameter sets, the same parameter sets.
 */
export function followsInFile(format: VideoFormat, head: VideoFormat): boolean {
  if (format === head) return true;
  const setsOf = ({ vps, sps, pps }: VideoFormat) => Buffer.concat([...vps, ...sps, ...pps]);
  return format.key === head.key && (!format.needsSets || setsOf(format).equals(setsOf(head)));
}

export interface SoundFormat {
  readonly kind: 'sound';
  readonly codec: SoundCodec;
  /** RFC 6381 if MP4 can hold it: `mp4a.40.2`, `opus`. Otherwise the codec's name. */
  readonly codecString: string;
  readonly sampleRate: number;
  readonly channels: number;
  /** AudioSpecificConfig of AAC (ISO/IEC 14496-3, 1.6.2.1). */
  readonly config: Buffer | undefined;
  /** Samples of an access unit, if all have the same number: 1024 or 960 for AAC. */
  readonly unitSamples: number | undefined;
  /** Formats with the same key fit one file. */
  readonly key: string;
}
