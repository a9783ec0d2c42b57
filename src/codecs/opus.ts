/** Opus: RFC 6716 (the codec), RFC 7587 (in RTP). */
import type { SoundFormat } from './format.ts';

/** The rate of timestamps, also in MP4, whatever rate the encoder was given (RFC 7587, 4.1). */
export const opusRate = 48_000;

/**
 * @param channels 2 fits all sound, because a decoder can make two channels of mono (RFC 7587, 7.1); 1 only if all is
 *   mono
 */
export function opusFormat(channels = 2): SoundFormat {
  return {
    kind: 'sound',
    codec: 'opus',
    codecString: 'opus',
    sampleRate: opusRate,
    channels,
    config: undefined,
    unitSamples: undefined,
    key: `opus ${channels}`,
  };
}

/**
 * Samples per frame at 48 kHz. The lowest bits of `config` choose one: two bits for SILK and CELT, one bit for hybrid
 * (RFC 6716, 3.1, table 2).
 */
const silkSamples = [480, 960, 1920, 2880];
const hybridSamples = [480, 960];
const celtSamples = [120, 240, 480, 960];
const longestPacket = 5760;

/** How many samples at 48 kHz an Opus packet holds; 0 if it is no Opus packet. */
export function opusSamples(buffer: Buffer, from: number, to: number): number {
  if (to <= from) return 0;
  const toc = buffer[from]!;
  const config = toc >> 3;
  const frame =
    config < 12
      ? silkSamples[config & 3]!
      : config < 16
        ? hybridSamples[config & 1]!
        : celtSamples[config & 3]!;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : to - from > 1 ? buffer[from + 1]! & 0x3f : 0;
  const samples = frame * frames;
  return samples <= longestPacket ? samples : 0;
}
