import type { SoundCodec, VideoCodec } from './list.ts';

/** What a track's access units are coded as. */
export type Format = VideoFormat | SoundFormat;

export interface VideoFormat {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  /** RFC 6381: `avc1.64001f`, `hvc1.1.6.L93.B0`. */
  readonly codecString: string;
  /** NAL units without start code and length, as the slices refer to them; vps is empty for H.264. */
  readonly vps: readonly Buffer[];
  readonly sps: readonly Buffer[];
  readonly pps: readonly Buffer[];
  /** Pixels of the picture that is shown (cropped). */
  readonly width: number;
  readonly height: number;
  /** Of a pixel; undefined where the stream does not say so. */
  readonly pixelAspect: { readonly width: number; readonly height: number } | undefined;
  /** How many pictures may come before one that is shown earlier; undefined where the stream does not say so. */
  readonly reorderDepth: number | undefined;
  /**
   * Codec, profile, size, chroma and bit depth as a text. Formats with the same key differ in their parameter sets at
   * most: see `followsInFile`.
   */
  readonly key: string;
  /** No parameter set stands in the stream: who decodes it has to have them from elsewhere. */
  readonly needsSets?: boolean;
}

/**
 * Whether pictures can go on in a file whose head has the format of others: one with the same key, and the same
 * parameter sets unless they stand in the stream.
 */
export function followsInFile(format: VideoFormat, head: VideoFormat): boolean {
  const setsOf = ({ vps, sps, pps }: VideoFormat) => Buffer.concat([...vps, ...sps, ...pps]);
  return format.key === head.key && (!format.needsSets || setsOf(format).equals(setsOf(head)));
}

export interface SoundFormat {
  readonly kind: 'sound';
  readonly codec: SoundCodec;
  /** RFC 6381 where MP4 can hold it: `mp4a.40.2`, `opus`; else the codec's name. */
  readonly codecString: string;
  readonly sampleRate: number;
  readonly channels: number;
  /** AudioSpecificConfig of AAC (ISO/IEC 14496-3, 1.6.2.1). */
  readonly config?: Buffer;
  /** Samples of an access unit where all have the same number: 1024 or 960 for AAC. */
  readonly unitSamples?: number;
  /** Two formats with the same key fit one file. */
  readonly key: string;
}
